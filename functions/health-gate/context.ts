import type { Records } from '#shared/aws/dynamodb.ts';
import type { RecordTable } from '#shared/aws/update-record.ts';
import { RetryableError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import type { FollowConfig, GateConfig, ResumeConfig, SourceConfig } from './config.ts';
import type { HoldRecord } from './domain/hold-record.ts';

/** What evaluating saved policies needs. */
export interface GatesContext {
  readonly config: SourceConfig & Pick<GateConfig, 'maxOverrideHours' | 'overrideParameter'>;
  readonly invocation: Invocation;
}

/** What one invocation of ResumeDeployments works with. */
export interface ResumeContext {
  readonly config: ResumeConfig;
  readonly invocation: Invocation;
  readonly holds: Records<HoldRecord>;
}

/** What one invocation of FollowIncidents works with. */
export interface FollowContext {
  readonly config: FollowConfig;
  readonly invocation: Invocation;
  readonly records: RecordTable;
}

/** A deployment that could not be processed, and the error. */
export interface HoldFailure {
  readonly deployment: string;
  readonly error: unknown;
}

/** A record of FollowIncidents that could not be processed, and the error. */
export interface PlaceFailure {
  readonly place: string;
  readonly error: unknown;
}

/** Enough time to read one more pipeline, retry it and save the outcome. */
const MIN_REMAINING_MS = 20_000;

/** What was read so far is still saved; SQS delivers the rest again. @throws RetryableError */
export function assertTimeLeft({ remainingMs }: Invocation): void {
  if (remainingMs() < MIN_REMAINING_MS) throw new RetryableError('no time left to read the pipeline');
}

/** Pipelines read in parallel: CodePipeline allows an account only a few calls a second. */
export const PIPELINE_CONCURRENCY = 5;

export function toHoldFailures(deployments: Iterable<string>, error: unknown): HoldFailure[] {
  return [...deployments].map((deployment) => ({ deployment, error }));
}
