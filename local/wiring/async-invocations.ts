import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { mapping, numberOr, optionalText } from '../json.ts';
import type { Invoked } from '../runtime/sandbox.ts';
import type { Stack } from '../stack/stack.ts';

export interface AsyncInvocationOptions {
  readonly stack: Stack;
  readonly clock: Clock;
  readonly invoke: (functionId: string, payload: unknown) => Promise<Invoked>;
  /** Delivers a destination's record or a dead letter to the queue, topic, function or bus with this ARN. */
  readonly deliver: (
    arn: string,
    body: unknown,
    attributes?: Readonly<Record<string, string>>,
  ) => Promise<void>;
}

/** Lambda's queue of asynchronous invocations, which rules, schedules and topics fill. */
export interface AsyncInvocations {
  enqueue(functionId: string, payload: unknown): void;
  /** Runs the invocations that are due. Returns false if there were none. */
  runDue(): Promise<boolean>;
  /** When the next invocation is due, in milliseconds since 1970. */
  nextDue(): number | undefined;
  describePending(): readonly string[];
  clear(): void;
}

interface PendingInvocation {
  readonly functionId: string;
  readonly requestId: string;
  readonly payload: unknown;
  readonly receivedAt: number;
  attempts: number;
  dueAt: number;
}

/** Lambda waits a minute before the first retry and two before the second. */
const retryDelaysMs = [60_000, 120_000];

export function createAsyncInvocations(options: AsyncInvocationOptions): AsyncInvocations {
  const { clock, invoke } = options;
  let waiting: PendingInvocation[] = [];

  async function runAttempt(one: PendingInvocation): Promise<void> {
    one.attempts += 1;
    const invoked = await invoke(one.functionId, one.payload);
    const { retries, maxAgeMs } = settingsOf(options.stack, one.functionId);
    const dueAt = clock.now() + (retryDelaysMs[one.attempts - 1] ?? 0);
    if (invoked.ok) await deliverRecords(options, { one, invoked, condition: 'Success' });
    else if (one.attempts > retries)
      await deliverRecords(options, { one, invoked, condition: 'RetriesExhausted' });
    else if (dueAt - one.receivedAt > maxAgeMs)
      await deliverRecords(options, { one, invoked, condition: 'EventAgeExceeded' });
    else waiting.push({ ...one, dueAt });
  }

  return {
    enqueue: (functionId, payload) => {
      const now = clock.now();
      waiting.push({
        functionId,
        requestId: randomUUID(),
        payload,
        receivedAt: now,
        attempts: 0,
        dueAt: now,
      });
    },
    runDue: async () => {
      const now = clock.now();
      const due = waiting.filter((one) => one.dueAt <= now);
      waiting = waiting.filter((one) => one.dueAt > now);
      for (const one of due) await runAttempt(one);
      return due.length > 0;
    },
    nextDue: () => (waiting.length === 0 ? undefined : Math.min(...waiting.map(({ dueAt }) => dueAt))),
    describePending: () =>
      waiting.map(({ functionId, attempts }) => `${functionId} (attempt ${attempts + 1})`),
    clear: () => {
      waiting = [];
    },
  };
}

interface InvocationSettings {
  readonly retries: number;
  readonly maxAgeMs: number;
  readonly onSuccess: string | undefined;
  readonly onFailure: string | undefined;
  readonly deadLetterArn: string | undefined;
}

function settingsOf(stack: Stack, functionId: string): InvocationSettings {
  const lambda = stack.find(functionId);
  const config = stack
    .ofType('AWS::Lambda::EventInvokeConfig')
    .find(({ properties }) => properties.FunctionName === lambda.name)?.properties;
  const destinations = mapping(config?.DestinationConfig);
  return {
    retries: numberOr(config?.MaximumRetryAttempts, 2),
    maxAgeMs: numberOr(config?.MaximumEventAgeInSeconds, 21_600) * 1000,
    onSuccess: optionalText(mapping(destinations.OnSuccess).Destination),
    onFailure: optionalText(mapping(destinations.OnFailure).Destination),
    deadLetterArn: optionalText(mapping(lambda.properties.DeadLetterConfig).TargetArn),
  };
}

type Condition = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded';

interface CompletedInvocation {
  readonly one: PendingInvocation;
  readonly invoked: Invoked;
  readonly condition: Condition;
}

/** A failure goes to the destination and, if the function has one, to its dead-letter queue. */
async function deliverRecords(
  { stack, clock, deliver }: AsyncInvocationOptions,
  ended: CompletedInvocation,
): Promise<void> {
  const { one, invoked } = ended;
  const { onSuccess, onFailure, deadLetterArn } = settingsOf(stack, one.functionId);
  const destination = invoked.ok ? onSuccess : onFailure;
  if (destination !== undefined) await deliver(destination, destinationRecord(ended, stack, clock.now()));
  if (invoked.ok || deadLetterArn === undefined) return;
  await deliver(deadLetterArn, one.payload, {
    RequestID: one.requestId,
    ErrorCode: '200',
    ErrorMessage: invoked.error.errorMessage,
  });
}

/** The record that Lambda sends to a destination. */
function destinationRecord(
  { one, invoked, condition }: CompletedInvocation,
  stack: Stack,
  now: number,
): object {
  return {
    version: '1.0',
    timestamp: new Date(now).toISOString(),
    requestContext: {
      requestId: one.requestId,
      functionArn: `${stack.attribute(one.functionId, 'Arn')}:$LATEST`,
      condition,
      approximateInvokeCount: one.attempts,
    },
    requestPayload: one.payload,
    responseContext: {
      statusCode: 200,
      executedVersion: '$LATEST',
      ...(!invoked.ok && { functionError: 'Unhandled' }),
    },
    responsePayload: invoked.ok ? JSON.parse(invoked.payload || 'null') : invoked.error,
  };
}
