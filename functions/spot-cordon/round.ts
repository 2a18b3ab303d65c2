import type { Tools } from '../../shared/tools.ts';
import type { TableUse } from './aws/cordons.ts';
import type { UncordonConfig } from './config.ts';

/** What one invocation of UncordonInstances works with. */
export interface Round {
  readonly config: UncordonConfig;
  readonly tools: Tools;
  readonly use: TableUse;
}

/** An instance that could not be dealt with, and why. */
export interface Failure {
  readonly instanceId: string;
  readonly error: unknown;
}
