import {
  DynamoDBClient,
  InternalServerError,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeContext } from '../../../support/handlers/context.ts';
import { readEvent } from '../../../support/handlers/events.ts';
import { captureOutput } from '../../../support/handlers/output.ts';
import { holdTime, within } from '../../../support/handlers/time.ts';

const MINUTE = 60_000;
const dynamo = mockClient(DynamoDBClient);
const output = captureOutput();
holdTime();

const [first, second, third] = ['i-0056faf8da3e1f75d', 'i-02e1c69383a3ed501', 'i-036bc44b6092c01c7'];

/** A process of the function with these settings. */
async function start(settings: Readonly<Record<string, string>> = {}) {
  vi.resetModules();
  const environment = {
    AWS_REGION: 'eu-west-1',
    WORKERS_TABLE: 'workers',
    CORDONS_TABLE: 'cordons',
    DRY_RUN: 'false',
    BUSY_WAIT_MINUTES: '45',
    POWERTOOLS_METRICS_NAMESPACE: 'Groundcrew',
    ...settings,
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const { handler } = await import('../../../../functions/spot-cordon/choose-terminations/handler.ts');
  return (event: unknown) => handler(event, fakeContext({ remaining: () => 2_000 }));
}

const request = (cause = 'SCALE_IN') => ({ ...readEvent('termination-policy-request'), Cause: cause });
const seconds = (at: number): { N: string } => ({ N: String(Math.floor(at / 1000)) });
const worker = (instanceId: string, expiresIn = 10 * MINUTE, since = 90 * MINUTE) => ({
  group: { S: 'workers' },
  instanceId: { S: instanceId },
  busySince: seconds(Date.now() - since),
  expiresAt: seconds(Date.now() + expiresIn),
});
const unavailable = new InternalServerError({ message: 'down', $metadata: { httpStatusCode: 500 } });

beforeEach(() => {
  dynamo.reset();
  dynamo.on(QueryCommand).resolves({});
  dynamo.on(ScanCommand).resolves({});
  dynamo.on(PutItemCommand).resolves({});
});

describe('an answer', () => {
  it('names idle instances, and one line says why', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [worker(second)] });
    const ask = await start();

    expect(await ask(request())).toEqual({ InstanceIDs: [first, third] });
    expect(output.logs()).toHaveLength(1);
    expect(output.logs()[0]).toMatchObject({
      message: 'terminations chosen',
      autoScalingGroupName: 'workers',
      cause: 'SCALE_IN',
      wanted: { 'eu-west-1b/on-demand': 2, 'eu-west-1b/spot': 1, 'eu-west-1c/on-demand': 3 },
      chosen: { idle: [first, third] },
      missing: 4,
      busy: 1,
    });
    expect(output.counted('TerminationsMissing')).toBe(4);
  });

  it('reads all pages of the workers, strongly consistent', async () => {
    const next = { group: { S: 'workers' }, instanceId: { S: first } };
    dynamo
      .on(QueryCommand)
      .resolvesOnce({ Items: [worker(first)], LastEvaluatedKey: next })
      .resolves({ Items: [worker(second)] });
    const ask = await start();

    expect(await ask(request())).toEqual({ InstanceIDs: [third] });
    const inputs = dynamo.commandCalls(QueryCommand).map(({ args }) => args[0].input);
    expect(
      inputs.map(({ ExclusiveStartKey, ConsistentRead }) => [ExclusiveStartKey, ConsistentRead]),
    ).toEqual([
      [undefined, true],
      [next, true],
    ]);
    // Workers may write more than that.
    expect(inputs[0]?.ProjectionExpression).toBe('instanceId, busySince, expiresAt, answered');
  });

  it('ignores workers whose heartbeat stopped, and items that are no heartbeat', async () => {
    const noHeartbeat = { group: { S: 'workers' }, instanceId: { S: second }, busySince: { S: 'yes' } };
    dynamo.on(QueryCommand).resolves({ Items: [worker(first, 0), noHeartbeat] });
    const ask = await start();

    expect(await ask(request())).toEqual({ InstanceIDs: [first, second, third] });
  });

  it('is nobody for a request that cannot be read, which is logged', async () => {
    const ask = await start();

    expect(await ask({ Instances: 'all' })).toEqual({ InstanceIDs: [] });
    expect(output.logs()[0]).toMatchObject({ message: 'input dropped: malformed' });
  });

  it('is every candidate in a dry run: the next policy of the group chooses', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [worker(second)] });
    const ask = await start({ DRY_RUN: 'true' });

    expect(await ask(request('INSTANCE_REFRESH'))).toEqual({ InstanceIDs: [first, second, third] });
    expect(output.logs()[0]).toMatchObject({
      message: 'terminations planned',
      dryRun: true,
      chosen: { idle: [first, third] },
    });
    expect(dynamo.commandCalls(PutItemCommand)).toEqual([]);
  });

  it('logs at most 500 of many instances', async () => {
    const ask = await start();
    const Instances = Array.from({ length: 700 }, (_, at) => ({
      AvailabilityZone: 'a',
      InstanceId: `i-${at}`,
      InstanceMarketOption: 'spot',
    }));
    const CapacityToTerminate = [{ AvailabilityZone: 'a', Capacity: 700, InstanceMarketOption: 'spot' }];
    await ask({ ...request(), CapacityToTerminate, Instances });
    const [line] = output.logs();

    expect(line).toMatchObject({ notListed: 200 });
    expect(line?.chosen).toEqual({ idle: Instances.slice(0, 500).map(({ InstanceId }) => InstanceId) });
  });
});

