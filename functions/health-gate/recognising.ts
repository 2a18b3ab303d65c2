import { describeStage } from './aws/code-pipeline.ts';
import { findStops } from './aws/notes.ts';
import type { FailedAction } from './occasion.ts';
import type { Round } from './round.ts';
import { readMarker, type Stop } from './stop.ts';

/** A gate writes its record just before it fails the action, of which the event tells moments later. */
const MOMENTS_MS = 60_000;
/** CodePipeline cuts long texts, and a gate's marker stands at their end. */
const MAY_BE_CUT = 1000;

export type Recognised = Stop | 'not ours' | 'no record';

/**
 * Finds what the gate wrote down about a failed action. Most failed Lambda actions are none of a gate, and cost no call
 * where the event says enough: every gate leaves an external id. AWS shows results in such events for other providers
 * only, so one without is looked up in the pipeline, and last in the gate's records of the execution.
 */
export async function recognise(round: Round, action: FailedAction): Promise<Recognised> {
  const { externalId, summary } = action;
  if (readMarker(externalId, summary)) return read(round, [externalId, summary]);
  if (externalId || (summary && summary.length < MAY_BE_CUT)) return 'not ours';
  const texts = await textsOf(round, action);
  if (readMarker(...texts)) return read(round, texts);
  return texts.length > 0 ? 'not ours' : readByExecution(round, action);
}

async function read({ config, tools }: Round, texts: readonly (string | undefined)[]): Promise<Recognised> {
  const named = readMarker(...texts);
  const [stop] = named ? await findStops(config.notesTable, named, tools.signal) : [];
  return stop ?? 'no record';
}

/** Nothing where the action has run again since. */
async function textsOf({ tools }: Round, failed: FailedAction): Promise<readonly string[]> {
  const pipeline = await describeStage(failed, tools.signal);
  const run = pipeline?.stage?.actions.find(({ executionId }) => executionId === failed.actionExecutionId);
  return run?.texts ?? [];
}

/** Only a record of the same moment: the execution may have been stopped by a gate before and fail by itself now. */
async function readByExecution({ config, tools }: Round, failed: FailedAction): Promise<Recognised> {
  const stops = await findStops(config.notesTable, { id: failed.executionId }, tools.signal);
  return stops.find(({ at }) => Math.abs(at - failed.time) <= MOMENTS_MS) ?? 'not ours';
}
