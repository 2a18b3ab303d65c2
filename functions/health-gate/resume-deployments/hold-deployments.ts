import type { KnownRecords } from '#shared/aws/dynamodb.ts';
import { readRecords } from '#shared/aws/records.ts';
import { forEachIsolated } from '#shared/concurrency.ts';
import { describeExecution, listTags } from '../aws/codepipeline.ts';
import { assertTimeLeft, type HoldFailure, PIPELINE_CONCURRENCY, type ResumeContext } from '../context.ts';
import { pendingNotification, withNotificationClaim } from '../domain/hold-notifications.ts';
import { deploymentName, type HoldDraft, type HoldRecord, isOpen } from '../domain/hold-record.ts';
import { addFailure, type GateFailure, lateFailureReason } from '../domain/hold-transitions.ts';
import { isStageFailing, notHeldReason } from '../domain/resume-decision.ts';
import type { GateStop } from '../domain/stop-marker.ts';
import type { HoldNotification } from '../messages/mail.ts';
import type { FailedAction } from './event.ts';
import { findGateStop } from './find-gate-stop.ts';
import { logClosed, logDuplicate, logFields, logHeld, logNotHeld, logNotOurs } from './log.ts';
import { updateHolds } from './update-holds.ts';

export interface HeldDeployments {
  /** The mails that the writes have claimed, also about stages that a person must retry. */
  readonly notifications: readonly HoldNotification[];
  /** Known holds of duplicate events: a mail of theirs may not have been sent. */
  readonly known: readonly HoldRecord[];
  readonly failures: readonly HoldFailure[];
}

/** Records the deployments that gates have stopped. */
export async function holdDeployments(
  context: ResumeContext,
  failed: readonly FailedAction[],
): Promise<HeldDeployments> {
  const current = failed.filter((action) => isCurrent(context, action));
  if (current.length === 0) return { notifications: [], known: [], failures: [] };
  const known = await readRecords(context.holds, current.map(deploymentName));
  const isKnown = (action: FailedAction): boolean =>
    known.get(deploymentName(action))?.knownRuns.includes(action.actionExecutionId) === true;
  const duplicates = current.filter(isKnown);
  for (const action of duplicates) logDuplicate(context.invocation, action);
  const failures: HoldFailure[] = [];
  const gateFailures: GateFailure[] = [];
  await forEachIsolated(
    uniqueRuns(current.filter((action) => !isKnown(action))),
    PIPELINE_CONCURRENCY,
    async (action) => {
      const gateFailure = await readGateFailure(context, action, known.get(deploymentName(action)));
      if (gateFailure) gateFailures.push(gateFailure);
    },
    (action, error) => failures.push({ deployment: deploymentName(action), error }),
  );
  if (context.config.dryRun) {
    logPlanned(context, gateFailures);
    return { notifications: [], known: [], failures };
  }
  const recorded = await recordHolds(context, gateFailures, known);
  return {
    notifications: recorded.notifications,
    known: duplicates.flatMap((action) => known.get(deploymentName(action)) ?? []),
    failures: [...failures, ...recorded.failures],
  };
}

function isCurrent({ config, invocation }: ResumeContext, action: FailedAction): boolean {
  if (action.region !== config.region || action.account !== config.accountId)
    logNotHeld(
      invocation,
      action,
      `it belongs to ${action.account} in ${action.region}, not to this account and Region`,
    );
  else if (invocation.now() - action.time > config.maxHoldMs)
    logNotHeld(invocation, action, 'the event is too old');
  else return true;
  return false;
}

function uniqueRuns(actions: readonly FailedAction[]): Iterable<FailedAction> {
  return new Map(actions.map((action) => [action.actionExecutionId, action])).values();
}

/** @returns undefined for a deployment that is not held; the log says why */
async function readGateFailure(
  context: ResumeContext,
  action: FailedAction,
  known: HoldRecord | undefined,
): Promise<GateFailure | undefined> {
  const { invocation } = context;
  assertTimeLeft(invocation);
  const stop = await findGateStop(context, action);
  if (stop === 'not ours') logNotOurs(invocation, action);
  else if (stop === 'no record') logNotHeld(invocation, action, "the gate's saved stop is missing");
  else {
    const held = await readHoldable(context, action, known);
    return held && { ...toGateFailure(action, stop), ...held };
  }
  return undefined;
}

