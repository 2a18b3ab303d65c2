import type { HealthIssue } from './health-issue.ts';

/** An AWS Health event as people are notified about it: all mails about one have the same subject. */
export type Incident = Pick<HealthIssue, 'arn' | 'code' | 'region' | 'service' | 'startedAt'>;

export function toIncident({ arn, code, region, service, startedAt }: HealthIssue): Incident {
  return { arn, code, region, service, startedAt };
}

/**
 * What a notification is about. `passed` and `over`: a deployment that the gate let through before the incident. The others: the
 * transition into a gated stage; `left disabled` if it stays disabled although the incident is over.
 */
export type IncidentNotificationKind = 'passed' | 'over' | 'disabled' | 'enabled' | 'left disabled';

export interface IncidentNotification {
  readonly kind: IncidentNotificationKind;
  readonly incident: Incident;
  readonly pipeline: string;
  readonly stage: string;
  /** Of a deployment that passed. */
  readonly executionId?: string;
  readonly passedAt?: number;
}
