import type { Clock } from '../clock.ts';

/** Delayed work of emulated services, on the pack's clock. */
export interface Timers {
  /** Runs `work` when `ms` have passed on the clock. Returns a cancel function. */
  runLater(ms: number, work: () => void | Promise<void>): () => void;
  /** Runs the work that is due. Returns false if there was none. */
  runDue(): Promise<boolean>;
  /** When the next work is due, in milliseconds since 1970. */
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
    runLater: (ms, work) => {
      const timer = { due: clock.now() + ms, work };
      waiting.add(timer);
      return () => waiting.delete(timer);
    },
    runDue: async () => {
      const now = clock.now();
      const due = [...waiting].filter((timer) => timer.due <= now).toSorted((a, b) => a.due - b.due);
      for (const timer of due) {
        // Work that ran before may have cancelled this timer.
        if (waiting.delete(timer)) await timer.work();
      }
      return due.length > 0;
    },
    nextDue: () => (waiting.size === 0 ? undefined : Math.min(...[...waiting].map(({ due }) => due))),
    clear: () => waiting.clear(),
  };
}
