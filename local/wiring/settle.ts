import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '../clock.ts';
import type { AsyncInvocations } from './async-invocations.ts';
import type { Arrivals } from './queue-arrivals.ts';
import type { Pump } from './sqs-poller.ts';
import type { Timers } from './timers.ts';

export interface Unsettled {
  readonly clock: Clock;
  readonly sqs: SQSClient;
  readonly async: AsyncInvocations;
  readonly pumps: readonly Pump[];
  readonly arrivals: Arrivals;
  readonly timers: Timers;
}

/** Nothing that the pack does is put off for longer: whoever waits on goes round in circles. */
const longest = 24 * 3_600_000;
const mostRounds = 1000;

/**
 * Delivers, one batch after the other, until queues and retries are empty, and turns the clock to where the next
 * message or retry is due. Throws with what is pending when that takes more than a day of the clock.
 */
export async function settle(parts: Unsettled): Promise<void> {
  const { clock } = parts;
  const started = clock.now();
  for (let round = 0, step = 1000; round < mostRounds && clock.now() - started < longest; round += 1) {
    if (await deliverDue(parts)) {
      step = 1000;
      continue;
    }
    const next = nextDue(parts) ?? (await expectOthers(parts, step));
    if (next === undefined) return;
    clock.turn(Math.max(0, next - clock.now()) + 1);
    step *= 2;
  }
  throw new Error(`The pack did not settle. Pending: ${await describePending(parts)}`);
}

/** Turns the clock on by so much, and delivers on the way what falls due, each at its time. */
export async function advance(parts: Unsettled, ms: number): Promise<void> {
  const { clock } = parts;
  const end = clock.now() + ms;
  for (let round = 0; round < mostRounds; round += 1) {
    if (await deliverDue(parts)) continue;
    const next = nextDue(parts);
    if (next === undefined || next > end) {
      clock.turn(Math.max(0, end - clock.now()));
      return;
    }
    clock.turn(Math.max(0, next - clock.now()) + 1);
  }
  throw new Error(`More fell due in ${ms} ms than could be delivered in ${mostRounds} rounds`);
}

async function deliverDue({ arrivals, async, pumps, timers }: Unsettled): Promise<boolean> {
  let delivered = await timers.runDue();
  if (await async.runDue()) delivered = true;
  for (const pump of pumps) {
    while (arrivals.isDue(pump.queueUrl)) if ((await pump.pump()) > 0) delivered = true;
  }
  return delivered;
}

function nextDue({ arrivals, async, timers }: Unsettled): number | undefined {
  const known = [async.nextDue(), timers.nextDue(), arrivals.next()].filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** Messages that somebody else received: when they come back is not known here. */
async function expectOthers(parts: Unsettled, step: number): Promise<number | undefined> {
  const queued = await countQueued(parts);
  const at = parts.clock.now() + step;
  for (const { pump } of queued) parts.arrivals.expect(pump.queueUrl, at);
  return queued.length === 0 ? undefined : at;
}

async function describePending(parts: Unsettled): Promise<string> {
  const queued = await countQueued(parts);
  const messages = queued.map(({ pump, count }) => `${pump.functionId} (${count} messages)`);
  return [...parts.async.describe(), ...messages].join(', ');
}

interface Queued {
  readonly pump: Pump;
  readonly count: number;
}

async function countQueued({ sqs, arrivals, pumps }: Unsettled): Promise<readonly Queued[]> {
  const used = pumps.filter((pump) => arrivals.wasUsed(pump.queueUrl));
  const counts = await Promise.all(
    used.map(async (pump) => ({ pump, count: await countMessages(sqs, pump.queueUrl) })),
  );
  return counts.filter(({ count }) => count > 0);
}

const kinds = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesDelayed',
  'ApproximateNumberOfMessagesNotVisible',
] as const;

async function countMessages(sqs: SQSClient, queueUrl: string): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...kinds] }),
  );
  return kinds.reduce((sum, kind) => sum + Number(Attributes[kind] ?? 0), 0);
}
