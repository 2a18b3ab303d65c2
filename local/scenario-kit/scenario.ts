import type { Call } from '../account/types.ts';
import type { World } from '../pack/world.ts';

export interface Outcome {
  /** The account as it is afterwards, in stable names: no random ids, no times. */
  readonly state: unknown;
  /** What machines were told: at least once, duplicates allowed. */
  readonly told?: readonly string[];
  /** What people see, such as replaced instances: once, whatever happens. */
  readonly seen?: readonly string[];
  /** The mails that went out: never twice, and missing only where nobody can know whether one went out. */
  readonly mails?: readonly string[];
  /** What else `expect` looks at, such as wordings; it may differ after a fault. */
  readonly detail?: unknown;
}

export interface Scenario<Seed = unknown> {
  readonly wing: string;
  readonly name: string;
  arrange(world: World): Promise<Seed>;
  act(world: World, seed: Seed): Promise<void>;
  observe(world: World, seed: Seed): Promise<Outcome>;
  /** Throws (node:assert/strict) when the outcome is not the one promised. */
  expect(outcome: Outcome, calls: readonly Call[]): void;
  /** False leaves it out of the fault sweep; a comment beside it says why. */
  readonly sweep?: false;
}

/** Arranges what a wing has to show while the pack stays up; the lines it gives are printed. */
export type Seed = (world: World, stay: Stay) => Promise<readonly string[]>;

export interface Stay {
  /** Keeps an event as a file, `<name>.json`. Returns the command that sends it. */
  keepEvent(name: string, event: object): Promise<string>;
}
