import type { Clock } from './scenario.ts';

export interface TurnedClock extends Clock {
  /** Milliseconds it is ahead of the machine's own clock. */
  offset(): number;
  /** Back to the machine's own time. */
  reset(): void;
}

/** Goes on with the machine's clock, or another one in epoch milliseconds, from wherever it was turned to. */
export function createClock(machine: () => number = Date.now): TurnedClock {
  let ahead = 0;
  return {
    now: () => machine() + ahead,
    offset: () => ahead,
    turn: (ms) => {
      if (!(ms >= 0)) throw new RangeError(`A clock is turned forward, not by ${ms} ms`);
      ahead += ms;
    },
    reset: () => {
      ahead = 0;
    },
  };
}
