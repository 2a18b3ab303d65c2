import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { chunk, mapLimit } from '../concurrency.ts';
import { readStackName } from '../config.ts';
import { RetryableError, toError } from '../errors.ts';
import { createClient } from './client.ts';

const eventBridge = createClient(EventBridgeClient, { deadlineMs: 5_000 });

/** Two stacks in one Region share the default bus: the rules of each match its own name in `detail.stack`. */
const stack = readStackName();

/** PutEvents takes ten entries. */
const MAX_ENTRIES = 10;

/** An event for the default bus. Its detail also gets the name of the stack. */
export interface OutgoingEvent {
  readonly source: string;
  readonly detailType: string;
  readonly resources?: readonly string[];
  readonly detail: object;
}

/** Publishes events to the default bus, ten a call. @returns for each event the error that kept it out, or undefined */
export async function publishEvents(
  events: readonly OutgoingEvent[],
  signal: AbortSignal,
): Promise<(Error | undefined)[]> {
  const groups = await mapLimit(chunk(events, MAX_ENTRIES), 10, async (group) => {
    const command = new PutEventsCommand({ Entries: group.map(toEntry) });
    const reply = await eventBridge.send(command, { abortSignal: signal }).catch(toError);
    if (reply instanceof Error) return group.map(() => reply);
    // PutEvents answers 200 for a batch of which parts failed.
    return group.map((_, i) => {
      const { ErrorCode: code, ErrorMessage: message = '' } = reply.Entries?.[i] ?? {};
      return code ? new RetryableError(`PutEvents refused an event: ${code} ${message}`.trim()) : undefined;
    });
  });
  return groups.flat();
}

/** Publishes events to the default bus. @throws the first error: publishing them again does no harm */
export async function publishAllEvents(events: readonly OutgoingEvent[], signal: AbortSignal): Promise<void> {
  const failure = (await publishEvents(events, signal)).find((error) => error !== undefined);
  if (failure) throw failure;
}

function toEntry({ source, detailType, resources, detail }: OutgoingEvent) {
  return {
    Source: source,
    DetailType: detailType,
    ...(resources && { Resources: [...resources] }),
    Detail: JSON.stringify({ ...detail, stack }),
  };
}
