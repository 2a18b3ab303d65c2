import type { OutgoingEvent } from '#shared/aws/eventbridge.ts';
import { ownEvent } from '#shared/events/eventbridge.ts';
import type { Cordon } from '../domain/cordon-record.ts';
import { describe } from './log.ts';

const SOURCE = 'groundcrew.spot-cordon';

/** For schedulers. Published at least once: act on instance and severity, not on the event's id. */
export function cordoned(cordon: Cordon): OutgoingEvent {
  return { source: SOURCE, detailType: 'Instance Cordoned', detail: describe(cordon) };
}

export function uncordoned(cordon: Cordon, why: string): OutgoingEvent {
  return { source: SOURCE, detailType: 'Instance Uncordoned', detail: { ...describe(cordon), why } };
}

/** Detail type of the message with which the sweep gives a deferred cordon back to CordonInstances. */
export const CORDON_DUE = 'Cordon Due';

/**
 * Gives a notice that has come due back to CordonInstances, which has the permissions and the code to act on it. Only
 * the id travels: the record says what it is about.
 */
export function dueEvent(id: string, region: string, now: number): object {
  const about = { source: SOURCE, detailType: CORDON_DUE, id: `due-${id}` };
  return ownEvent({ ...about, detail: { 'instance-id': id } }, region, now);
}
