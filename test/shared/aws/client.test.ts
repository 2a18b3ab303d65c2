import { readFileSync } from 'node:fs';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientOptions, createClient, version } from '../../../shared/aws/client.ts';
import { isRetryable, isServiceResponse } from '../../../shared/errors.ts';
import {
  answered,
  type FakeService,
  lost,
  silent,
  stalled,
  startService,
} from '../../support/handlers/service.ts';

const ok = answered(
  200,
  '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>',
);
const fault = (status: number, code: string): ReturnType<typeof answered> =>
  answered(
    status,
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${code}</Message></Error></ErrorResponse>`,
  );

let service: FakeService;

beforeAll(async () => {
  service = await startService();
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: service.url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
  });
});

afterAll(() => service.close());

function publish(options: ClientOptions = {}, abortSignal?: AbortSignal): Promise<unknown> {
  const client: SNSClient = createClient(SNSClient, options);
  const command = new PublishCommand({ TopicArn: 'arn:aws:sns:eu-west-1:123456789012:t', Message: 'hello' });
  return client
    .send(command, abortSignal === undefined ? {} : { abortSignal })
    .finally(() => client.destroy());
}

describe('createClient', () => {
  it('calls AWS_ENDPOINT_URL under the pack’s name and version', async () => {
    service.begin(ok);
    expect(await publish()).toMatchObject({ MessageId: 'm-1' });
    expect(service.calls()).toMatchObject([{ operation: 'Publish' }]);
    expect(String(service.calls()[0]?.headers['user-agent'])).toContain(`groundcrew/${version}`);
    expect(version).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version);
  });

  it('signs for the Region that it is told', async () => {
    service.begin(ok);
    await publish({ region: 'us-east-1' });
    expect(String(service.calls()[0]?.headers.authorization)).toContain('/us-east-1/sns/');
  });

  it.each([
    ['a throttle', fault(400, 'Throttling')],
    ['a 500', fault(500, 'InternalError')],
    ['a lost answer', lost],
  ])('repeats after %s', async (_case, reply) => {
    service.begin(reply, ok);
    expect(await publish()).toMatchObject({ MessageId: 'm-1' });
    expect(service.calls()).toHaveLength(2);
  });

  it.each<[string, number | undefined, number]>([
    ['three attempts', undefined, 3],
    ['the attempts it is told', 2, 2],
    ['one attempt', 1, 1],
  ])('gives up after %s', async (_case, attempts, calls) => {
    service.begin(fault(503, 'ServiceUnavailable'));
    await expect(publish(attempts === undefined ? {} : { attempts })).rejects.toMatchObject({
      name: 'ServiceUnavailable',
    });
    expect(service.calls()).toHaveLength(calls);
  });

  it.each([
    ['never answers', silent],
    ['stops in the middle of its answer', stalled],
  ])('gives up within its deadline on a service that %s', async (_case, reply) => {
    service.begin(reply);
    const error = await publish({ deadlineMs: 900, attempts: 2 }).catch((thrown: unknown) => thrown);
    expect(service.calls().length).toBeLessThanOrEqual(2);
    expect(isRetryable(error)).toBe(true);
    expect(isServiceResponse(error)).toBe(false);
  });

  it('lets a wing stop a call', async () => {
    service.begin(silent);
    const error = await publish({}, AbortSignal.timeout(50)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'AbortError' });
  });
});

describe('createClient with retryAnswered', () => {
  it.each([
    ['a throttle', fault(400, 'Throttling')],
    ['a 429', fault(429, 'TooManyRequestsException')],
    ['a 500', fault(500, 'InternalError')],
    ['a 503', fault(503, 'ServiceUnavailable')],
  ])('repeats after %s', async (_case, reply) => {
    service.begin(reply, reply, ok);
    expect(await publish({ retryAnswered: true })).toMatchObject({ MessageId: 'm-1' });
    expect(service.calls()).toHaveLength(3);
  });

  it.each([
    ['a lost answer', lost, 'ECONNRESET'],
    ['half an answer', stalled, undefined],
    ['silence', silent, 'ETIMEDOUT'],
  ])('never repeats after %s', async (_case, reply, code) => {
    service.begin(reply, ok);
    const error = await publish({ retryAnswered: true, deadlineMs: 900 }).catch((thrown: unknown) => thrown);
    expect(service.calls()).toHaveLength(1);
    expect(isServiceResponse(error)).toBe(false);
    if (code !== undefined) expect(error).toMatchObject({ code });
  });

  it.each([502, 504])(
    'never repeats after a %i, behind which the call may have been carried out',
    async (status) => {
      service.begin(fault(status, 'X'), ok);
      await expect(publish({ retryAnswered: true })).rejects.toThrow();
      expect(service.calls()).toHaveLength(1);
    },
  );

  it('does not repeat a refusal and stops after its attempts', async () => {
    service.begin(fault(403, 'AccessDenied'));
    await expect(publish({ retryAnswered: true })).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(service.calls()).toHaveLength(1);
    service.begin(fault(400, 'Throttling'));
    await expect(publish({ retryAnswered: true, attempts: 2 })).rejects.toMatchObject({ name: 'Throttling' });
    expect(service.calls()).toHaveLength(2);
  });

  it('repeats what never left: nobody listens', async () => {
    const gone = await startService();
    await gone.close();
    const began = process.env.AWS_ENDPOINT_URL;
    process.env.AWS_ENDPOINT_URL = gone.url;
    const error = await publish({ retryAnswered: true }).catch((thrown: unknown) => thrown);
    process.env.AWS_ENDPOINT_URL = began;
    expect(error).toMatchObject({ code: 'ECONNREFUSED', $metadata: { attempts: 3 } });
  });

  it('uses no connection twice, since a stale one would look like a lost answer', async () => {
    service.begin(ok);
    const client = createClient(SNSClient, { retryAnswered: true });
    for (const _call of [1, 2]) await client.send(new PublishCommand({ TopicArn: 't', Message: 'x' }));
    expect(service.calls().map(({ headers }) => headers.connection)).toEqual(['close', 'close']);
  });
});
