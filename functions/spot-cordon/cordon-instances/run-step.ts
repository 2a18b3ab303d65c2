import { addCount } from '#shared/metrics.ts';
import type { CordonContext } from '../context.ts';
import type { CordonStep } from '../domain/cordon-record.ts';
import { isStepPending, recordFailure, type WorkItem } from './work-item.ts';

/**
 * Time limits, so that one slow step cannot use up the two minutes of notice. In sequence they take 22 of the function's
 * 25 s; writes take the rest. If DynamoDB is slow too, the function times out and SQS delivers the whole batch again.
 */
export const stepTimeoutMs = {
  tag: 6_000,
  describe: 6_000,
  plan: 5_000,
  hold: 3_000,
  publish: 5_000,
  protect: 3_000,
  apply: 5_000,
} as const;

export interface StepOptions {
  readonly step: CordonStep | 'describe';
  readonly timeout: keyof typeof stepTimeoutMs;
  readonly items: readonly WorkItem[];
}

/** Does one step for all items and writes the outcomes into them. If it throws, the step failed for all of them. */
export type StepFunction = (items: readonly WorkItem[], signal: AbortSignal) => Promise<void>;

/** Runs one step. Records failures in the items they belong to and never throws, so the other steps still run. */
export async function runStep(
  { invocation }: CordonContext,
  { step, timeout, items }: StepOptions,
  work: StepFunction,
): Promise<void> {
  if (items.length === 0) return;
  const unfailed = items.filter((item) => !item.failures.has(step));
  try {
    await work(items, AbortSignal.any([invocation.signal, AbortSignal.timeout(stepTimeoutMs[timeout])]));
  } catch (error) {
    const affected = step === 'describe' ? items : items.filter((item) => isStepPending(item, step));
    recordFailure(affected, step, error);
  }
  const failed = unfailed.filter((item) => item.failures.has(step));
  if (failed.length === 0) return;
  const error = failed[0]?.failures.get(step);
  invocation.logger.warn('step failed', { step, instances: failed.length, error });
  addCount(invocation.metrics, 'StepFailed');
}
