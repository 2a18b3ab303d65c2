import type { Clock } from '../clock.ts';

/** What a stand-in has put off: a service that comes back to something later does it by the pack's clock. */
export interface Timers {
  /** Runs `work` when so many milliseconds of the clock have passed. Returns how to call it off. */
  later(ms: number, work: () => void | Promise<void>): () => void;
  /** Runs what is due; false when nothing was. */
  runDue(): Promise<boolean>;
  /** When the next one is due, in milliseconds of the epoch. */
  nextDue(): number | undefined;
  clear(): void;
}

interface Timer {
  readonly due: number;
  readonly work: () => void | Promise<void>;
}

export function createTimers(clock: Clock): Timers {
  const waiting = new Set<Timer>();
  return {
    later: (ms, work) => {
      const timer = { due: clock.now() + ms, work };
      waiting.add(timer);
      return () => waiting.delete(timer);
    },
    runDue: async () => {
      const now = clock.now();
      const due = [...waiting].filter((timer) => timer.due <= now).toSorted((a, b) => a.due - b.due);
      for (const timer of due) {
        // One that ran before it may have called it off.
        if (waiting.delete(timer)) await timer.work();
      }
      return due.length > 0;
    },
    nextDue: () => (waiting.size === 0 ? undefined : Math.min(...[...waiting].map(({ due }) => due))),
    clear: () => waiting.clear(),
  };
}
