import type { Call } from '../account/types.ts';
import type { World } from './world.ts';

export interface Outcome {
  /** The account after the scenario, without random ids and times. */
  readonly state: unknown;
  /** The events that were published. Delivery is at least once, so duplicates are allowed. */
  readonly events?: readonly string[];
  /** Visible effects, such as replaced instances. Each must happen exactly once, also after a fault. */
  readonly effects?: readonly string[];
  /** The mails that were sent. Never twice; one may be missing only if its delivery cannot be known. */
  readonly mails?: readonly string[];
  /** Other data for `expect`, such as texts. It may differ after a fault. */
  readonly detail?: unknown;
}

export interface Scenario<Seed = unknown> {
  readonly wing: string;
  readonly name: string;
  arrange(world: World): Promise<Seed>;
  /** Runs first, without faults: another scenario sweeps the same calls. A comment says which. */
  before?(world: World, seed: Seed): Promise<void>;
  act(world: World, seed: Seed): Promise<void>;
  /** Runs last, without faults. It repairs what a fault left, or makes calls that another scenario sweeps. */
  after?(world: World, seed: Seed): Promise<void>;
  observe(world: World, seed: Seed): Promise<Outcome>;
  /** Throws (node:assert/strict) if the outcome is not the expected one. */
  expect(outcome: Outcome, calls: readonly Call[]): void;
  /** False excludes the scenario from the fault sweep. A comment next to it says why. */
  readonly sweep?: false;
}

/** Creates sample resources of a wing for a pack that keeps running. Returns lines to print. */
export type Seed = (world: World, context: SeedContext) => Promise<readonly string[]>;

export interface SeedContext {
  /** Saves an event to `<name>.json`. Returns the command that sends it. */
  saveEvent(name: string, event: object): Promise<string>;
}