describe('busy instances', () => {
  const allBusy = (waited: number) => ({
    Items: [
      worker(first, 10 * MINUTE, 90 * MINUTE),
      worker(second, 10 * MINUTE, 80 * MINUTE),
      worker(third, 10 * MINUTE, 70 * MINUTE),
      worker('waiting/INSTANCE_REFRESH', 10 * MINUTE, waited),
    ],
  });

  it('go after the wait of a refresh', async () => {
    dynamo.on(QueryCommand).resolves(allBusy(46 * MINUTE));
    const ask = await start();

    expect(await ask(request('INSTANCE_REFRESH'))).toEqual({ InstanceIDs: [first, second, third] });
    expect(output.counted('BusyTerminationsChosen')).toBe(3);
  });

  it('stay if the wait cannot be saved: otherwise the next request would not wait', async () => {
    dynamo.on(PutItemCommand).rejects(unavailable);
    const CapacityToTerminate = [{ AvailabilityZone: 'eu-west-1c', Capacity: 2 }];
    dynamo.on(QueryCommand).resolves({
      Items: [worker(second), worker('waiting/INSTANCE_REFRESH', 10 * MINUTE, 46 * MINUTE)],
    });
    const ask = await start();

    expect(await ask({ ...request('INSTANCE_REFRESH'), CapacityToTerminate })).toEqual({
      InstanceIDs: [third],
    });
    expect(output.logs()[0]).toMatchObject({ message: 'wait for idle instances not saved' });
  });

  it('stay for ever with `never`', async () => {
    dynamo.on(QueryCommand).resolves(allBusy(600 * MINUTE));
    const ask = await start({ BUSY_WAIT_MINUTES: 'never' });

    expect(await ask(request('INSTANCE_REFRESH'))).toEqual({ InstanceIDs: [] });
    expect(dynamo.commandCalls(PutItemCommand)).toEqual([]);
  });

  it.each(['44.5', '56', 'always', '-1'])('need a wait that can be read: %s is none', async (minutes) => {
    await expect(start({ BUSY_WAIT_MINUTES: minutes })).rejects.toThrow(/BUSY_WAIT_MINUTES is .* expected/);
  });
});

describe('when a table cannot be read', () => {
  it('the workers: nobody goes for five minutes, and then the first candidates', async () => {
    dynamo.on(QueryCommand).rejects(unavailable);
    const ask = await start();

    expect(await ask(request())).toEqual({ InstanceIDs: [] });
    vi.setSystemTime(Date.now() + 5 * MINUTE);
    expect(await ask(request())).toEqual({ InstanceIDs: [first, second, third] });
    expect(output.counted('WorkersUnread')).toBe(2);
    expect(output.logs()[0]).toMatchObject({ level: 'WARN', message: 'workers not read' });
  });

  it('a success in between starts the five minutes again', async () => {
    dynamo.on(QueryCommand).rejectsOnce(unavailable).resolvesOnce({}).rejects(unavailable);
    const ask = await start();
    await ask(request());
    vi.setSystemTime(Date.now() + 5 * MINUTE);
    expect(await ask(request())).toEqual({ InstanceIDs: [first, second, third] });
    expect(await ask(request())).toEqual({ InstanceIDs: [] });
  });

  it('nobody ever goes with `never`', async () => {
    dynamo.on(QueryCommand).rejects(unavailable);
    const ask = await start({ BUSY_WAIT_MINUTES: 'never' });
    await ask(request());
    vi.setSystemTime(Date.now() + 60 * MINUTE);

    expect(await ask(request())).toEqual({ InstanceIDs: [] });
  });

  it('the answer comes after 1.2 seconds, and is counted as one that is late', async () => {
    dynamo.on(QueryCommand).callsFake(() => new Promise(() => {}));
    const ask = await start();

    expect(await within(1_200, ask(request()))).toEqual({ InstanceIDs: [] });
    expect([output.counted('TimedOut'), output.counted('WorkersUnread')]).toEqual([1, 1]);
  });

  it('the cordons: only their preference is lost', async () => {
    dynamo.on(ScanCommand).rejects(unavailable);
    const ask = await start();

    expect(await ask(request())).toEqual({ InstanceIDs: [first, second, third] });
    expect(output.logs()[0]).toMatchObject({ level: 'WARN', message: 'cordons not read' });
  });
});
