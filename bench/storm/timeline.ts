/** Work at times in seconds, done in the order of time. */
export interface Timeline {
  add(at: number, work: (at: number) => void): void;
  runUntil(now: number): void;
}

export function createTimeline(): Timeline {
  const planned: { readonly at: number; readonly work: (at: number) => void }[] = [];
  return {
    add: (at, work) => {
      const index = planned.findLastIndex((one) => one.at <= at) + 1;
      planned.splice(index, 0, { at, work });
    },
    runUntil: (now) => {
      while ((planned[0]?.at ?? Number.POSITIVE_INFINITY) <= now) {
        const next = planned.shift();
        next?.work(next.at);
      }
    },
  };
}

/** The same numbers in every run. */
export function createRandom(): () => number {
  let state = 42;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}
