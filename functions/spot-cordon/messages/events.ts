import type { OutgoingEvent } from '#shared/aws/eventbridge.ts';
import { ownEvent } from '#shared/events/eventbridge.ts';
import type { CordonRecord } from '../domain/cordon-record.ts';
import { logFields } from './log.ts';

const SOURCE = 'groundcrew.spot-cordon';

/** For schedulers. Published at least once: consumers must act on the instance and severity, not on the event's id. */
export function cordonedEvent(record: CordonRecord): OutgoingEvent {
  return { source: SOURCE, detailType: 'Instance Cordoned', detail: logFields(record) };
}

export function uncordonedEvent(record: CordonRecord, why: string): OutgoingEvent {
  return { source: SOURCE, detailType: 'Instance Uncordoned', detail: { ...logFields(record), why } };
}

/** Detail type of the message that the sweep sends to CordonInstances when deferred maintenance is due. */
export const CORDON_DUE = 'Cordon Due';

/** Detail type of the message that CordonInstances sends to itself, so that one mail covers many instances. */
export const MAIL_DUE = 'Cordon Mail Due';

/** @param remarks facts for the mail that the record does not have */
export function mailDueEvent(
  instanceId: string,
  remarks: readonly string[],
  { region, now }: { readonly region: string; readonly now: number },
): object {
  const about = { source: SOURCE, detailType: MAIL_DUE, id: `mail-${instanceId}` };
  return ownEvent({ ...about, detail: { 'instance-id': instanceId, remarks } }, region, now);
}

/** Only CordonInstances has the permissions to cordon. The message has only the id; the record has everything else. */
export function dueEvent(instanceId: string, region: string, now: number): object {
  const about = { source: SOURCE, detailType: CORDON_DUE, id: `due-${instanceId}` };
  return ownEvent({ ...about, detail: { 'instance-id': instanceId } }, region, now);
}
