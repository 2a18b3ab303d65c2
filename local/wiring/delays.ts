import type { Clock } from '../scenario.ts';
import { list, type Mapping, mapping, numberOr } from '../stack/mapping.ts';
import type { Stack } from '../stack/stack.ts';

/** Knows when messages that were sent with a delay become visible. */
export interface Delays {
  /** Takes note of a SendMessage or SendMessageBatch call. */
  sent(input: Mapping): void;
  next(): number | undefined;
  clear(): void;
}

export function createDelays(stack: Stack, clock: Clock): Delays {
  const ofQueue = new Map(
    stack.ofType('AWS::SQS::Queue').map(({ id, properties }) => [stack.ref(id), properties.DelaySeconds]),
  );
  let visible: number[] = [];
  return {
    sent: (input) => {
      const messages = input.Entries === undefined ? [input] : list(input.Entries).map(mapping);
      for (const { DelaySeconds: own } of messages) {
        const seconds = numberOr(own ?? ofQueue.get(String(input.QueueUrl)), 0);
        if (seconds > 0) visible.push(clock.now() + seconds * 1000);
      }
    },
    next: () => {
      visible = visible.filter((at) => at > clock.now());
      return visible.length === 0 ? undefined : Math.min(...visible);
    },
    clear: () => {
      visible = [];
    },
  };
}
