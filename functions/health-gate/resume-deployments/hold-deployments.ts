import { type KnownRecords, readRecords } from '#shared/aws/records.ts';
import { forEachIsolated } from '#shared/concurrency.ts';
import { describeExecution, listTags } from '../aws/codepipeline.ts';
import { assertTimeLeft, type HoldFailure, PIPELINE_CONCURRENCY, type ResumeContext } from '../context.ts';
import {
  addFailure,
  alreadyClosedReason,
  deploymentName,
  type GateFailure,
  type HoldDraft,
  type HoldRecord,
  isOpen,
  pendingNotification,
  withNotificationClaim,
} from '../domain/hold-record.ts';
import { notHeldReason } from '../domain/resume-decision.ts';
import { updateHolds } from './amend-holds.ts';
import type { FailedAction } from './event.ts';
import { findGateStop } from './find-stop.ts';
import { logClosed, logDuplicate, logFields, logHeld, logNotHeld, logNotOurs } from './log.ts';
import { notify, sendPendingNotifications } from './notify.ts';

/** Writes down what gates have stopped in pipelines that want to be resumed, and tells people once. */
export async function holdDeployments(
  round: ResumeContext,
  failed: readonly FailedAction[],
): Promise<HoldFailure[]> {
  const current = failed.filter((action) => isCurrent(round, action));
  if (current.length === 0) return [];
  const known = await readRecords(round.holds, current.map(deploymentName));
  const isKnown = (action: FailedAction): boolean =>
    known.get(deploymentName(action))?.knownRuns.includes(action.actionExecutionId) === true;
  const duplicates = current.filter(isKnown);
  for (const action of duplicates) logDuplicate(round.invocation, action);
  const failures: HoldFailure[] = [];
  const stoppages: GateFailure[] = [];
  await forEachIsolated(
    uniqueRuns(current.filter((action) => !isKnown(action))),
    PIPELINE_CONCURRENCY,
    async (action) => {
      const stoppage = await readGateFailure(round, action, known.get(deploymentName(action)));
      if (stoppage) stoppages.push(stoppage);
    },
    (action, error) => failures.push({ deployment: deploymentName(action), error }),
  );
  if (round.config.dryRun) {
    logPlanned(round, stoppages);
    return failures;
  }
  const owing = duplicates.flatMap((action) => known.get(deploymentName(action)) ?? []);
  return [
    ...failures,
    ...(await recordHolds(round, stoppages, known)),
    ...(await sendPendingNotifications(round, owing)),
  ];
}

function isCurrent({ config, invocation }: ResumeContext, action: FailedAction): boolean {
  if (action.region !== config.region || action.account !== config.accountId)
    logNotHeld(
      invocation,
      action,
      `of ${action.account} in ${action.region}, which another pack looks after`,
    );
  else if (invocation.now() - action.time > config.maxHoldMs)
    logNotHeld(invocation, action, 'the event is too old');
  else return true;
  return false;
}

function uniqueRuns(actions: readonly FailedAction[]): Iterable<FailedAction> {
  return new Map(actions.map((action) => [action.actionExecutionId, action])).values();
}

/** Undefined, and said why, for what is not held. */
async function readGateFailure(
  round: ResumeContext,
  action: FailedAction,
  known: HoldRecord | undefined,
): Promise<GateFailure | undefined> {
  const { invocation } = round;
  assertTimeLeft(invocation);
  const stop = await findGateStop(round, action);
  if (stop === 'not ours') logNotOurs(invocation, action);
  else if (stop === 'no record') logNotHeld(invocation, action, "the gate's record is missing");
  else {
    const version = await readVersionIfHeld(round, action, known);
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
async function readVersionIfHeld(
  { invocation }: ResumeContext,
  action: FailedAction,
  known: HoldRecord | undefined,
): Promise<number | undefined> {
  if (known && (isOpen(known) || known.status === 'resumed')) return known.pipelineVersion;
  const [tags, execution] = await Promise.all([
    listTags(action.pipelineArn, invocation.signal),
    describeExecution(action, invocation.signal),
  ]);
  const reason = notHeldReason(tags, execution);
  if (reason !== undefined) logNotHeld(invocation, action, reason);
  return reason === undefined ? execution?.version : undefined;
}

interface LateFailure {
  readonly stoppage: GateFailure;
  readonly why: string;
}

interface MergedFailures {
  readonly draft: HoldDraft | undefined;
  /** Whether the record says something else than before, the list of known runs aside. */
  readonly isChanged: boolean;
  /** Those that came too late to hold anything, and why. */
  readonly late: readonly LateFailure[];
}

/** The claim of the mail goes with the write: see docs/adr/0006. */
async function recordHolds(
  round: ResumeContext,
  stoppages: readonly GateFailure[],
  start: KnownRecords<HoldRecord>,
): Promise<HoldFailure[]> {
  if (stoppages.length === 0) return [];
  const byDeployment = Map.groupBy(stoppages, ({ place }) => deploymentName(place));
  const { noted, failures } = await updateHolds(
    round.holds,
    [...byDeployment.keys()],
    (known, deployment) => {
      const absorbed = mergeFailures(known, byDeployment.get(deployment) ?? [], round);
      const { draft } = absorbed;
      const notice = draft && pendingNotification(draft);
      return { draft: notice ? withNotificationClaim(draft, notice) : draft, data: { ...absorbed, notice } };
    },
    start,
  );
  for (const { hold, data } of noted) {
    if (data.isChanged) logRecorded(round, hold);
    for (const { stoppage, why } of data.late)
      logNotHeld(round.invocation, { ...stoppage, ...stoppage.place }, why);
  }
  const told = noted.flatMap(({ hold, data: { notice } }) => (notice ? [{ hold, notice }] : []));
  return [...failures, ...(await notify(round, told))];
}

function mergeFailures(
  known: HoldRecord | undefined,
  stoppages: readonly GateFailure[],
  { config, invocation }: Pick<ResumeContext, 'config' | 'invocation'>,
): MergedFailures {
  let draft: HoldDraft | undefined;
  const late: LateFailure[] = [];
  for (const stoppage of stoppages.toSorted((a, b) => a.at - b.at)) {
    const before = draft ?? known;
    const after = addFailure(before, stoppage, config, invocation.now());
    const why = after && before && alreadyClosedReason(before, stoppage);
    if (why !== undefined) late.push({ stoppage, why });
    draft = after ?? draft;
  }
  return { draft, isChanged: draft !== undefined && draft.actions !== known?.actions, late };
}

function logRecorded({ invocation }: ResumeContext, hold: HoldRecord): void {
  if (hold.status === 'given up') logClosed(invocation, hold, 'given up', hold.closedReason);
  else logHeld(invocation, hold);
}

function logPlanned({ config, invocation }: ResumeContext, stoppages: readonly GateFailure[]): void {
  for (const stoppage of stoppages) {
    const draft = addFailure(undefined, stoppage, config, invocation.now());
    if (draft) invocation.logger.info('dry run: would hold', { ...logFields(draft), reason: draft.reason });
  }
}
