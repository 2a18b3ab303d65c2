import { HOUR_MS, MINUTE_MS } from '#shared/time.ts';
import type { FallBackDraft, Interruption } from './fall-back-record.ts';

/** EC2 takes an instance two minutes after the warning; then Auto Scaling needs a moment to notice. */
const NOTICE_AND_MORE_MS = 4 * MINUTE_MS;

/** The record with the new interruptions and without those of more than an hour ago; the same record if nothing changes. */
export function withInterruptions<R extends FallBackDraft>(
  record: R,
  fresh: readonly Interruption[],
  now: number,
): R {
  const known = new Set(record.interruptions.map(({ instanceId }) => instanceId));
  const added = fresh.filter(({ instanceId }) => !known.has(instanceId));
  const all = [...record.interruptions, ...added].filter(({ at }) => now - at < HOUR_MS);
  const isSame = added.length === 0 && all.length === record.interruptions.length;
  return isSame ? record : { ...record, interruptions: all };
}

/** The instances that are about to end. */
export function interruptedInstances({ interruptions }: FallBackDraft, now: number): ReadonlySet<string> {
  return new Set(
    interruptions.filter(({ at }) => now - at < NOTICE_AND_MORE_MS).map(({ instanceId }) => instanceId),
  );
}
