import type { GateParameters, Policy } from './policy.ts';

/** What the gate saves for ResumeDeployments when it stops a deployment. */
export interface GateStop {
  /** The record's key: the pipeline execution if the policy has `executionId`, else the job. */
  readonly id: string;
  readonly jobId: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly policy: Policy;
  /** Where the policy came from, if from a parameter. */
  readonly source?: GateParameters | undefined;
  /** The failure message of the action. */
  readonly reason: string;
}

/** What the gate saves for FollowIncidents when it lets a deployment through. */
export type GatePass = Omit<GateStop, 'reason'>;

// Written into the job's external execution id and at the end of its message, so that the event of the action and
// GetPipelineState both show which gate decided. A pass has it only in the external execution id.
const markerShape = /groundcrew-health-gate\/([\w-]{1,100})\/([\w-]{1,100})/;

export function formatMarker({ id, jobId }: Pick<GateStop, 'id' | 'jobId'>): string {
  return `groundcrew-health-gate/${id}/${jobId}`;
}

/** The key of the saved stop, from the first text that contains a marker. */
export function parseMarker(
  ...texts: readonly (string | undefined)[]
): Pick<GateStop, 'id' | 'jobId'> | undefined {
  for (const text of texts) {
    const [, id, jobId] = markerShape.exec(text ?? '') ?? [];
    if (id !== undefined && jobId !== undefined) return { id, jobId };
  }
  return undefined;
}

/** CodePipeline's limit for an external execution id. */
const MAX_ID_LENGTH = 1500;

/**
 * A marker with the pass itself, for a pass that could not be saved. It holds the policy as it is now, so no source.
 *
 * @returns undefined if it is too long
 */
export function formatUnsavedPass({ at, policy, ...key }: GatePass): string | undefined {
  const text = `${formatMarker(key)} ${JSON.stringify({ at, policy })}`;
  return text.length <= MAX_ID_LENGTH ? text : undefined;
}

/** The text after the marker of `formatUnsavedPass`; not validated. */
export function unsavedPassText(externalId: string | undefined): string | undefined {
  return /^groundcrew-health-gate\/\S+ (\{.*\})$/s.exec(externalId ?? '')?.[1];
}
