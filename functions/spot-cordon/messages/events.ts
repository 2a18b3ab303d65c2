import type { OutgoingEvent } from '#shared/aws/eventbridge.ts';
import { ownEvent } from '#shared/events/eventbridge.ts';
import type { CordonRecord, LaunchFailure } from '../domain/cordon-record.ts';
import type { LifecycleAction } from '../domain/lifecycle-action.ts';
import { mayRestoreProtection } from '../domain/protection.ts';
import { logFields } from './log.ts';

const SOURCE = 'groundcrew.spot-cordon';

/** Detail type of the event for schedulers. MailCordons reads it too. */
export const CORDONED = 'Instance Cordoned';

/** For schedulers. Published at least once: consumers must act on the instance and severity, not on the event's id. */
export function cordonedEvent(record: CordonRecord): OutgoingEvent {
  return { source: SOURCE, detailType: CORDONED, detail: logFields(record) };
}

export function uncordonedEvent(record: CordonRecord, why: string): OutgoingEvent {
  const detail = {
    ...logFields(record),
    why,
    // Without a trail we cannot know whether a worker wants its protection back, so the worker has to set it.
    ...(record.removedProtection && {
      protection: mayRestoreProtection(record) ? 'restored' : 'not restored',
    }),
  };
  return { source: SOURCE, detailType: 'Instance Uncordoned', detail };
}

/** Detail types of what follows an interruption. MailCordons reads them too. */
export const OVERDUE = 'Instance Overdue';
export const LAUNCH_FAILED = 'Replacement Failed';

/** The instance still runs long after its deadline. `overdueAction` is what this wing will do about it. */
export function overdueEvent(record: CordonRecord, isToTerminate: boolean): OutgoingEvent {
  const detail = { ...logFields(record), overdueAction: isToTerminate ? 'terminate' : 'none' };
  return { source: SOURCE, detailType: OVERDUE, detail };
}

export function launchFailedEvent(record: CordonRecord, launchFailure: LaunchFailure): OutgoingEvent {
  return { source: SOURCE, detailType: LAUNCH_FAILED, detail: { ...logFields(record), launchFailure } };
}

/** Detail type of the event that makes CordonInstances look at a record again. */
export const CORDON_DUE = 'Cordon Due';

/** Only CordonInstances has the permissions to cordon. The message has only the id; the record has everything else. */
export function dueEvent(instanceId: string, region: string, now: number): object {
  const about = { source: SOURCE, detailType: CORDON_DUE, id: `due-${instanceId}` };
  return ownEvent({ ...about, detail: { 'instance-id': instanceId } }, region, now);
}

/** Through the event bus: a rule sends it to a queue with a delay. */
export function recheckEvent(instanceId: string): OutgoingEvent {
  return { source: SOURCE, detailType: CORDON_DUE, detail: { 'instance-id': instanceId } };
}

/** Detail type of the message with which CompleteTerminations looks at a drain again. */
export const TERMINATION_DUE = 'Termination Due';

export function terminationDueEvent(action: LifecycleAction, region: string, now: number): object {
  const id = `termination-${action.instanceId}`;
  return ownEvent({ source: SOURCE, detailType: TERMINATION_DUE, id, detail: action }, region, now);
}
