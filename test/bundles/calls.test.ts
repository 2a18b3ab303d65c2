import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readWhole } from '../support/bundles/schema-exchange.ts';
import { findOperations } from '../support/bundles/schema-operations.ts';
import { buildProbe, httpOf, type Probe, type ProbedOperation } from '../support/bundles/schema-probe.ts';
import { type Reply, writeErrorReply, writeReply } from '../support/bundles/schema-reply.ts';
import { makeSample } from '../support/bundles/schema-sample.ts';
import { isSigned, SECRET } from '../support/bundles/schema-signature.ts';

const operations = findOperations(join(import.meta.dirname, '../..'), ['functions', 'shared']);
// One operation of each client: the others take the same way, and parity.test.ts has them all.
// An answer to HEAD has no body that could tell of a trouble.
const names = operations
  .filter(({ name }) => !/^Head[A-Z]/.test(name))
  .filter(({ client }, index, speaking) => client !== speaking[index - 1]?.client)
  .map(({ client, name }) => `${client}/${name}`);

let whole: Probe;
let slim: Probe;

beforeAll(async () => {
  const environment = { ACCESS_KEY_ID: 'AKIDEXAMPLE', SECRET_ACCESS_KEY: SECRET, SESSION_TOKEN: 'token' };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(`AWS_${name}`, value);
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  // Backing off takes a random time: a small one, and the same for both.
  vi.spyOn(Math, 'random').mockReturnValue(0.01);
  vi.stubEnv('AWS_CONFIG_FILE', '/dev/null');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/dev/null');
  whole = await buildProbe(operations, []);
  slim = await buildProbe(operations);
});

