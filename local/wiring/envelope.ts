import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { isMapping, type Mapping } from '../json.ts';
import type { StackNames } from '../stack/stack.ts';

/** Returns the event as EventBridge delivers it, with missing fields filled in. */
export function toEnvelope(event: unknown, { region, accountId }: StackNames, clock: Clock): Mapping {
  if (!isMapping(event)) throw new Error(`event: expected a JSON object, got ${JSON.stringify(event)}`);
  for (const field of ['source', 'detail-type']) {
    if (typeof event[field] !== 'string')
      throw new Error(`event.${field}: expected text, got ${event[field]}`);
  }
  if (!isMapping(event.detail)) throw new Error(`event.detail: expected an object, got ${event.detail}`);
  return {
    version: '0',
    id: randomUUID(),
    account: accountId,
    time: formatEventTime(clock.now()),
    region,
    resources: [],
    ...event,
  };
}

/** EventBridge writes times without milliseconds. */
export function formatEventTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
