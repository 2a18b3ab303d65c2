import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { CreateQueueCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accessKeyFor } from '../../../local/account/account.ts';
import { authorizationFor } from '../../../local/account/caller.ts';
import { errorOf, type Fixture, openAccount } from './fixture.ts';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await openAccount();
});
beforeEach(() => fixture.account.reset());
afterAll(() => fixture.account.close());

function direct<C>(ctor: new (config: object) => C, caller = 'local'): C {
  return new ctor(fixture.account.clientSettings(accessKeyFor(caller)));
}

describe('a client of this process', () => {
  it('gets what a client gets that connects', async () => {
    await direct(SQSClient).send(new CreateQueueCommand({ QueueName: 'builds' }));
    const command = new ListQueuesCommand({});
    const answers = [
      await direct(SQSClient).send(command),
      await fixture.client(SQSClient, 'local').send(command),
    ];
    expect(answers[0]?.QueueUrls).toEqual([expect.stringContaining('/builds')]);
    expect(answers[0]?.QueueUrls).toEqual(answers[1]?.QueueUrls);
  });

  it('is known by its access key, its service and its Region', async () => {
    await direct(SNSClient, 'Cordon').send(new ListTopicsCommand({}));
    expect(fixture.account.calls).toMatchObject([
      { function: 'Cordon', service: 'sns', action: 'ListTopics', status: 200 },
    ]);
  });

  it('sends and receives bytes, names with spaces and query strings', async () => {
    const s3 = direct(S3Client);
    await createBucket();
    const object = { Bucket: 'builds', Key: 'über 1 + 2/ä.bin' };
    await s3.send(new PutObjectCommand({ ...object, Body: Buffer.from([0, 255, 10]) }));
    const { Body } = await s3.send(new GetObjectCommand({ ...object, Range: 'bytes=1-2' }));
    expect(await Body?.transformToByteArray()).toEqual(new Uint8Array([255, 10]));
  });

  it('gets errors by name', async () => {
    const error = await errorOf(direct(S3Client).send(new GetObjectCommand({ Bucket: 'none', Key: 'none' })));
    expect(error.name).toBe('NoSuchBucket');
  });

  it('loses its connection if a fault loses the response', async () => {
    fixture.account.injectFault({ function: 'Cordon', call: 1, kind: 'lost' });
    const error = await errorOf(direct(SNSClient, 'Cordon').send(new ListTopicsCommand({})));
    expect(error.message).toBe('socket hang up');
  });
});

async function createBucket(): Promise<void> {
  const authorization = authorizationFor(accessKeyFor('local'), 'eu-west-1', 's3');
  const body =
    '<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>';
  await fetch(`${fixture.account.url}/builds`, { method: 'PUT', body, headers: { authorization } });
}
