import type { OutgoingEvent } from '#shared/aws/eventbridge.ts';
import type { Cordon } from '../domain/cordon-record.ts';

const SOURCE = 'groundcrew.spot-cordon';

/** For schedulers. Published at least once: act on instance and severity, not on the event's id. */
export function cordoned(cordon: Cordon): OutgoingEvent {
  return { source: SOURCE, detailType: 'Instance Cordoned', detail: describe(cordon) };
}

export function uncordoned(cordon: Cordon, why: string): OutgoingEvent {
  return { source: SOURCE, detailType: 'Instance Uncordoned', detail: { ...describe(cordon), why } };
}

/** The same names in every log line, event and mail. */
export function describe(cordon: Cordon): Record<string, string> {
  return {
    instanceId: cordon.instanceId,
    severity: cordon.severity,
    reason: cordon.reason,
    action: cordon.action,
    ...(cordon.deadline !== undefined && { deadline: new Date(cordon.deadline).toISOString() }),
    ...(cordon.expiresAt !== undefined && { expiresAt: new Date(cordon.expiresAt).toISOString() }),
    ...(cordon.group !== undefined && { autoScalingGroupName: cordon.group }),
    sourceEventId: cordon.sourceEventId,
  };
}
