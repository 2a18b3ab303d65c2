/** Keeps calls apart. */
export interface Pace {
  /** Resolves when the next call may be made. */
  next(): Promise<void>;
}

interface Clock {
  now(): number;
  wait(ms: number): Promise<void>;
}

/** At most `perSecond` calls a second, evenly: no burst that another run's burst would add to. */
export function createPace(perSecond: number, clock: Clock): Pace {
  const gap = 1000 / perSecond;
  let free = Number.NEGATIVE_INFINITY;
  return {
    async next() {
      const now = clock.now();
      const at = Math.max(now, free);
      free = at + gap;
      await clock.wait(at - now);
    },
  };
}
