import { addCount } from '#shared/metrics.ts';
import type { Run } from '../context.ts';
import type { Step } from '../domain/cordon-record.ts';
import { type Case, fail, lacks } from './work-item.ts';

/**
 * How long each step may take, so that none eats the whole notice: in sequence 21 of the function's 25 s. The rest is
 * for the writes between them; should DynamoDB be slow as well, time runs out and the whole batch comes again.
 */
export const limitsMs = {
  tag: 7_000,
  look: 7_000,
  find: 5_000,
  announce: 5_000,
  protect: 3_000,
  act: 6_000,
} as const;

export interface Attempt {
  readonly step: Step | 'look';
  readonly limit: keyof typeof limitsMs;
  readonly cases: readonly Case[];
}

/** A step does its part for all cases at once and writes outcomes into them. What it throws fails all of them. */
export type StepRun = (cases: readonly Case[], signal: AbortSignal) => Promise<void>;

/** Runs one step for its cases. Failures are noted in those they hit, counted, and tried again by the next delivery. */
export async function attempt(
  { invocation }: Run,
  { step, limit, cases }: Attempt,
  work: StepRun,
): Promise<void> {
  if (cases.length === 0) return;
  const sound = cases.filter((one) => !one.failures.has(step));
  try {
    await work(cases, AbortSignal.any([invocation.signal, AbortSignal.timeout(limitsMs[limit])]));
  } catch (error) {
    fail(step === 'look' ? cases : cases.filter((one) => lacks(one, step)), step, error);
  }
  const failed = sound.filter((one) => one.failures.has(step));
  if (failed.length === 0) return;
  const error = failed[0]?.failures.get(step);
  invocation.logger.warn(`step failed: ${step}`, { step, instances: failed.length, error });
  addCount(invocation.metrics, 'StepFailed');
}
