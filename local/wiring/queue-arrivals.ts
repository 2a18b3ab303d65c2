import type { Clock } from '../clock.ts';
import { list, type Mapping, mapping, numberOr } from '../json.ts';
import type { Stack } from '../stack/stack.ts';

/** The actions of SQS after which a message is or becomes visible. */
export const arrivalActions = [
  'SendMessage',
  'SendMessageBatch',
  'ChangeMessageVisibility',
  'ChangeMessageVisibilityBatch',
] as const;

/**
 * Knows when each queue has something to receive, so that nobody has to ask queues that nothing was sent to. Times are
 * milliseconds of the epoch.
 */
export interface Arrivals {
  /** Takes note of a call of one of `arrivalActions`. */
  changed(input: Mapping): void;
  expect(queueUrl: string, at: number): void;
  /** A receive that began at this time found nothing: what was expected before it is not there. */
  nothing(queueUrl: string, at: number): void;
  isDue(queueUrl: string): boolean;
  /** When the next message becomes visible. */
  next(): number | undefined;
  /** Whether it was ever sent a message. */
  wasUsed(queueUrl: string): boolean;
  clear(): void;
}

export function createArrivals(stack: Stack, clock: Clock): Arrivals {
  const delays = new Map(
    stack.ofType('AWS::SQS::Queue').map(({ id, properties }) => [stack.ref(id), properties.DelaySeconds]),
  );
  const expected = new Map<string, number[]>();
  const expect = (queueUrl: string, at: number): void => {
    const times = expected.get(queueUrl) ?? [];
    if (times.at(-1) !== at) times.push(at);
    expected.set(queueUrl, times);
  };
  return {
    expect,
    changed: (input) => {
      const queueUrl = String(input.QueueUrl);
      const messages = input.Entries === undefined ? [input] : list(input.Entries).map(mapping);
      for (const { DelaySeconds: delay, VisibilityTimeout: hidden } of messages) {
        const seconds = numberOr(hidden ?? delay ?? delays.get(queueUrl), 0);
        expect(queueUrl, clock.now() + seconds * 1000);
      }
    },
    nothing: (queueUrl, at) => {
      const later = expected.get(queueUrl)?.filter((time) => time >= at);
      if (later) expected.set(queueUrl, later);
    },
    isDue: (queueUrl) => (expected.get(queueUrl) ?? []).some((at) => at <= clock.now()),
    next: () => {
      const later = [...expected.values()].flat().filter((at) => at > clock.now());
      return later.length === 0 ? undefined : Math.min(...later);
    },
    wasUsed: (queueUrl) => expected.has(queueUrl),
    clear: () => expected.clear(),
  };
}
