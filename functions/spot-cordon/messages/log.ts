import type { Cordon } from '../domain/cordon-record.ts';

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