function toGateFailure(
  failed: FailedAction,
  { at, jobId, policy, reason, source }: GateStop,
): Omit<GateFailure, 'pipelineVersion'> {
  const { action, actionExecutionId, executionId, pipeline, pipelineArn, stage } = failed;
  const location = { pipeline, pipelineArn, stage, executionId };
  return { location, action, actionExecutionId, jobId, at, policy, source, reason };
}

/**
 * The pipeline's version, and why the deployment is not held, if so. An open or resumed hold keeps its version, because
 * we resume no other version. A closed one is read again. Undefined if nobody needs to know about the stop.
 */
async function readHoldable(
  { config, invocation }: ResumeContext,
  action: FailedAction,
  known: HoldRecord | undefined,
): Promise<Pick<GateFailure, 'notHeldReason' | 'pipelineVersion'> | undefined> {
  if (known && (isOpen(known) || known.status === 'resumed'))
    return { pipelineVersion: known.pipelineVersion };
  const [tags, execution] = await Promise.all([
    listTags(action.pipelineArn, invocation.signal),
    describeExecution(action, invocation.signal),
  ]);
  const reason = notHeldReason(tags, execution);
  if (reason !== undefined) logNotHeld(invocation, action, reason);
  if (reason !== undefined && (config.dryRun || !isStageFailing(execution))) return undefined;
  return { pipelineVersion: execution?.version ?? 0, notHeldReason: reason };
}

interface LateFailure {
  readonly failure: GateFailure;
  readonly reason: string;
}

interface MergedFailures {
  readonly draft: HoldDraft | undefined;
  /** Whether the record changed in more than its list of known runs. */
  readonly isChanged: boolean;
  /** Failures that came too late to hold anything. */
  readonly late: readonly LateFailure[];
}

/** The write also claims the mail: see docs/adr/0006. */
async function recordHolds(
  context: ResumeContext,
  gateFailures: readonly GateFailure[],
  start: KnownRecords<HoldRecord>,
): Promise<Omit<HeldDeployments, 'known'>> {
  if (gateFailures.length === 0) return { notifications: [], failures: [] };
  const byDeployment = Map.groupBy(gateFailures, ({ location }) => deploymentName(location));
  const { updated, failures } = await updateHolds(
    context.holds,
    [...byDeployment.keys()],
    (known, deployment) => {
      const merged = mergeFailures(known, byDeployment.get(deployment) ?? [], context);
      const { draft } = merged;
      const kind = draft && pendingNotification(draft);
      return { draft: kind ? withNotificationClaim(draft, kind) : draft, data: { ...merged, kind } };
    },
    start,
  );
  for (const { hold, data } of updated) {
    if (data.isChanged) logRecorded(context, hold);
    for (const { failure, reason } of data.late)
      logNotHeld(context.invocation, { ...failure, ...failure.location }, reason);
  }
  const notifications = updated.flatMap(({ hold, data: { kind } }) => (kind ? [{ hold, kind }] : []));
  return { notifications, failures };
}

function mergeFailures(
  known: HoldRecord | undefined,
  gateFailures: readonly GateFailure[],
  { config, invocation }: Pick<ResumeContext, 'config' | 'invocation'>,
): MergedFailures {
  let draft: HoldDraft | undefined;
  const late: LateFailure[] = [];
  for (const failure of gateFailures.toSorted((a, b) => a.at - b.at)) {
    const before = draft ?? known;
    const after = addFailure(before, failure, config, invocation.now());
    const reason = after && before && lateFailureReason(before, failure);
    if (reason !== undefined) late.push({ failure, reason });
    draft = after ?? draft;
  }
  return { draft, isChanged: draft !== undefined && draft.actions !== known?.actions, late };
}

function logRecorded({ invocation }: ResumeContext, hold: HoldRecord): void {
  if (hold.status === 'abandoned') logClosed(invocation, hold, 'abandoned', hold.closedReason);
  else if (hold.status !== 'not held') logHeld(invocation, hold);
}

function logPlanned({ config, invocation }: ResumeContext, gateFailures: readonly GateFailure[]): void {
  for (const failure of gateFailures) {
    const draft = addFailure(undefined, failure, config, invocation.now());
    if (draft) invocation.logger.info('hold planned', { ...logFields(draft), reason: draft.reason });
  }
}
