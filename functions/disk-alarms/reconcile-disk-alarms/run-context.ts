import type { Invocation } from '#shared/invocation.ts';
import type { Config } from '../config.ts';
import type { Scope } from './event.ts';

/** One run over a part of the fleet. */
export interface ReconcileRun {
  readonly scope: Scope;
  readonly topicArn?: string | undefined;
  /** A direct call named the instances, so `Scope` does not matter. */
  readonly isNamed: boolean;
  /** When a direct call asked for this run, in epoch milliseconds. */
  readonly calledAt?: number | undefined;
  readonly dryRun: boolean;
  /** A direct call: the caller waits for the response. */
  readonly isCall: boolean;
  /** Whether to check instances without metrics again later. */
  readonly rechecks: boolean;
  /** How many follow-ups came before this run. */
  readonly attempt: number;
  /** Epoch milliseconds. After this the next scheduled run does the work. */
  readonly until: number;
  /** Epoch milliseconds. A direct call reads until then; Infinity for other runs. */
  readonly readUntil: number;
}

export interface RunContext {
  readonly config: Config;
  readonly invocation: Invocation;
}
