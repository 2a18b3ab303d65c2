import type { Invocation } from '#shared/invocation.ts';
import { describeAlarms } from '../aws/alarms.ts';
import { existingAlarms } from '../domain/alarm.ts';
import { calledAtOf } from '../domain/alarm-metadata.ts';

/** For so long we rely on what was read of an alarm. */
const FRESH_MS = 5_000;
/** Puts of five seconds. */
const MAX_NAMES = 8;

/** What the check needs of a change: its alarms, and the latest direct call that the plan knows for each. */
interface CheckedChange {
  readonly names: readonly string[];
  readonly action: 'created' | 'updated' | 'deleted';
  readonly calledAt: ReadonlyMap<string, number>;
}

/** @returns the names in `change` that a direct call changed after the plan was made */
export type CallCheck = (
  change: CheckedChange,
  following: readonly CheckedChange[],
) => Promise<ReadonlySet<string>>;

/**
 * A run may take minutes, and CloudWatch has no conditional put. So alarms are read again shortly before they change: a
 * direct call of the meantime must not lose its topic.
 * @param readAt when the plan's alarms were read, in epoch milliseconds
 */
export function createCallCheck(
  { readAt, prefix }: { readonly readAt: number; readonly prefix: string },
  { now, signal }: Invocation,
): CallCheck {
  let freshAt = readAt;
  let isFresh = (_name: string): boolean => true;
  const later = new Set<string>();
  return async (change, following) => {
    if (now() - freshAt > FRESH_MS || !change.names.every(isFresh)) {
      freshAt = now();
      const some = [
        change,
        ...following.slice(0, MAX_NAMES - 1).filter(({ action }) => action !== 'deleted'),
      ];
      const known = new Map(some.flatMap(({ calledAt }) => [...calledAt]));
      isFresh = (name) => known.has(name);
      const described = await describeAlarms([...known.keys()], signal);
      for (const { name, metadata } of existingAlarms(prefix, described))
        if (calledAtOf(metadata) > (known.get(name) ?? 0)) later.add(name);
    }
    return later;
  };
}
