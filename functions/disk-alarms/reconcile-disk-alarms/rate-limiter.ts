/** Spaces out calls. */
export interface RateLimiter {
  /** Resolves when the next call may be made. */
  next(): Promise<void>;
}

interface Clock {
  now(): number;
  wait(ms: number): Promise<void>;
}

/** At most `perSecond` calls a second, evenly spaced, so that two runs at once do not add up to a burst. */
export function createRateLimiter(perSecond: number, clock: Clock): RateLimiter {
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
