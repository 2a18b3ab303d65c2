import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { createClient } from '#shared/aws/client.ts';
import { chunk } from '#shared/chunk.ts';
import { RetryableError } from '#shared/errors.ts';
import type { Announcement } from '../messages/events.ts';

const eventBridge = createClient(EventBridgeClient, { deadlineMs: 8_000 });

/** PutEvents takes ten events. */
const EVENTS = 10;

/** Puts all events on the default bus; throws Retryable when one was refused. */
export async function announce(events: readonly Announcement[], signal: AbortSignal): Promise<void> {
  for (const some of chunk(events, EVENTS)) {
    const command = new PutEventsCommand({
      Entries: some.map(({ source, detailType, resources, detail }) => ({
        Source: source,
        DetailType: detailType,
        Resources: [...resources],
        Detail: JSON.stringify(detail),
      })),
    });
    const { FailedEntryCount = 0, Entries = [] } = await eventBridge.send(command, { abortSignal: signal });
    if (FailedEntryCount === 0) continue;
    const refused = Entries.find(({ ErrorCode }) => ErrorCode !== undefined);
    throw new RetryableError(
      `${FailedEntryCount} of ${some.length} events were refused: ${refused?.ErrorCode} ${refused?.ErrorMessage}`,
    );
  }
}
