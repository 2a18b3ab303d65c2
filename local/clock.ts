/** The time that functions, the account and the wiring see. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Moves the clock forward. It delivers nothing: see `advance` of the world for that. */
  skip(ms: number): void;
}

export interface AdjustableClock extends Clock {
  /** How many milliseconds this clock is ahead of the machine's clock. */
  offset(): number;
  /** Returns to the machine's time. */
  reset(): void;
}

/** Runs at the speed of the machine's clock, or of another one, ahead of it by all the time that was skipped. */
export function createClock(machine: () => number = Date.now): AdjustableClock {
  let offsetMs = 0;
  return {
    now: () => machine() + offsetMs,
    offset: () => offsetMs,
    skip: (ms) => {
      if (!(ms >= 0)) throw new RangeError(`clock.skip: expected 0 ms or more, got ${ms}`);
      offsetMs += ms;
    },
    reset: () => {
      offsetMs = 0;
    },
  };
}
