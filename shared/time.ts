import { setTimeout as pause } from 'node:timers/promises';

/** Lets so many milliseconds pass; rejects when `signal` aborts. On this machine the clock is turned instead. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await pause(ms, undefined, { signal });
}
