import { mapLimit } from '#shared/concurrency.ts';
import type { QueueMessage } from '#shared/handlers/queue.ts';
import type { Invocation } from '#shared/invocation.ts';
import { sendMail } from '#shared/mail.ts';
import { addCount } from '#shared/metrics.ts';
import { describeAlarms } from '../aws/alarms.ts';
import type { Config } from '../config.ts';
import { type ExistingAlarm, existingAlarms } from '../domain/alarm.ts';
import { type Recovery, silenceReason, topicsOf } from '../domain/recovery.ts';
import { recoveryMail } from '../messages/mail.ts';

type Delivery = QueueMessage<Recovery>;

/** Recoveries notified at the same time. */
const CONCURRENCY = 5;

/**
 * Notifies the topics of each alarm that it is OK again. Alarms have no OK actions, because CloudWatch also runs those when
 * an alarm is new and when an instance starts. A redelivered event may notify twice.
 */
export async function notifyRecoveries(
  deliveries: readonly Delivery[],
  config: Config,
  invocation: Invocation,
): Promise<{ id: string; error: unknown }[]> {
  const names = [...new Set(deliveries.map(({ message }) => message.alarmName))];
  const described = await describeAlarms(names, invocation.signal);
  const alarms = new Map(existingAlarms(config.prefix, described).map((alarm) => [alarm.name, alarm]));
  const failed = await mapLimit(deliveries, CONCURRENCY, async ({ id, message }) => {
    try {
      await notifyRecovery(message, alarms.get(message.alarmName), config, invocation);
      return [];
    } catch (error) {
      return [{ id, error }];
    }
  });
  return failed.flat();
}

async function notifyRecovery(
  recovery: Recovery,
  alarm: ExistingAlarm | undefined,
  { dryRun }: Config,
  invocation: Invocation,
): Promise<void> {
  const { logger, metrics } = invocation;
  const reason = silenceReason(recovery, alarm);
  if (alarm === undefined || reason !== undefined) {
    logger.info('recovery not notified', { alarm: recovery.alarmName, reason });
    return;
  }
  const topics = topicsOf(alarm);
  for (const topicArn of dryRun ? [] : topics) {
    const result = await sendMail(topicArn, recoveryMail(alarm, recovery), invocation, { alarm: alarm.name });
    if (result.outcome === 'refused') throw result.error;
  }
  logger.info('recovery notified', { alarm: alarm.name, topics, dryRun });
  addCount(metrics, 'RecoveryNotified');
}
