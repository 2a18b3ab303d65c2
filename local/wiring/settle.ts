import type { Clock } from '../clock.ts';
import type { AsyncInvocations } from './async-invocations.ts';
import type { QueueArrivals } from './queue-arrivals.ts';
import type { Poller } from './sqs-poller.ts';
import type { Timers } from './timers.ts';

export interface DeliveryParts {
  readonly clock: Clock;
  /** Visible, delayed and received messages of the queue. */
  readonly countMessages: (queueUrl: string) => number;
  readonly async: AsyncInvocations;
  readonly pollers: readonly Poller[];
  readonly arrivals: QueueArrivals;
  readonly timers: Timers;
}

/** The pack delays nothing for longer, so a longer wait means an endless loop. */
const maxSettleMs = 24 * 3_600_000;
const maxRounds = 1000;

/**
 * Delivers one batch after the other until queues and retries are empty, and skips the time until the next one is due.
 * @throws Error that lists the pending deliveries if this takes more than a day on the clock
 */
export async function settle(parts: DeliveryParts): Promise<void> {
  const { clock } = parts;
  const started = clock.now();
  for (let round = 0, step = 1000; round < maxRounds && clock.now() - started < maxSettleMs; round += 1) {
    if (await deliverDue(parts)) {
      step = 1000;
      continue;
    }
    const next = nextDue(parts) ?? expectMessagesInFlight(parts, step);
    if (next === undefined) return;
    clock.skip(Math.max(0, next - clock.now()) + 1);
    step *= 2;
  }
  throw new Error(`The pack did not settle within 24 hours on its clock. Pending: ${describePending(parts)}`);
}

/** Lets `ms` pass on the clock and delivers what falls due during this time, each delivery at its time. */
export async function advance(parts: DeliveryParts, ms: number): Promise<void> {
  const { clock } = parts;
  const end = clock.now() + ms;
  for (let round = 0; round < maxRounds; round += 1) {
    if (await deliverDue(parts)) continue;
    const next = nextDue(parts);
    if (next === undefined || next > end) {
      clock.skip(Math.max(0, end - clock.now()));
      return;
    }
    clock.skip(Math.max(0, next - clock.now()) + 1);
  }
  throw new Error(
    `More deliveries fell due in ${ms} ms than ${maxRounds} rounds can handle. Look for a retry loop.`,
  );
}

async function deliverDue(parts: DeliveryParts): Promise<boolean> {
  const { arrivals, async, clock, pollers, timers } = parts;
  let delivered = await timers.runDue();
  if (await async.runDue()) delivered = true;
  for (const poller of pollers) {
    if ((batchDueAt(parts, poller) ?? Number.POSITIVE_INFINITY) > clock.now()) continue;
    while (arrivals.dueSince(poller.queueUrl) !== undefined) if ((await poller.poll()) > 0) delivered = true;
  }
  return delivered;
}

/** When Lambda delivers what is visible in the queue: at once if a batch is full, otherwise as late as it may. */
function batchDueAt(
  { arrivals, countMessages }: DeliveryParts,
  { batchSize, longestWaitMs, queueUrl }: Poller,
): number | undefined {
  const since = arrivals.dueSince(queueUrl);
  if (since === undefined || longestWaitMs === 0 || countMessages(queueUrl) >= batchSize) return since;
  return since + longestWaitMs;
}

function nextDue(parts: DeliveryParts): number | undefined {
  const { arrivals, async, pollers, timers } = parts;
  const batches = pollers.map((poller) => batchDueAt(parts, poller));
  const known = [async.nextDue(), timers.nextDue(), arrivals.nextArrival(), ...batches].filter(
    (time) => time !== undefined,
  );
  return known.length === 0 ? undefined : Math.min(...known);
}

/** Other consumers hold messages, and we cannot know when these become visible again: look again after `step`. */
function expectMessagesInFlight(parts: DeliveryParts, step: number): number | undefined {
  const queued = countBacklogs(parts);
  const at = parts.clock.now() + step;
  for (const { poller } of queued) parts.arrivals.expectMessage(poller.queueUrl, at);
  return queued.length === 0 ? undefined : at;
}

function describePending(parts: DeliveryParts): string {
  const queued = countBacklogs(parts);
  const messages = queued.map(({ poller, count }) => `${poller.functionId} (${count} messages)`);
  return [...parts.async.describePending(), ...messages].join(', ');
}

interface QueueBacklog {
  readonly poller: Poller;
  readonly count: number;
}

function countBacklogs({ arrivals, countMessages, pollers }: DeliveryParts): readonly QueueBacklog[] {
  const used = pollers.filter((poller) => arrivals.wasUsed(poller.queueUrl));
  return used
    .map((poller) => ({ poller, count: countMessages(poller.queueUrl) }))
    .filter(({ count }) => count > 0);
}
