import type { Records } from '../../shared/records.ts';
import type { Tools } from '../../shared/tools.ts';
import type { UncordonConfig } from './config.ts';
import type { Cordon } from './cordon.ts';

/** What one invocation of UncordonInstances works with. */
export interface Round {
  readonly config: UncordonConfig;
  readonly tools: Tools;
  readonly use: Records<Cordon>;
}

/** An instance that could not be dealt with, and why. */
export interface Failure {
  readonly instanceId: string;
  readonly error: unknown;
}
