import type { Clock } from '../clock.ts';
import type { Schedule } from '../wiring/schedules.ts';

export interface TimeOptions {
  readonly clock: Clock;
  readonly schedules: readonly Schedule[];
  /** Lets time pass and delivers what falls due. */
  readonly advance: (ms: number) => Promise<void>;
}

/** In a longer time a schedule runs more rarely than in an account: nobody waits for 288 sweeps. */
const maxRuns = 12;

/** Lets time pass on the clock of the pack. What falls due is delivered, and schedules run. */
export async function passTime(ms: number, { clock, schedules, advance }: TimeOptions): Promise<void> {
  const end = clock.now() + ms;
  const due = schedules.flatMap((schedule) => {
    const { intervalMs } = schedule;
    if (intervalMs === undefined || intervalMs > ms) return [];
    const stepMs = Math.max(intervalMs, ms / maxRuns);
    return Array.from({ length: Math.floor(ms / stepMs) }, (_, i) => ({
      schedule,
      at: end - ms + (i + 1) * stepMs,
    }));
  });
  for (const { schedule, at } of due.toSorted((a, b) => a.at - b.at)) {
    await advance(Math.max(0, at - clock.now()));
    await schedule.run();
  }
  await advance(Math.max(0, end - clock.now()));
}
