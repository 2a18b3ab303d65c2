import { describe, expect, it } from 'vitest';
import { createClock } from '../../../local/clock.ts';
import type { Invoked } from '../../../local/runtime/sandbox.ts';
import { evaluate } from '../../../local/stack/stack.ts';
import { createAsyncInvocations } from '../../../local/wiring/async-invocations.ts';

const names = {
  region: 'eu-west-1',
  accountId: '123456789012',
  stackName: 'trial',
  endpoint: 'http://e',
  httpUrl: 'http://h',
};
const failure: Invoked = {
  ok: false,
  requestId: '1',
  error: { errorType: 'TypeError', errorMessage: 'no', trace: ['at x'] },
};
const success: Invoked = { ok: true, requestId: '1', payload: '{"done":1}' };

interface Trial {
  readonly config?: object;
  readonly properties?: object;
  readonly answers: readonly Invoked[];
}

/** Runs one asynchronous invocation to its end. Returns at which seconds it was tried and what was delivered. */
async function run({ config, properties = {}, answers }: Trial) {
  const Resources = {
    Job: { Type: 'AWS::Lambda::Function', Properties: properties },
    Dead: { Type: 'AWS::SQS::Queue' },
    ...(config && {
      Config: {
        Type: 'AWS::Lambda::EventInvokeConfig',
        Properties: { FunctionName: { Ref: 'Job' }, ...config },
      },
    }),
  };
  const clock = createClock(() => 0);
  const begun = clock.now();
  const tried: number[] = [];
  const delivered: { arn: string; body: unknown; attributes: unknown }[] = [];
  const async = createAsyncInvocations({
    stack: evaluate({ Resources }, {}, names),
    clock,
    invoke: async () => {
      tried.push(Math.round((clock.now() - begun) / 1000));
      return answers[tried.length - 1] ?? failure;
    },
    deliver: async (arn, body, attributes) => {
      delivered.push({ arn, body, attributes });
    },
  });
  async.enqueue('Job', { hello: 1 });
  for (let next = async.nextDue(); next !== undefined; next = async.nextDue()) {
    clock.skip(Math.max(0, next - clock.now()));
    await async.runDue();
  }
  return { tried, delivered };
}

const toDead = { DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Dead', 'Arn'] } } } };

describe('an asynchronous invocation', () => {
  it('runs once if it succeeds', async () => {
    expect(await run({ config: toDead, answers: [success] })).toEqual({ tried: [0], delivered: [] });
  });

  it('is retried after one and after two minutes', async () => {
    const { tried, delivered } = await run({ answers: [failure, failure, success] });
    expect({ tried, delivered }).toEqual({ tried: [0, 60, 180], delivered: [] });
  });

  it('ends after three attempts, with the record that AWS sends', async () => {
    const { tried, delivered } = await run({ config: toDead, answers: [] });
    expect(tried).toEqual([0, 60, 180]);
    expect(delivered).toEqual([
      {
        arn: 'arn:aws:sqs:eu-west-1:123456789012:trial-Dead',
        attributes: undefined,
        body: {
          version: '1.0',
          timestamp: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
          requestContext: {
            requestId: expect.any(String),
            functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:trial-Job:$LATEST',
            condition: 'RetriesExhausted',
            approximateInvokeCount: 3,
          },
          requestPayload: { hello: 1 },
          responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
          responsePayload: { errorType: 'TypeError', errorMessage: 'no', trace: ['at x'] },
        },
      },
    ]);
  });

  it.each([
    [0, [0]],
    [1, [0, 60]],
  ])('is retried %s times when told so', async (MaximumRetryAttempts, expected) => {
    expect((await run({ config: { MaximumRetryAttempts }, answers: [] })).tried).toEqual(expected);
  });

  it('ends if the next attempt would be too late', async () => {
    const { tried, delivered } = await run({
      config: { ...toDead, MaximumEventAgeInSeconds: 120 },
      answers: [],
    });
    expect(tried).toEqual([0, 60]);
    expect(delivered[0]?.body).toMatchObject({
      requestContext: { condition: 'EventAgeExceeded', approximateInvokeCount: 2 },
    });
  });

  it("goes unchanged to the function's dead-letter queue", async () => {
    const properties = { DeadLetterConfig: { TargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] } } };
    const { delivered } = await run({ properties, answers: [] });
    expect(delivered).toMatchObject([
      { body: { hello: 1 }, attributes: { ErrorCode: '200', ErrorMessage: 'no' } },
    ]);
  });

  it('sends its success to a destination', async () => {
    const config = { DestinationConfig: { OnSuccess: { Destination: { 'Fn::GetAtt': ['Dead', 'Arn'] } } } };
    const { delivered } = await run({ config, answers: [success] });
    expect(delivered).toMatchObject([
      { body: { requestContext: { condition: 'Success' }, responsePayload: { done: 1 } } },
    ]);
  });
});
