import { describeStage } from '../aws/codepipeline.ts';
import { findStops } from '../aws/gate-table.ts';
import type { Round } from '../context.ts';
import type { ActionLook } from '../domain/resume-decision.ts';
import { readMarker, type Stop } from '../domain/stop-marker.ts';
import type { FailedAction } from './event.ts';

/** A gate writes its record just before it fails the action, of which the event tells moments later. */
const MOMENTS_MS = 60_000;
/** CodePipeline cuts long texts, and a gate's marker stands at their end. */
const MAY_BE_CUT = 500;

export type Recognised = Stop | 'not ours' | 'no record';

/**
 * Finds what the gate wrote down about a failed action. A gate leaves its marker in the result, but AWS does not promise
 * that it shows a Lambda action's, or all of it: where it is missing, the gate's records of the execution are asked.
 * Most failed Lambda actions are none of a gate, and cost that one call, or a look into the pipeline where the event has
 * no result.
 */
export async function recognise(round: Round, action: FailedAction): Promise<Recognised> {
  const { externalId, summary } = action;
  if (readMarker(externalId, summary)) return read(round, [externalId, summary]);
  const saysMuch = externalId || (summary && summary.length < MAY_BE_CUT);
  const stops = await stopsOfThatMoment(round, action);
  if (saysMuch && stops.length === 0) return 'not ours';
  const { others, own } = await textsOf(round, action);
  if (readMarker(...own)) return read(round, own);
  // An action beside the gate may fail in the same moment: what the gate stopped is shown as the gate's.
  return stops.find(({ jobId }) => !others.includes(jobId)) ?? 'not ours';
}

async function read(
  { config, invocation }: Round,
  texts: readonly (string | undefined)[],
): Promise<Recognised> {
  const named = readMarker(...texts);
  const [stop] = named ? await findStops(config.notesTable, named, invocation.signal) : [];
  return stop ?? 'no record';
}

/** What the failed run left, nothing where the action has run again since, and the gate's jobs in its neighbours'. */
async function textsOf(
  { invocation }: Round,
  failed: FailedAction,
): Promise<{ readonly own: readonly string[]; readonly others: readonly string[] }> {
  const pipeline = await describeStage(failed, invocation.signal);
  const actions = pipeline?.stage?.actions ?? [];
  const isOwn = ({ executionId }: ActionLook): boolean => executionId === failed.actionExecutionId;
  return {
    own: actions.find(isOwn)?.texts ?? [],
    others: actions.flatMap((run) => (isOwn(run) ? [] : (readMarker(...run.texts)?.jobId ?? []))),
  };
}

/** Only of the same moment: the execution may have been stopped by a gate before and fail by itself now. */
async function stopsOfThatMoment(
  { config, invocation }: Round,
  failed: FailedAction,
): Promise<readonly Stop[]> {
  const stops = await findStops(config.notesTable, { id: failed.executionId }, invocation.signal);
  return stops.filter(({ at }) => Math.abs(at - failed.time) <= MOMENTS_MS);
}
