import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { mapping, numberOr, optionalText } from '../json.ts';
import type { Invoked } from '../runtime/sandbox.ts';
import type { Stack } from '../stack/stack.ts';

export interface AsyncOptions {
  readonly stack: Stack;
  readonly clock: Clock;
  readonly invoke: (functionId: string, payload: unknown) => Promise<Invoked>;
  /** Delivers a destination's record or a dead letter to a queue, topic, function or bus, named by its ARN. */
  readonly deliver: (
    arn: string,
    body: unknown,
    attributes?: Readonly<Record<string, string>>,
  ) => Promise<void>;
}

/** Lambda's queue of asynchronous invocations: what rules, schedules and topics ask for. */
export interface AsyncInvocations {
  enqueue(functionId: string, payload: unknown): void;
  /** Runs what is due; false when nothing was. */
  runDue(): Promise<boolean>;
  /** When the next one is due, in milliseconds of the epoch. */
  nextDue(): number | undefined;
  describe(): readonly string[];
  clear(): void;
}

interface Waiting {
  readonly functionId: string;
  readonly requestId: string;
  readonly payload: unknown;
  readonly since: number;
  attempts: number;
  due: number;
}

/** Lambda waits a minute before the first retry and two before the second. */
const retryDelays = [60_000, 120_000];

export function createAsyncInvocations(options: AsyncOptions): AsyncInvocations {
  const { clock, invoke } = options;
  let waiting: Waiting[] = [];

  async function attempt(one: Waiting): Promise<void> {
    one.attempts += 1;
    const invoked = await invoke(one.functionId, one.payload);
    const { retries, maxAge } = rulesOf(options.stack, one.functionId);
    const due = clock.now() + (retryDelays[one.attempts - 1] ?? 0);
    if (invoked.ok) await finish(options, { one, invoked, condition: 'Success' });
    else if (one.attempts > retries) await finish(options, { one, invoked, condition: 'RetriesExhausted' });
    else if (due - one.since > maxAge) await finish(options, { one, invoked, condition: 'EventAgeExceeded' });
    else waiting.push({ ...one, due });
  }

  return {
    enqueue: (functionId, payload) => {
      const now = clock.now();
      waiting.push({ functionId, requestId: randomUUID(), payload, since: now, attempts: 0, due: now });
    },
    runDue: async () => {
      const now = clock.now();
      const due = waiting.filter((one) => one.due <= now);
      waiting = waiting.filter((one) => one.due > now);
      for (const one of due) await attempt(one);
      return due.length > 0;
    },
    nextDue: () => (waiting.length === 0 ? undefined : Math.min(...waiting.map(({ due }) => due))),
    describe: () => waiting.map(({ functionId, attempts }) => `${functionId} (attempt ${attempts + 1})`),
    clear: () => {
      waiting = [];
    },
  };
}

interface Rules {
  readonly retries: number;
  readonly maxAge: number;
  readonly onSuccess: string | undefined;
  readonly onFailure: string | undefined;
  readonly deadLetters: string | undefined;
}

function rulesOf(stack: Stack, functionId: string): Rules {
  const lambda = stack.find(functionId);
  const config = stack
    .ofType('AWS::Lambda::EventInvokeConfig')
    .find(({ properties }) => properties.FunctionName === lambda.name)?.properties;
  const destinations = mapping(config?.DestinationConfig);
  return {
    retries: numberOr(config?.MaximumRetryAttempts, 2),
    maxAge: numberOr(config?.MaximumEventAgeInSeconds, 21_600) * 1000,
    onSuccess: optionalText(mapping(destinations.OnSuccess).Destination),
    onFailure: optionalText(mapping(destinations.OnFailure).Destination),
    deadLetters: optionalText(mapping(lambda.properties.DeadLetterConfig).TargetArn),
  };
}

type Condition = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded';

interface Ended {
  readonly one: Waiting;
  readonly invoked: Invoked;
  readonly condition: Condition;
}

/** A failure goes to the destination and, when the function has one, to its dead-letter queue as well. */
async function finish({ stack, clock, deliver }: AsyncOptions, ended: Ended): Promise<void> {
  const { one, invoked } = ended;
  const { onSuccess, onFailure, deadLetters } = rulesOf(stack, one.functionId);
  const destination = invoked.ok ? onSuccess : onFailure;
  if (destination !== undefined) await deliver(destination, recordOf(ended, stack, clock.now()));
  if (invoked.ok || deadLetters === undefined) return;
  await deliver(deadLetters, one.payload, {
    RequestID: one.requestId,
    ErrorCode: '200',
    ErrorMessage: invoked.error.errorMessage,
  });
}

/** The record that a destination gets. */
function recordOf({ one, invoked, condition }: Ended, stack: Stack, now: number): object {
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
