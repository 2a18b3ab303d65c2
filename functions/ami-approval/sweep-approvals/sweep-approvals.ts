import { publishAllEvents } from '#shared/aws/eventbridge.ts';
import type { RecordTable } from '#shared/aws/update-record.ts';
import { RetryableError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { listOpenRequests, readBuildRecords } from '../aws/approvals-table.ts';
import { findImage, listWaitingSteps } from '../aws/imagebuilder.ts';
import type { SweepConfig } from '../config.ts';
import type { SweepContext } from '../context.ts';
import { createContext } from '../create-context.ts';
import { type ApprovalRecord, imageKey } from '../domain/approval-record.ts';
import { type ApprovalScope, isApprovalStep, outOfScopeReason } from '../domain/approval-scope.ts';
import { nextAction } from '../domain/approval-transitions.ts';
import { withCurrentRules } from '../domain/current-rules.ts';
import type { NamedStep } from '../domain/workflow-step.ts';
import { type DueDetail, dueEvent, dueEventOf } from '../messages/events.ts';
import { keepSubscriptions } from './keep-subscriptions.ts';

interface DueRequest {
  readonly record: ApprovalRecord;
  readonly next: DueDetail['next'];
}

/**
 * Keeps the subscriptions of the approvers. Publishes an event for every request that has expired, crashed half-way or has a mail to send, and for every waiting
 * step whose event was lost: Image Builder delivers its events on a best-effort basis.
 */
export async function sweepApprovals(config: SweepConfig, invocation: Invocation): Promise<object> {
  const context: SweepContext = await createContext(config, invocation);
  const { table } = context;
  const [open, waiting] = await Promise.all([listOpenRequests(table), listWaitingSteps(invocation.signal)]);
  const kept = config.dryRun ? undefined : await keepSubscriptions(context, open.some(isUndecided));
  const dueRequests = open.flatMap((record): DueRequest[] => {
    const current = withCurrentRules(record, context.settings);
    const next = nextAction(
      current,
      invocation.now(),
      (address) => kept?.reachable.has(address.toLowerCase()) ?? true,
    );
    return next ? [{ record, next }] : [];
  });
  const openParts = new Set(open.map(({ part }) => part));
  const candidates = waiting.filter(
    ({ name, stepExecutionId }) => isApprovalStep(name, config.scope) && !openParts.has(stepExecutionId),
  );
  const missedSteps = await withoutRequest(table, candidates, config.scope);
  await requeue(context, dueRequests, missedSteps);
  if (kept && kept.failures.length > 0)
    throw new RetryableError('a subscription of an approver could not be kept', { cause: kept.failures[0] });
  return { open: open.length, requeued: dueRequests.length + missedSteps.length };
}

function isUndecided({ status }: ApprovalRecord): boolean {
  return status === 'pending';
}

async function requeue(
  { config: { dryRun }, invocation }: SweepContext,
  dueRequests: readonly DueRequest[],
  missedSteps: readonly NamedStep[],
): Promise<void> {
  logDue(invocation, dueRequests, missedSteps, dryRun);
  if (dryRun) return;
  const events = [
    ...dueRequests.map(({ record, next }) => dueEventOf(record, next)),
    ...missedSteps.map(({ imageArn, stepExecutionId }) =>
      dueEvent({ next: 'ask', imageArn, stepExecutionId }),
    ),
  ];
  await publishAllEvents(events, invocation.signal);
  addCount(invocation.metrics, 'RequestRequeued', events.length);
  if (missedSteps.length > 0) addCount(invocation.metrics, 'StepNotAsked', missedSteps.length);
}

function logDue(
  { logger }: Invocation,
  dueRequests: readonly DueRequest[],
  missedSteps: readonly NamedStep[],
  isDryRun: boolean,
): void {
  const dryRun = isDryRun && { dryRun: true };
  for (const { record, next } of dueRequests) {
    const { part, status, subject } = record;
    logger.info('request requeued', { imageArn: subject.imageArn, part, status, next, ...dryRun });
  }
  for (const { imageArn, stepExecutionId } of missedSteps) {
    logger.warn('request opened for a waiting step: its event was lost', {
      imageArn,
      stepExecutionId,
      ...dryRun,
    });
  }
}

/** A step can still wait although its request is closed, if the answer was lost. ExecuteApproval has handled that. */
async function withoutRequest(
  table: RecordTable,
  waiting: readonly NamedStep[],
  scope: ApprovalScope,
): Promise<NamedStep[]> {
  const missed: NamedStep[] = [];
  for (const step of waiting) {
    const { approvals } = await readBuildRecords(table, imageKey(step.imageArn));
    if (approvals.some(({ part }) => part === step.stepExecutionId)) continue;
    const build = await findImage(step.imageArn, table.signal);
    if (build && !outOfScopeReason(build, scope, step.name)) missed.push(step);
  }
  return missed;
}
