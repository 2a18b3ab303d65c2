import type { BusyWait } from './busy-wait.ts';
import { type Severity, severities } from './disruption.ts';

/** An item of the table `Workers`. Workers write their own, so numbers may be missing. Times are epoch seconds. */
export interface WorkerItem {
  readonly instanceId: string;
  readonly busySince: number | undefined;
  readonly expiresAt: number | undefined;
  /** Only in the item of a wait. */
  readonly answered: readonly string[];
}

/** A record of a cordoned instance, as far as a choice needs it. Epoch milliseconds. */
export interface CordonItem {
  readonly instanceId: string;
  readonly severity: string;
  readonly expiresAt: number | undefined;
}

/** The item of the wait of a cause, among the items of instances. */
export function waitKey(cause: string): string {
  return `waiting/${cause}`;
}

/** Who is busy, and the wait of this cause. An item without valid times, or whose time is over, does not count. */
export function toWorkers(
  items: readonly WorkerItem[],
  { cause, now }: { readonly cause: string; readonly now: number },
): { readonly busySince: ReadonlyMap<string, number>; readonly wait: BusyWait | undefined } {
  const busySince = new Map<string, number>();
  let wait: BusyWait | undefined;
  for (const { answered, instanceId, ...seconds } of items) {
    const since = (seconds.busySince ?? Number.NaN) * 1000;
    const expiresAt = (seconds.expiresAt ?? Number.NaN) * 1000;
    if (Number.isNaN(since) || !(expiresAt > now)) continue;
    if (instanceId === waitKey(cause)) wait = { since, expiresAt, answered };
    else busySince.set(instanceId, since);
  }
  return { busySince, wait };
}

export function toCordoned(items: readonly CordonItem[], now: number): ReadonlyMap<string, Severity> {
  return new Map(
    items.flatMap(({ expiresAt = Number.POSITIVE_INFINITY, instanceId, severity: text }) => {
      const severity = severities.find((one) => one === text);
      return severity && expiresAt > now ? [[instanceId, severity] as const] : [];
    }),
  );
}
