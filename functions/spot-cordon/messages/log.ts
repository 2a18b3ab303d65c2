import type { CordonRecord } from '../domain/cordon-record.ts';

/** The fields of a record that log lines and events share, under the same names. */
export function logFields(record: CordonRecord): Record<string, string> {
  return {
    instanceId: record.instanceId,
    severity: record.severity,
    reason: record.reason,
    action: record.action,
    ...(record.deadline !== undefined && { deadline: new Date(record.deadline).toISOString() }),
    ...(record.expiresAt !== undefined && { expiresAt: new Date(record.expiresAt).toISOString() }),
    ...(record.group !== undefined && { autoScalingGroupName: record.group }),
    sourceEventId: record.sourceEventId,
  };
}
