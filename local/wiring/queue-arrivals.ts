import type { Clock } from '../clock.ts';
import { list, type Mapping, mapping, numberOr } from '../json.ts';
import type { Stack } from '../stack/stack.ts';

/** The SQS actions after which a message is or becomes visible. */
export const arrivalActions = [
  'SendMessage',
  'SendMessageBatch',
  'ChangeMessageVisibility',
  'ChangeMessageVisibilityBatch',
] as const;

/** Tracks when each queue has a message to receive, so that we do not poll empty queues. Times: ms since 1970. */
export interface QueueArrivals {
  /** Records a call of one of `arrivalActions`. */
  recordCall(input: Mapping): void;
  expectMessage(queueUrl: string, at: number): void;
  /** A receive call that started at this time left nothing visible, so earlier expectations are done or were wrong. */
  recordDrained(queueUrl: string, at: number): void;
  /** Since when the oldest expected message is visible. Undefined if none is. */
  dueSince(queueUrl: string): number | undefined;
  /** When the next message becomes visible, if any. */
  nextArrival(): number | undefined;
  /** Whether a message was ever sent to the queue. */
  wasUsed(queueUrl: string): boolean;
  clear(): void;
}

export function createQueueArrivals(stack: Stack, clock: Clock): QueueArrivals {
  const delays = new Map(
    stack.ofType('AWS::SQS::Queue').map(({ id, properties }) => [stack.ref(id), properties.DelaySeconds]),
  );
  const expected = new Map<string, number[]>();
  const expectMessage = (queueUrl: string, at: number): void => {
    const times = expected.get(queueUrl) ?? [];
    if (times.at(-1) !== at) times.push(at);
    expected.set(queueUrl, times);
  };
  return {
    expectMessage,
    recordCall: (input) => {
      const queueUrl = String(input.QueueUrl);
      const messages = input.Entries === undefined ? [input] : list(input.Entries).map(mapping);
      for (const { DelaySeconds: delay, VisibilityTimeout: timeout } of messages) {
        const seconds = numberOr(timeout ?? delay ?? delays.get(queueUrl), 0);
        expectMessage(queueUrl, clock.now() + seconds * 1000);
      }
    },
    recordDrained: (queueUrl, at) => {
      const later = expected.get(queueUrl)?.filter((time) => time >= at);
      if (later) expected.set(queueUrl, later);
    },
    dueSince: (queueUrl) => {
      const due = (expected.get(queueUrl) ?? []).filter((at) => at <= clock.now());
      return due.length === 0 ? undefined : Math.min(...due);
    },
    nextArrival: () => {
      const later = [...expected.values()].flat().filter((at) => at > clock.now());
      return later.length === 0 ? undefined : Math.min(...later);
    },
    wasUsed: (queueUrl) => expected.has(queueUrl),
    clear: () => expected.clear(),
  };
}
