import { sendMessages } from '#shared/aws/sqs.ts';
import { addCount } from '#shared/metrics.ts';
import type { FollowUp, Scope } from './event.ts';
import type { ReconcileRun, RunContext } from './run-context.ts';

/** CloudWatch lists a new metric within 15 minutes. */
const RECHECK_SECONDS = 900;
/** Instance ids in one message: an id has 20 characters, a message holds 256 KB. */
const MAX_IDS = 5000;

/** What a run left to do. */
interface OpenWork {
  /** Changes that were not made. */
  readonly pending: number;
  /** Instances whose metrics are not listed yet. */
  readonly withoutMetrics: readonly string[];
  /** Instances that were not read. */
  readonly unread: readonly string[] | 'all';
}

/** @returns whether a follow-up continues with the pending changes or unread instances */
export async function scheduleFollowUps(
  task: ReconcileRun,
  { pending, withoutMetrics, unread }: OpenWork,
  context: RunContext,
): Promise<boolean> {
  const { invocation } = context;
  const now = invocation.now();
  if (withoutMetrics.length > 0 && now + RECHECK_SECONDS * 1000 <= task.until) {
    const scope = { instanceIds: withoutMetrics.slice(0, MAX_IDS) };
    await sendFollowUp(task, { scope, reason: 'no-metrics', seconds: RECHECK_SECONDS }, context);
    addCount(invocation.metrics, 'RecheckScheduled', withoutMetrics.length);
  }
  if ((pending === 0 && unread.length === 0) || now >= task.until) return false;
  const isRest = pending === 0 && unread !== 'all' && unread.length <= MAX_IDS;
  const scope = isRest ? { instanceIds: [...unread] } : task.scope;
  // After throttling we wait, longer each time, to leave the quota to other callers.
  await sendFollowUp(
    task,
    { scope, reason: 'unfinished', seconds: Math.min(600, 15 * 2 ** task.attempt) },
    context,
  );
  return true;
}

interface FollowUpInput {
  readonly scope: Scope;
  readonly reason: FollowUp['reason'];
  readonly seconds: number;
}

async function sendFollowUp(
  { topicArn, isNamed, calledAt, attempt, until }: ReconcileRun,
  { scope, reason, seconds }: FollowUpInput,
  { config, invocation }: RunContext,
): Promise<void> {
  const task: FollowUp = {
    scope,
    ...(topicArn && { topicArn }),
    isNamed,
    ...(calledAt !== undefined && { calledAt }),
    attempt: attempt + 1,
    reason,
    until,
  };
  // SQS delays a message by at most 900 seconds.
  const message = { body: { task }, delaySeconds: Math.min(900, Math.round(seconds)) };
  const [error] = await sendMessages(config.queueUrl, [message], invocation.signal);
  if (error !== undefined) throw error;
}
