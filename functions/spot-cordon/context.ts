import type { Records } from '#shared/aws/records.ts';
import type { Invocation } from '#shared/invocation.ts';
import type { UncordonConfig } from './config.ts';
import type { Cordon } from './domain/cordon-record.ts';

/** What one invocation of UncordonInstances works with. */
export interface Round {
  readonly config: UncordonConfig;
  readonly invocation: Invocation;
  readonly use: Records<Cordon>;
}

/** An instance that could not be dealt with, and why. */
export interface Failure {
  readonly instanceId: string;
  readonly error: unknown;
}
