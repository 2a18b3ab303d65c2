import { type KnownRecords, readRecords } from '#shared/aws/records.ts';
import { forEachIsolated } from '#shared/concurrency.ts';
import { describeExecution, readTags } from '../aws/codepipeline.ts';
import { CALLS_AT_ONCE, demandTime, type Failure, type Round } from '../context.ts';
import {
  absorb,
  type Draft,
  type Hold,
  isOpen,
  nameOf,
  owed,
  type Stoppage,
  whyOver,
  withClaim,
} from '../domain/hold-record.ts';
import { whyNotHeld } from '../domain/resume-decision.ts';
import { amendHolds } from './amend-holds.ts';
import type { FailedAction } from './event.ts';
import { recognise } from './find-stop.ts';
import { describe, reportDuplicate, reportEnd, reportHeld, reportNotHeld, reportNotOurs } from './log.ts';
import { tell, tellWhatIsOwed } from './notify.ts';

/** Writes down what gates have stopped in pipelines that want to be resumed, and tells people once. */
export async function holdDeployments(round: Round, failed: readonly FailedAction[]): Promise<Failure[]> {
  const current = failed.filter((action) => isCurrent(round, action));
  if (current.length === 0) return [];
  const known = await readRecords(round.use, current.map(nameOf));
  const isKnown = (action: FailedAction): boolean =>
    known.get(nameOf(action))?.seen.includes(action.actionExecutionId) === true;
  const duplicates = current.filter(isKnown);
  for (const action of duplicates) reportDuplicate(round.invocation, action);
  const failures: Failure[] = [];
  const stoppages: Stoppage[] = [];
  await forEachIsolated(
    eachOnce(current.filter((action) => !isKnown(action))),
    CALLS_AT_ONCE,
    async (action) => {
      const stoppage = await readStoppage(round, action, known.get(nameOf(action)));
      if (stoppage) stoppages.push(stoppage);
    },
    (action, error) => failures.push({ deployment: nameOf(action), error }),
  );
  if (round.config.dryRun) {
    rehearse(round, stoppages);
    return failures;
  }
  const owing = duplicates.flatMap((action) => known.get(nameOf(action)) ?? []);
  return [
    ...failures,
    ...(await writeDown(round, stoppages, known)),
    ...(await tellWhatIsOwed(round, owing)),
  ];
}

function isCurrent({ config, invocation }: Round, action: FailedAction): boolean {
  if (action.region !== config.region || action.account !== config.accountId)
    reportNotHeld(
      invocation,
      action,
      `of ${action.account} in ${action.region}, which another pack looks after`,
    );
  else if (invocation.now() - action.time > config.maxHoldMs)
    reportNotHeld(invocation, action, 'the event is too old');
  else return true;
  return false;
}

function eachOnce(actions: readonly FailedAction[]): Iterable<FailedAction> {
  return new Map(actions.map((action) => [action.actionExecutionId, action])).values();
}

/** Undefined, and said why, for what is not held. */
async function readStoppage(
  round: Round,
  action: FailedAction,
  known: Hold | undefined,
): Promise<Stoppage | undefined> {
  const { invocation } = round;
  demandTime(invocation);
  const stop = await recognise(round, action);
  if (stop === 'not ours') reportNotOurs(invocation, action);
  else if (stop === 'no record') reportNotHeld(invocation, action, "the gate's record is missing");
  else {
    const version = await admit(round, action, known);
    if (version === undefined) return undefined;
    const { pipeline, pipelineArn, stage, executionId, action: name, actionExecutionId } = action;
    const { jobId, at, policy, reason } = stop;
    const place = { pipeline, pipelineArn, stage, executionId };
    return { place, action: name, actionExecutionId, jobId, at, policy, reason, pipelineVersion: version };
  }
  return undefined;
}

/**
 * The version of a pipeline whose deployment is to be held. One that waits or was resumed is known at its version, since
 * it was resumed at no other; one that had ended is looked at anew.
 */
async function admit(
  { invocation }: Round,
  action: FailedAction,
  known: Hold | undefined,
): Promise<number | undefined> {
  if (known && (isOpen(known) || known.status === 'resumed')) return known.pipelineVersion;
  const [tags, execution] = await Promise.all([
    readTags(action.pipelineArn, invocation.signal),
    describeExecution(action, invocation.signal),
  ]);
  const reason = whyNotHeld(tags, execution);
  if (reason !== undefined) reportNotHeld(invocation, action, reason);
  return reason === undefined ? execution?.version : undefined;
}

interface Late {
  readonly stoppage: Stoppage;
  readonly why: string;
}

interface Absorbed {
  readonly draft: Draft | undefined;
  /** Whether the record says something else than before, the list of known runs aside. */
  readonly isNews: boolean;
  /** Those that came too late to hold anything, and why. */
  readonly late: readonly Late[];
}

/** The claim of the mail goes with the write: see docs/adr/0006. */
async function writeDown(
  round: Round,
  stoppages: readonly Stoppage[],
  start: KnownRecords<Hold>,
): Promise<Failure[]> {
  if (stoppages.length === 0) return [];
  const byDeployment = Map.groupBy(stoppages, ({ place }) => nameOf(place));
  const { noted, failures } = await amendHolds(
    round.use,
    [...byDeployment.keys()],
    (known, deployment) => {
      const absorbed = fold(known, byDeployment.get(deployment) ?? [], round);
      const { draft } = absorbed;
      const notice = draft && owed(draft);
      return { draft: notice ? withClaim(draft, notice) : draft, note: { ...absorbed, notice } };
    },
    start,
  );
  for (const { hold, note } of noted) {
    if (note.isNews) report(round, hold);
    for (const { stoppage, why } of note.late)
      reportNotHeld(round.invocation, { ...stoppage, ...stoppage.place }, why);
  }
  const told = noted.flatMap(({ hold, note: { notice } }) => (notice ? [{ hold, notice }] : []));
  return [...failures, ...(await tell(round, told))];
}

function fold(
  known: Hold | undefined,
  stoppages: readonly Stoppage[],
  { config, invocation }: Pick<Round, 'config' | 'invocation'>,
): Absorbed {
  let draft: Draft | undefined;
  const late: Late[] = [];
  for (const stoppage of stoppages.toSorted((a, b) => a.at - b.at)) {
    const before = draft ?? known;
    const after = absorb(before, stoppage, config, invocation.now());
    const why = after && before && whyOver(before, stoppage);
    if (why !== undefined) late.push({ stoppage, why });
    draft = after ?? draft;
  }
  return { draft, isNews: draft !== undefined && draft.actions !== known?.actions, late };
}

function report({ invocation }: Round, hold: Hold): void {
  if (hold.status === 'given up') reportEnd(invocation, hold, 'given up', hold.endedWhy);
  else reportHeld(invocation, hold);
}

function rehearse({ config, invocation }: Round, stoppages: readonly Stoppage[]): void {
  for (const stoppage of stoppages) {
    const draft = absorb(undefined, stoppage, config, invocation.now());
    if (draft) invocation.logger.info('dry run: would hold', { ...describe(draft), reason: draft.reason });
  }
}
