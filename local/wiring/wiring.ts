import type { SNSClient } from '@aws-sdk/client-sns';
import { ChangeMessageVisibilityBatchCommand, type Message, type SQSClient } from '@aws-sdk/client-sqs';
import type { SuccessfulCall } from '../account/gateway-state.ts';
import type { MailSubscription, QueueSubscription } from '../account/services/sns/topics.ts';
import type { Clock } from '../clock.ts';
import type { Mapping } from '../json.ts';
import type { Invoked } from '../runtime/sandbox.ts';
import type { Stack } from '../stack/stack.ts';
import { type AlarmActions, createAlarmActions } from './alarm-actions.ts';
import { createAsyncInvocations } from './async-invocations.ts';
import { createDelivery } from './delivery.ts';
import { createEventBus } from './event-bus.ts';
import { createFunctionUrls } from './function-urls.ts';
import { createHttpApi, type HttpApi } from './http-api.ts';
import { arrivalActions, createQueueArrivals } from './queue-arrivals.ts';
import { runLive } from './run-live.ts';
import { createSchedules, type Schedule } from './schedules.ts';
import { advance, settle } from './settle.ts';
import { type Chat, createTopics, type Mail } from './sns-topics.ts';
import { receiveMessages, sendMessage } from './sqs-client.ts';
import { createPollers, deadLetterQueues } from './sqs-poller.ts';
import { createTimers, type Timers } from './timers.ts';

export interface WiringOptions {
  readonly stack: Stack;
  readonly clock: Clock;
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  /** Visible, delayed and received messages of a queue. */
  readonly countMessages: (queueUrl: string) => number;
  readonly invoke: (functionId: string, payload: unknown) => Promise<Invoked>;
  readonly mail: (mail: Mail) => void;
  readonly chat: (chat: Chat) => void;
  readonly onCall: (
    service: string,
    action: string,
    listener: (seen: SuccessfulCall) => void | Promise<void>,
  ) => void;
  /** Where the account answers, for the links in mails. */
  readonly endpoint: string;
  readonly findMailSubscriptions: (topicArn: string) => readonly MailSubscription[];
  readonly findQueueSubscriptions: (topicArn: string) => readonly QueueSubscription[];
}

/** Connects the resources of the template as AWS does: rules, queues, topics, schedules and the HTTP API. */
export interface Wiring {
  /** Puts events on the bus. Returns the logical ids of the rules that each event matched. */
  put(events: readonly Mapping[]): Promise<readonly (readonly string[])[]>;
  readonly schedules: readonly Schedule[];
  fire(schedule: string): Promise<void>;
  /** Queues an asynchronous invocation. */
  enqueue(functionId: string, payload: unknown): void;
  readonly timers: Timers;
  settle(): Promise<void>;
  advance(ms: number): Promise<void>;
  deadLetters(): Promise<readonly string[]>;
  readonly http: HttpApi;
  runLive(reportError: (line: string) => void): () => Promise<void>;
  clear(): void;
}

export function createWiring(options: WiringOptions): Wiring {
  const { stack, clock, sqs, sns, countMessages, invoke, onCall } = options;
  const async = createAsyncInvocations({
    stack,
    clock,
    invoke,
    deliver: (...args) => delivery.deliver(...args),
  });
  const { enqueue } = async;
  const delivery = createDelivery({ stack, sqs, sns, enqueue });
  const bus = createEventBus(stack, delivery.deliverAll);
  const arrivals = createQueueArrivals(stack, clock);
  const pollers = createPollers({ stack, sqs, clock, arrivals, countMessages, invoke });
  const topics = createTopics({
    ...options,
    enqueue,
    sendToQueue: (...message) => sendMessage(sqs, ...message),
  });
  const timers = createTimers(clock);
  const alarms = createAlarmActions({ sns, clock, timers, region: stack.names.region });
  listenForAlarms(onCall, alarms);
  const parts = { clock, countMessages, async, pollers, arrivals, timers };
  const schedules = createSchedules({ stack, clock, deliver: delivery.deliver });
  onCall('sns', 'Publish', topics.publish);
  onCall('sns', 'Subscribe', ({ input }) => topics.askToConfirm(input));
  onCall('sns', 'PublishBatch', topics.publishBatch);
  for (const action of arrivalActions) onCall('sqs', action, ({ input }) => arrivals.recordCall(input));
  return {
    put: bus.put,
    schedules,
    fire: async (id) => findSchedule(schedules, id).run(),
    enqueue,
    timers,
    settle: () => settle(parts),
    advance: (ms) => advance(parts, ms),
    deadLetters: () => readDeadLetters(options),
    http: joinApis(createFunctionUrls({ stack, clock, invoke }), createHttpApi({ stack, clock, invoke })),
    runLive: (reportError) => runLive({ async, pollers, schedules, timers, reportError }),
    clear: () => {
      for (const part of [alarms, async, arrivals, timers]) part.clear();
    },
  };
}

function listenForAlarms(onCall: WiringOptions['onCall'], alarms: AlarmActions): void {
  for (const action of ['PutMetricAlarm', 'PutCompositeAlarm'])
    onCall('cloudwatch', action, ({ input }) => alarms.recordAlarm(input));
  onCall('cloudwatch', 'DeleteAlarms', ({ input }) => alarms.recordDeletion(input));
  onCall('cloudwatch', 'SetAlarmState', ({ input }) => alarms.recordState(input));
  onCall('ec2', 'StartInstances', ({ input }) => alarms.recordStart(input));
}

/** Asks one after the other. */
function joinApis(...apis: readonly HttpApi[]): HttpApi {
  return {
    routes: apis.flatMap(({ routes }) => routes),
    handle: async (...given) => {
      for (const api of apis) if (await api.handle(...given)) return true;
      return false;
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

/** Reads the dead letters without deleting them: every message is visible again afterwards. */
async function readDeadLetters({ stack, sqs, countMessages }: WiringOptions): Promise<readonly string[]> {
  const bodies: string[] = [];
  const filled = deadLetterQueues(stack)
    .map(({ id }) => stack.ref(id))
    .filter((url) => countMessages(url) > 0);
  for (const queueUrl of filled) {
    const messages = await readMessages(sqs, queueUrl);
    bodies.push(...messages.map(({ Body = '' }) => Body));
  }
  return bodies;
}

async function readMessages(sqs: SQSClient, queueUrl: string): Promise<readonly Message[]> {
  const messages: Message[] = [];
  for (;;) {
    const some = await receiveMessages(sqs, queueUrl);
    if (some.length === 0) break;
    messages.push(...some);
  }
  for (let at = 0; at < messages.length; at += 10)
    await makeVisible(sqs, queueUrl, messages.slice(at, at + 10));
  return messages;
}

async function makeVisible(sqs: SQSClient, queueUrl: string, messages: readonly Message[]): Promise<void> {
  const entries = messages.map(({ ReceiptHandle }, at) => ({
    Id: String(at),
    ReceiptHandle,
    VisibilityTimeout: 0,
  }));
  await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
}
