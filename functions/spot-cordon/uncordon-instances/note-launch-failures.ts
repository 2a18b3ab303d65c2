import { publishEvents } from '#shared/aws/eventbridge.ts';
import { scanRecords } from '#shared/aws/records.ts';
import { updateRecords } from '#shared/aws/update-records.ts';
import type { QueueMessage } from '#shared/handlers/queue.ts';
import type { UncordonContext } from '../context.ts';
import type { CordonRecord, LaunchFailure } from '../domain/cordon-record.ts';
import { isNewLaunchFailure } from '../domain/replacement.ts';
import { launchFailedEvent } from '../messages/events.ts';
import type { TriggerEvent } from './event.ts';
import { logLaunchFailures } from './log.ts';

interface Failed {
  readonly record: CordonRecord;
  readonly failure: LaunchFailure;
  readonly messageId: string;
}

/**
 * Reports, once for each instance, that the replacement we ordered could not be launched. The events name only the
 * group, and few records are open, so one scan finds all instances.
 *
 * @returns the messages that must be delivered again
 */
export async function noteLaunchFailures(
  context: UncordonContext,
  messages: readonly QueueMessage<TriggerEvent>[],
): Promise<readonly { readonly id: string; readonly error: unknown }[]> {
  const { config, table } = context;
  const launches = messages.flatMap(({ id, message }) =>
    message.kind === 'launch-failure' ? [{ ...message, id }] : [],
  );
  if (launches.length === 0 || config.dryRun) return [];
  const failed = (await scanRecords(table)).flatMap((record): Failed[] => {
    const launch = launches.find((one) => isNewLaunchFailure(record, one));
    return launch ? [{ record, failure: launch.failure, messageId: launch.id }] : [];
  });
  return failed.length === 0 ? [] : report(context, failed);
}

/** Publishes before it writes, so that no report is lost. MailCordons sends the mail of a repeated event only once. */
async function report({ invocation, table }: UncordonContext, failed: readonly Failed[]) {
  const errors = await publishEvents(
    failed.map(({ record, failure }) => launchFailedEvent(record, failure)),
    invocation.signal,
  );
  const published = new Map(
    failed.filter((_, i) => errors[i] === undefined).map((one) => [one.record.instanceId, one]),
  );
  const { failures } = await updateRecords<CordonRecord>(
    table,
    [...published.keys()],
    (known, id) => {
      const launchFailure = published.get(id)?.failure;
      return known && launchFailure && { ...known, launchFailure };
    },
    new Map([...published].map(([id, { record }]) => [id, record])),
  );
  for (const [failure, some] of Map.groupBy(published.values(), (one) => one.failure))
    logLaunchFailures(
      invocation,
      some.map(({ record }) => record),
      failure,
    );
  return failed.flatMap(({ record: { instanceId }, messageId }, i) => {
    const error = errors[i] ?? failures.get(instanceId);
    return error === undefined ? [] : [{ id: messageId, error }];
  });
}
