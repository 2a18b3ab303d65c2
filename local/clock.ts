/** The time that functions, account and wiring all see. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Moves it on by so many milliseconds. */
  turn(ms: number): void;
}

export interface TurnedClock extends Clock {
  /** Milliseconds it is ahead of the machine's own clock. */
  offset(): number;
  /** Back to the machine's own time. */
  reset(): void;
}

/** Goes on with the machine's clock, from wherever it was turned to. */
export function createClock(): TurnedClock {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
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
