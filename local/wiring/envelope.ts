import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { isMapping, type Mapping } from '../json.ts';
import type { StackNames } from '../stack/stack.ts';

/** An event as EventBridge delivers it: what the given one leaves out is filled in. */
export function toEnvelope(event: unknown, { region, accountId }: StackNames, clock: Clock): Mapping {
  if (!isMapping(event)) throw new Error(`An event is a JSON object, not ${JSON.stringify(event)}`);
  for (const field of ['source', 'detail-type']) {
    if (typeof event[field] !== 'string')
      throw new Error(`An event needs ${field}, a text, not ${event[field]}`);
  }
  if (!isMapping(event.detail)) throw new Error(`An event needs detail, an object, not ${event.detail}`);
  return {
    version: '0',
    id: randomUUID(),
    account: accountId,
    time: toSeconds(clock.now()),
    region,
    resources: [],
    ...event,
  };
}

/** EventBridge writes times without milliseconds. */
export function toSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
