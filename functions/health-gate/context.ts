import type { Records } from '#shared/aws/records.ts';
import { RetryableError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import type { ResumeConfig } from './config.ts';
import type { HoldRecord } from './domain/hold-record.ts';

/** What one invocation of ResumeDeployments works with. */
export interface ResumeContext {
  readonly config: ResumeConfig;
  readonly invocation: Invocation;
  readonly holds: Records<HoldRecord>;
}

/** A deployment that could not be dealt with, and why. */
export interface HoldFailure {
  readonly deployment: string;
  readonly error: unknown;
}

/** So much must be left to look at another pipeline: what is looked at is also to be retried and written down. */
const MIN_REMAINING_MS = 20_000;

/** What was looked at before is written down, and the rest comes again. @throws Retryable */
export function assertTimeLeft({ remainingMs }: Invocation): void {
  if (remainingMs() < MIN_REMAINING_MS) throw new RetryableError('no time was left to look at the pipeline');
}

/** How many pipelines are asked about at once: CodePipeline allows an account few calls a second. */
export const PIPELINE_CONCURRENCY = 5;

export function toHoldFailures(deployments: Iterable<string>, error: unknown): HoldFailure[] {
  return [...deployments].map((deployment) => ({ deployment, error }));
}
