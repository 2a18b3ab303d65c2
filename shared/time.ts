import { setTimeout as pause } from 'node:timers/promises';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Rejects when `signal` aborts. On the local account the clock is turned instead. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await pause(ms, undefined, { signal });
}

/** `2026-11-24T12:00:00Z` */
export function formatIso(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** `Tue, 24 Nov 2026, 12:00 UTC` */
export function formatTime(at: number): string {
  const [weekday, day, month, year, time = ''] = new Date(at).toUTCString().split(' ');
  return `${weekday} ${day} ${month} ${year}, ${time.slice(0, 5)} UTC`;
}

/** `2 days`, `3 hours`, `1 minute`: rounded down, so that no reader counts on more time than there is. */
export function formatDuration(ms: number): string {
  if (ms >= 2 * DAY_MS) return `${Math.floor(ms / DAY_MS)} days`;
  if (ms >= 2 * HOUR_MS) return `${Math.floor(ms / HOUR_MS)} hours`;
  const minutes = Math.max(0, Math.floor(ms / MINUTE_MS));
  return minutes === 1 ? '1 minute' : `${minutes} minutes`;
}
