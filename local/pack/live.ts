export interface Live {
  /** Delivers in real time from now on. Returns how to stop. */
  start(): () => Promise<void>;
  /** Delivers nothing in real time until the work is done. */
  whilePaused(work: () => Promise<void>): Promise<void>;
}

/** @param run delivers in real time, and returns how to stop */
export function createLive(run: () => () => Promise<void>): Live {
  let isWanted = false;
  let stop: (() => Promise<void>) | undefined;
  let working = Promise.resolve();
  const resume = (): void => {
    if (isWanted) stop ??= run();
  };
  const pause = async (): Promise<void> => {
    const running = stop;
    stop = undefined;
    await running?.();
  };
  return {
    start: () => {
      isWanted = true;
      resume();
      return async () => {
        isWanted = false;
        await pause();
      };
    },
    whilePaused: (work) => {
      const done = working.then(pause).then(work).finally(resume);
      working = done.catch(() => {});
      return done;
    },
  };
}