afterAll(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe.each(names)('%s, as the pack calls it', (name) => {
  test.each<[string, string[]]>([
    ['an answer', []],
    ['a throttle, then an answer', ['Throttling']],
    ['a 500, then an answer', ['InternalFailure']],
    ['a lost connection, then an answer', ['lost']],
    ['three throttles', ['ThrottlingException', 'ThrottlingException', 'ThrottlingException']],
    ['a refusal', ['AccessDenied']],
  ])('gets %s', async (_, troubles) => {
    const expected = await converse(whole, name, troubles);
    const actual = await converse(slim, name, troubles);
    expect(actual).toEqual(expected);
    expect(actual).toMatchObject({
      requests: REQUESTS[troubles.at(-1) ?? ''] ?? troubles.length + 1,
      areSigned: true,
    });
  });
});

test('a retry in the adaptive way is refused, not made in another', async () => {
  vi.stubEnv('AWS_RETRY_MODE', 'adaptive');
  const { outcome } = await converse(slim, 'client-ec2/DescribeInstances', []);
  expect(outcome).toMatchObject({ message: expect.stringMatching(/^Adaptive retries are left out/) });
  vi.stubEnv('AWS_RETRY_MODE', undefined);
});

test('an extension of a client is refused, not ignored', () => {
  const { Client } = operationOf(slim, 'client-ec2/DescribeInstances');
  expect(() => new Client({ extensions: [{ configure: () => {} }] })).toThrow('Extensions are left out');
});

test('a logger of a client is refused, not ignored', () => {
  const { Client } = operationOf(slim, 'client-ec2/DescribeInstances');
  expect(() => new Client({ logger: console })).toThrow('Loggers of clients are left out');
});

test.each(['presign', 'signEvent', 'signMessage'])('a signature by %s is refused', async (method) => {
  const { Client } = operationOf(slim, 'client-ec2/DescribeInstances');
  const signer = await new Client({}).config.signer({
    name: 'sigv4',
    signingName: 'ec2',
    signingRegion: 'eu-central-1',
  });
  await expect(signer[method]?.({})).rejects.toThrow('This method is left out');
});

test('a missing Region is told at once, without asking a metadata service', async () => {
  vi.stubEnv('AWS_REGION', undefined);
  const { Client } = operationOf(slim, 'client-ec2/DescribeInstances');
  await expect(new Client({}).config.region()).rejects.toThrow('Region is missing');
  vi.stubEnv('AWS_REGION', 'eu-central-1');
});

describe('the times of replies and of retry-after are read the same', () => {
  const instants = [0, 1, 951_782_399_999, 1_709_164_800_000, 1_790_000_000_123, 4_102_444_799_000].map(
    (ms) => new Date(ms),
  );
  test.each<[string, (at: Date) => readonly unknown[]]>([
    ['dateToUtcString', (at) => [at]],
    ['parseRfc7231DateTime', (at) => [at.toUTCString(), at.toUTCString().replace(' GMT', '.250 GMT')]],
    ['parseEpochTimestamp', (at) => [at.getTime() / 1000, String(at.getTime() / 1000)]],
    [
      'parseRfc3339DateTimeWithOffset',
      (at) => [
        at.toISOString(),
        at.toISOString().replace('Z', '+05:30'),
        at.toISOString().replace(/\.\d+Z/, 'Z'),
      ],
    ],
  ])('%s', (parser, write) => {
    for (const value of instants.flatMap(write)) {
      expect(slim.times[parser]?.(value)).toEqual(whole.times[parser]?.(value));
      expect(slim.times[parser]?.(value)).toBeTruthy();
    }
    for (const wrong of ['', 'soon', '2026-13-41T25:61:61Z', 'Mon, 99 Foo 2026 99:99:99 GMT', {}]) {
      if (parser !== 'dateToUtcString') expect(() => slim.times[parser]?.(wrong)).toThrow();
    }
  });
});

/** Requests that are made of a call which does not end in an answer. */
const REQUESTS: Readonly<Record<string, number>> = { ThrottlingException: 3, AccessDenied: 1 };

/** Calls the operation through the pack's own client; the service first answers with the troubles, one each. */
async function converse(probe: Probe, name: string, troubles: readonly string[]) {
  const replies = [...troubles.map((trouble) => troubleReply(name, trouble)), okReply(name)];
  let requests = 0;
  let areSigned = true;
  const server = createServer(async (incoming, outgoing) => {
    areSigned &&= isSigned(incoming, Buffer.concat(await incoming.toArray()));
    const reply = replies[requests];
    requests += 1;
    if (!reply) incoming.socket.destroy();
    else outgoing.writeHead(reply.status, reply.headers).end(reply.body);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  vi.stubEnv('AWS_ENDPOINT_URL', endpoint);
  const { Client, Command } = operationOf(probe, name);
  const client = probe.createClient(Client, { deadlineMs: 10_000 });
  const sample = makeSample(whole.shapeOf(unwrap(operationOf(whole, name).schema[4])));
  const input = {
    ...Object(sample),
    ...('QueueUrl' in Object(sample) && { QueueUrl: `${endpoint}/123456789012/q` }),
  };
  const outcome = await client
    .send(new Command(input))
    .then(readWhole)
    .catch(({ name, message, $metadata }) => ({ name, message, $metadata }));
  client.destroy();
  server.close();
  return { outcome, requests, areSigned };
}

function okReply(name: string): Reply {
  const operation = operationOf(whole, name);
  const shape = whole.shapeOf(unwrap(operation.schema[5]));
  const value = makeSample(shape);
  return writeReply(protocolOf(name), String(operation.schema[2]), shape, value, httpOf(operation));
}

function troubleReply(name: string, code: string): Reply | undefined {
  if (code === 'lost') return undefined;
  const fault = code === 'InternalFailure' ? 'server' : 'client';
  const shape = whole.shapeOf([-3, operationOf(whole, name).schema[1], code, { error: fault }, [], []]);
  return writeErrorReply(protocolOf(name), shape, {});
}

function protocolOf(name: string): string {
  return new (operationOf(whole, name).Client)({}).config.protocol.getShapeId();
}

function operationOf(probe: Probe, name: string): ProbedOperation {
  return probe.operations[name] ?? expect.unreachable(name);
}

/** Operations refer to their input and output lazily. */
function unwrap(schema: unknown): unknown {
  return typeof schema === 'function' ? schema() : schema;
}
