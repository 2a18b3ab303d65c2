/** Spaces out calls. */
export interface RateLimiter {
  /** Resolves when the next call may be made. */
  next(): Promise<void>;
  /** After a throttle: the next call waits for `ms`, and all further ones are half as frequent. */
  backOff(ms: number): void;
}

interface Clock {
  now(): number;
  wait(ms: number): Promise<void>;
}

/** At most `perSecond` calls a second, evenly spaced, so that two runs at once do not add up to a burst. */
export function createRateLimiter(perSecond: number, clock: Clock): RateLimiter {
  let gap = 1000 / perSecond;
  let free = Number.NEGATIVE_INFINITY;
  return {
    async next() {
      const now = clock.now();
      const at = Math.max(now, free);
      free = at + gap;
      await clock.wait(at - now);
    },
    backOff(ms) {
      gap *= 2;
      free = clock.now() + Math.max(ms, gap);
    },
  };
}
