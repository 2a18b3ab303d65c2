import { describeStage } from '../aws/codepipeline.ts';
import { findStops } from '../aws/gate-table.ts';
import type { ResumeContext } from '../context.ts';
import type { ActionState } from '../domain/resume-decision.ts';
import { type GateStop, parseMarker } from '../domain/stop-marker.ts';
import type { FailedAction } from './event.ts';

/** A gate saves its stop just before it fails the action, and the event follows within moments. */
const SAME_FAILURE_MS = 60_000;
/** CodePipeline truncates long texts, and the marker is at the end. */
const MAY_BE_TRUNCATED = 500;

export type GateStopMatch = GateStop | 'not ours' | 'no record';

/**
 * Finds the stop that the gate saved for a failed action. AWS does not guarantee that the event contains the gate's
 * marker, so without a marker we query the stops of the execution. Most failed Lambda actions are not gates: they cost
 * one query, or also one read of the pipeline if the event has no result.
 */
export async function findGateStop(context: ResumeContext, action: FailedAction): Promise<GateStopMatch> {
  const { externalId, summary } = action;
  if (parseMarker(externalId, summary)) return findNamedStop(context, [externalId, summary]);
  const hasFullResult = externalId || (summary && summary.length < MAY_BE_TRUNCATED);
  const stops = await findStopsNear(context, action);
  if (hasFullResult && stops.length === 0) return 'not ours';
  const { others, own } = await readActionTexts(context, action);
  if (parseMarker(...own)) return findNamedStop(context, own);
  // Another action may fail at the same moment as the gate: skip stops whose marker is on another action.
  return stops.find(({ jobId }) => !others.includes(jobId)) ?? 'not ours';
}

async function findNamedStop(
  { config, invocation }: ResumeContext,
  texts: readonly (string | undefined)[],
): Promise<GateStopMatch> {
  const named = parseMarker(...texts);
  const [stop] = named ? await findStops(config.gateTable, named, invocation.signal) : [];
  return stop ?? 'no record';
}

/** Texts of the failed run (empty if the action ran again), and the jobs in the markers of the other actions. */
async function readActionTexts(
  { invocation }: ResumeContext,
  failed: FailedAction,
): Promise<{ readonly own: readonly string[]; readonly others: readonly string[] }> {
  const pipeline = await describeStage(failed, invocation.signal);
  const actions = pipeline?.stage?.actions ?? [];
  const isOwn = ({ executionId }: ActionState): boolean => executionId === failed.actionExecutionId;
  return {
    own: actions.find(isOwn)?.texts ?? [],
    others: actions.flatMap((run) => (isOwn(run) ? [] : (parseMarker(...run.texts)?.jobId ?? []))),
  };
}

/** Only stops of the same moment: a gate may have stopped the execution earlier, and now something else failed. */
async function findStopsNear(
  { config, invocation }: ResumeContext,
  failed: FailedAction,
): Promise<readonly GateStop[]> {
  const stops = await findStops(config.gateTable, { id: failed.executionId }, invocation.signal);
  return stops.filter(({ at }) => Math.abs(at - failed.time) <= SAME_FAILURE_MS);
}
