import type { Records } from '#shared/aws/records.ts';
import type { Invocation } from '#shared/invocation.ts';
import type { CordonConfig, UncordonConfig } from './config.ts';
import type { Cordon } from './domain/cordon-record.ts';

/** What one invocation of CordonInstances works with. */
export interface Run {
  readonly config: CordonConfig;
  readonly invocation: Invocation;
  readonly use: Records<Cordon>;
}

/** What one invocation of UncordonInstances works with. */
export interface Round {
  readonly config: UncordonConfig;
  readonly invocation: Invocation;
  readonly use: Records<Cordon>;
}
