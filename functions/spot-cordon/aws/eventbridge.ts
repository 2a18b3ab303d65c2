import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { createClient } from '#shared/aws/client.ts';
import { chunk } from '#shared/chunk.ts';
import { mapLimit } from '#shared/concurrency.ts';
import { RetryableError, toError } from '#shared/errors.ts';
import { type Announcement, SOURCE } from '../messages/events.ts';

const events = createClient(EventBridgeClient, { deadlineMs: 5_000 });

/** PutEvents takes ten entries. */
const ENTRIES = 10;

/** Puts events on the default bus. @returns for each announcement the error that kept it out, or undefined */
export async function announce(
  announcements: readonly Announcement[],
  signal: AbortSignal,
): Promise<(Error | undefined)[]> {
  const groups = await mapLimit(chunk(announcements, ENTRIES), 10, async (group) => {
    const Entries = group.map(({ detailType, detail }) => ({
      Source: SOURCE,
      DetailType: detailType,
      Detail: JSON.stringify(detail),
    }));
    const command = new PutEventsCommand({ Entries });
    const reply = await events.send(command, { abortSignal: signal }).catch(toError);
    // Ten that could not be told keep nobody from telling the rest.
    if (reply instanceof Error) return group.map(() => reply);
    // PutEvents answers 200 for a batch of which parts failed.
    return group.map((_, i) => {
      const code = reply.Entries?.[i]?.ErrorCode;
      return code ? new RetryableError(`PutEvents: entry refused: ${code}`) : undefined;
    });
  });
  return groups.flat();
}
