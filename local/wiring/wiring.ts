import type { SNSClient } from '@aws-sdk/client-sns';
import { ChangeMessageVisibilityBatchCommand, type Message, type SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '../clock.ts';
import type { Mapping } from '../json.ts';
import type { Invoked } from '../runtime/sandbox.ts';
import type { Stack } from '../stack/stack.ts';
import { createAsyncInvocations } from './async-invocations.ts';
import { createDelivery } from './delivery.ts';
import { createBus } from './event-bus.ts';
import { createHttpApi, type HttpApi } from './http-api.ts';
import { arrivalActions, createArrivals } from './queue-arrivals.ts';
import { runLive } from './run-live.ts';
import { createSchedules, type Schedule } from './schedules.ts';
import { advance, settle } from './settle.ts';
import type { Mail } from './sns-topics.ts';
import { createTopics } from './sns-topics.ts';
import { receiveSome } from './sqs-client.ts';
import { createPumps, deadLetterQueues } from './sqs-poller.ts';
import { createTimers, type Timers } from './timers.ts';

/** A call to the account that succeeded, as the account tells of it. */
interface Seen {
  readonly input: Mapping;
  readonly output: Mapping;
}

export interface WiringOptions {
  readonly stack: Stack;
  readonly clock: Clock;
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  readonly invoke: (functionId: string, payload: unknown) => Promise<Invoked>;
  readonly mail: (mail: Mail) => void;
  readonly onCall: (service: string, action: string, listener: (seen: Seen) => void) => void;
}

/** What AWS does between its services, for everything that the template connects. */
export interface Wiring {
  /** The logical ids of the rules that each event matched. */
  put(events: readonly Mapping[]): Promise<readonly (readonly string[])[]>;
  readonly schedules: readonly Schedule[];
  fire(schedule: string): Promise<void>;
  /** Hands over an asynchronous invocation. */
  enqueue(functionId: string, payload: unknown): void;
  readonly timers: Timers;
  settle(): Promise<void>;
  advance(ms: number): Promise<void>;
  deadLetters(): Promise<readonly string[]>;
  readonly http: HttpApi;
  live(complain: (line: string) => void): () => Promise<void>;
  clear(): void;
}

export function createWiring(options: WiringOptions): Wiring {
  const { stack, clock, sqs, sns, invoke, mail, onCall } = options;
  const async = createAsyncInvocations({ stack, clock, invoke, deliver: (...args) => delivery.one(...args) });
  const { enqueue } = async;
  const delivery = createDelivery({ stack, sqs, sns, enqueue });
  const bus = createBus(stack, delivery.many);
  const arrivals = createArrivals(stack, clock);
  const arrive = (queueUrl: string): void => arrivals.expect(queueUrl, clock.now());
  const pumps = createPumps({ stack, sqs, clock, arrivals, invoke });
  const topics = createTopics({ stack, clock, mail, enqueue, arrive });
  const timers = createTimers(clock);
  const unsettled = { clock, sqs, async, pumps, arrivals, timers };
  const schedules = createSchedules({ stack, clock, deliver: delivery.one });
  onCall('sns', 'Publish', ({ input, output }) => topics.published(input, output));
  onCall('sns', 'PublishBatch', ({ input, output }) => topics.batchPublished(input, output));
  for (const action of arrivalActions) onCall('sqs', action, ({ input }) => arrivals.changed(input));
  return {
    put: bus.put,
    schedules,
    fire: async (id) => findSchedule(schedules, id).fire(),
    enqueue,
    timers,
    settle: () => settle(unsettled),
    advance: (ms) => advance(unsettled, ms),
    deadLetters: () => readDeadLetters(stack, sqs),
    http: createHttpApi({ stack, clock, invoke }),
    live: (complain) => runLive({ async, pumps, schedules, timers, complain }),
    clear: () => {
      for (const part of [async, arrivals, timers]) part.clear();
    },
  };
}

function findSchedule(schedules: readonly Schedule[], id: string): Schedule {
  const found = schedules.find((one) => one.id === id);
  if (found) return found;
  throw new Error(
    `There is no schedule ${id}: the template has ${schedules.map((one) => one.id).join(', ') || 'none'}`,
  );
}

/** Reads without taking: every message is visible again afterwards. */
async function readDeadLetters(stack: Stack, sqs: SQSClient): Promise<readonly string[]> {
  const bodies: string[] = [];
  for (const { id } of deadLetterQueues(stack)) {
    const messages = await receiveEverything(sqs, stack.ref(id));
    bodies.push(...messages.map(({ Body = '' }) => Body));
  }
  return bodies;
}

async function receiveEverything(sqs: SQSClient, queueUrl: string): Promise<readonly Message[]> {
  const messages: Message[] = [];
  for (;;) {
    const some = await receiveSome(sqs, queueUrl);
    if (some.length === 0) break;
    messages.push(...some);
  }
  for (let at = 0; at < messages.length; at += 10) await show(sqs, queueUrl, messages.slice(at, at + 10));
  return messages;
}

async function show(sqs: SQSClient, queueUrl: string, messages: readonly Message[]): Promise<void> {
  const entries = messages.map(({ ReceiptHandle }, at) => ({
    Id: String(at),
    ReceiptHandle,
    VisibilityTimeout: 0,
  }));
  await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
}
