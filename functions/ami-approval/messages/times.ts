const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `Tue, 24 Nov 2026, 12:00 UTC` */
export function describeTime(at: number): string {
  const [weekday, day, month, year, time = ''] = new Date(at).toUTCString().split(' ');
  return `${weekday} ${day} ${month} ${year}, ${time.slice(0, 5)} UTC`;
}

/** Rounded down: nobody should take himself to have longer than he has. */
export function describeSpan(ms: number): string {
  if (ms >= 2 * DAY_MS) return `${Math.floor(ms / DAY_MS)} days`;
  if (ms >= 2 * HOUR_MS) return `${Math.floor(ms / HOUR_MS)} hours`;
  const minutes = Math.max(0, Math.floor(ms / MINUTE_MS));
  return minutes === 1 ? '1 minute' : `${minutes} minutes`;
}
