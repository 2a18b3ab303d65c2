import { describe, expect, it } from 'vitest';
import { createClock } from '../../../local/clock.ts';
import type { Stack } from '../../../local/stack/stack.ts';
import { createQueueArrivals } from '../../../local/wiring/queue-arrivals.ts';
import { type DeliveryParts, settle } from '../../../local/wiring/settle.ts';
import { createTimers } from '../../../local/wiring/timers.ts';

const URL = 'queue';

/** One queue with one event source mapping, which takes everything at once. @returns when batches were delivered */
async function deliver(messages: number, mapping: { longestWaitMs: number; batchSize: number }) {
  const clock = createClock(() => 0);
  const arrivals = createQueueArrivals({ ofType: () => [] } as unknown as Stack, clock);
  const batches: { at: number; size: number }[] = [];
  let waiting = messages;
  const poll = async (): Promise<number> => {
    const size = Math.min(waiting, mapping.batchSize);
    waiting -= size;
    if (size === 0) arrivals.recordDrained(URL, clock.now() + 1);
    else batches.push({ at: clock.now(), size });
    return size;
  };
  const poller = { id: 'p', queueUrl: URL, functionId: 'F', batchWindowMs: 0, ...mapping, poll };
  const async = { nextDue: () => undefined, runDue: async () => false } as unknown as DeliveryParts['async'];
  arrivals.expectMessage(URL, 0);
  await settle({
    clock,
    countMessages: () => waiting,
    async,
    pollers: [poller],
    arrivals,
    timers: createTimers(clock),
  });
  return batches;
}

describe('a queue', () => {
  it('without a batch window is delivered at once', async () => {
    expect(await deliver(3, { longestWaitMs: 0, batchSize: 10 })).toEqual([{ at: 0, size: 3 }]);
  });

  it('with a batch window and little traffic is delivered as late as Lambda may', async () => {
    const [batch, ...others] = await deliver(3, { longestWaitMs: 20_000, batchSize: 100 });

    expect([batch?.size, others]).toEqual([3, []]);
    expect(batch?.at).toBeGreaterThanOrEqual(20_000);
    expect(batch?.at).toBeLessThan(20_100);
  });

  it('with a batch window and a full batch is delivered at once', async () => {
    const batches = await deliver(150, { longestWaitMs: 20_000, batchSize: 100 });

    expect(batches).toEqual([
      { at: 0, size: 100 },
      { at: 0, size: 50 },
    ]);
  });
});
