import { describeStage } from '../aws/codepipeline.ts';
import { findStops } from '../aws/gate-table.ts';
import type { ResumeContext } from '../context.ts';
import type { ActionState } from '../domain/resume-decision.ts';
import { type GateStop, parseMarker } from '../domain/stop-marker.ts';
import type { FailedAction } from './event.ts';

/** A gate writes its record just before it fails the action, of which the event tells moments later. */
const SAME_FAILURE_MS = 60_000;
/** CodePipeline cuts long texts, and a gate's marker stands at their end. */
const MAY_BE_TRUNCATED = 500;

export type GateStopMatch = GateStop | 'not ours' | 'no record';

/**
 * Finds what the gate wrote down about a failed action. A gate leaves its marker in the result, but AWS does not promise
 * that it shows a Lambda action's, or all of it: where it is missing, the gate's records of the execution are asked.
 * Most failed Lambda actions are none of a gate, and cost that one call, or a look into the pipeline where the event has
 * no result.
 */
export async function findGateStop(round: ResumeContext, action: FailedAction): Promise<GateStopMatch> {
  const { externalId, summary } = action;
  if (parseMarker(externalId, summary)) return findNamedStop(round, [externalId, summary]);
  const saysMuch = externalId || (summary && summary.length < MAY_BE_TRUNCATED);
  const stops = await findStopsNear(round, action);
  if (saysMuch && stops.length === 0) return 'not ours';
  const { others, own } = await readActionTexts(round, action);
  if (parseMarker(...own)) return findNamedStop(round, own);
  // An action beside the gate may fail in the same moment: what the gate stopped is shown as the gate's.
  return stops.find(({ jobId }) => !others.includes(jobId)) ?? 'not ours';
}

async function findNamedStop(
  { config, invocation }: ResumeContext,
  texts: readonly (string | undefined)[],
): Promise<GateStopMatch> {
  const named = parseMarker(...texts);
  const [stop] = named ? await findStops(config.notesTable, named, invocation.signal) : [];
  return stop ?? 'no record';
}

/** What the failed run left, nothing where the action has run again since, and the gate's jobs in its neighbours'. */
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

/** Only of the same moment: the execution may have been stopped by a gate before and fail by itself now. */
async function findStopsNear(
  { config, invocation }: ResumeContext,
  failed: FailedAction,
): Promise<readonly GateStop[]> {
  const stops = await findStops(config.notesTable, { id: failed.executionId }, invocation.signal);
  return stops.filter(({ at }) => Math.abs(at - failed.time) <= SAME_FAILURE_MS);
}
