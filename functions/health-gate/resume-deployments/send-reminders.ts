import { sendMessages } from '#shared/aws/sqs.ts';
import type { ResumeContext } from '../context.ts';
import type { HoldRecord } from '../domain/hold-record.ts';
import { SWEEP_INTERVAL_MS } from '../domain/resume-schedule.ts';
import { formatDueMessage } from './event.ts';

/** Sends a delayed message for each hold due before the next sweep. If sending fails, the sweep finds the hold a few minutes later. */
export async function sendReminders(
  { config, invocation }: ResumeContext,
  holds: readonly HoldRecord[],
): Promise<void> {
  const now = invocation.now();
  const soon = holds.flatMap(({ deployment, retryAt = 0, status }) => {
    const ms = retryAt - now;
    if (status !== 'cooling down' || ms <= 0 || ms > SWEEP_INTERVAL_MS) return [];
    return [{ body: formatDueMessage(deployment, config.region, now), delaySeconds: Math.ceil(ms / 1000) }];
  });
  if (soon.length === 0) return;
  const sent = await sendMessages(config.queueUrl, soon, invocation.signal);
  const errors = sent.filter((error) => error !== undefined);
  if (errors.length > 0)
    invocation.logger.warn('reminders not sent: the next sweep resumes these deployments', {
      messages: errors.length,
      error: errors[0],
    });
}
