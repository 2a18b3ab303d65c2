import type { Invocation } from '#shared/invocation.ts';
import type { IncidentNotification, IncidentNotificationKind } from '../domain/incident.ts';

const messages: Readonly<Record<IncidentNotificationKind, string>> = {
  passed: 'incident after a passed deployment',
  over: 'incident after a passed deployment is over',
  disabled: 'transition disabled',
  enabled: 'transition enabled',
  'left disabled': 'transition stays disabled',
};

/** One line per outcome. In a dry run the same lines say what would be notified. */
export function logNotification({ logger }: Invocation, notification: IncidentNotification): void {
  const { executionId, incident, kind, pipeline, stage } = notification;
  const { arn, code, region } = incident;
  logger.info(messages[kind], { pipeline, stage, executionId, incident: arn, code, region });
}
