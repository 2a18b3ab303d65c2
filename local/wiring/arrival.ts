import type { Caller } from '../account/types.ts';
import type { Mapping } from '../json.ts';

/** When something arrived: on the pack's clock, and as performance.now() has it. */
export interface Arrival {
  readonly at: number;
  readonly arrivedAt: number;
}

/** An event that was put on the bus. */
export interface PutEvent extends Arrival {
  readonly event: Mapping;
  /** The rules that it matched. */
  readonly rules: readonly string[];
  readonly publishedBy?: Caller | undefined;
}
