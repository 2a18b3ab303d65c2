import type { Policy } from './policy.ts';

/** What the gate leaves for ResumeDeployments when it stops a deployment. */
export interface GateStop {
  /** The pipeline execution where the policy says it, else the job: what a record is found by. */
  readonly id: string;
  readonly jobId: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly policy: Policy;
  /** Why, in the words of the action's failure. */
  readonly reason: string;
}

// In the job's external execution id and at the end of its message, so that whoever sees the failed action, be it by
// event or by GetPipelineState, knows which gate stopped it.
const markerShape = /groundcrew-health-gate\/([\w-]{1,100})\/([\w-]{1,100})/;

export function formatMarker({ id, jobId }: Pick<GateStop, 'id' | 'jobId'>): string {
  return `groundcrew-health-gate/${id}/${jobId}`;
}

/** The record that a text with a marker names. */
export function parseMarker(
  ...texts: readonly (string | undefined)[]
): Pick<GateStop, 'id' | 'jobId'> | undefined {
  for (const text of texts) {
    const [, id, jobId] = markerShape.exec(text ?? '') ?? [];
    if (id !== undefined && jobId !== undefined) return { id, jobId };
  }
  return undefined;
}
