import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ERROR_CLASSES } from '../../build/error-classes.ts';
import { keepErrors, writeOutKeys } from '../../build/rewrites.ts';
import { slimming } from '../../build/slim.ts';
import { isRetryable, isServiceResponse } from '../../shared/errors.ts';
import { type CaptureServer, type Exchange, startCaptureServer } from '../support/bundles/schema-exchange.ts';
import { findOperations } from '../support/bundles/schema-operations.ts';
import { buildProbe, httpOf, type Probe } from '../support/bundles/schema-probe.ts';
import { type Reply, writeErrorReply, writeReply } from '../support/bundles/schema-reply.ts';
import { makeSample } from '../support/bundles/schema-sample.ts';
import { SECRET } from '../support/bundles/schema-signature.ts';

const ROOT = join(import.meta.dirname, '../..');
const operations = findOperations(ROOT, ['functions', 'shared']);
const packWords = new Set(
  ['functions', 'shared']
    .flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: ROOT }))
    .flatMap((file) => readFileSync(join(ROOT, file), 'utf8').split(/[^\w.]+/)),
);
const names = operations.map(({ client, name }) => `${client}/${name}`);
const clients = [...new Set(operations.map(({ client }) => client))];

let server: CaptureServer;
let whole: Probe;
let slim: Probe;

beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', SECRET);
  vi.stubEnv('AWS_SESSION_TOKEN', 'session');
  vi.stubEnv('AWS_PROFILE', undefined);
  vi.stubEnv('AWS_CONFIG_FILE', '/dev/null');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/dev/null');
  server = await startCaptureServer();
  whole = await buildProbe(operations, []);
  slim = await buildProbe(operations);
});

afterAll(() => {
  server.close();
  vi.unstubAllEnvs();
});

test('the pack calls operations, and all are found', () => {
  expect(names).toContain('client-ec2/DescribeInstances');
  expect(names).toEqual(Object.keys(whole.operations));
});

describe.each(names)('%s', (name) => {
  test('a slim bundle sends the same bytes', async () => {
    const [expected, actual] = await bothExchange(name, sampleReply(name).reply);
    assert.deepStrictEqual(actual.request, expected.request);
    expect(actual.request).toMatchObject({
      method: httpOf(operationOf(whole, name))?.[0] ?? 'POST',
      isSigned: true,
    });
  });

  test('a slim bundle reads the whole reply', async () => {
    const { reply, value } = sampleReply(name);
    const [expected, actual] = await bothExchange(name, reply);
    assert.deepStrictEqual(actual.result, expected.result);
    expect(actual.result).toEqual({ ...value, $metadata: expect.anything() });
  });
});

describe.each(clients.filter(speakerOf))('errors of %s', (client) => {
  const name = speakerOf(client) ?? '';

  test('mean the same to the pack, with their classes and without', async () => {
    for (const modelled of errorReplies(client, name)) {
      const [expected, actual] = await bothExchange(name, modelled.reply);
      expect(expected.result).toMatchObject({
        name: modelled.name,
        shapes: expect.arrayContaining([modelled.shapeId]),
      });
      assertSameFailure(actual.result, expected.result, modelled);
    }
  });

  test('that nobody modelled are the same', async () => {
    const [expected, actual] = await bothExchange(name, unmodelledReply(name));
    assert.deepStrictEqual(actual.result, expected.result);
    expect(actual.result).toMatchObject({ name: 'NobodyModelledThis', $fault: 'client' });
  });
});

test('the classes are kept whose members the pack reads, and those whose names would change', async () => {
  const kept = clients.flatMap((client) => slim.errors[client] ?? []).map((schema) => Object(schema)[2]);
  expect(kept).toEqual(
    expect.arrayContaining(['TransactionCanceledException', 'TargetGroupNotFoundException']),
  );
  expect(kept).not.toContain('BackupNotFoundException');
});

// A proof that could not fail would be none: each of these breaks one thing that the slimming writes.
describe.each([
  ['a name on the wire', changeSchemas((source) => source.replaceAll('"xmlName":', '"xmlNane":'))],
  ['an error code', changeSchemas((source) => source.replaceAll('"awsQueryError":', '"awsQueryErr":'))],
  ['whose fault an error is', changeSchemas((source) => source.replaceAll('"error":', '"fault":'))],
  ['every error', changeSchemas((source) => keepErrors(source, () => false))],
  ['a text', changeBundles((code) => code.replaceAll('"InstanceId"', '"InstanceIb"'))],
  [
    'what sets a client apart',
    changeModules(/runtimeConfig\.shared\.js$/, (source) => source.replace(/"\d{4}-/g, '"1999-')),
  ],
  ['the name of an error class', changeErrorClasses('name = name', 'name = Base.name')],
  ['the members of an error class', changeErrorClasses('...members', 'members = []')],
])('breaking %s', (_, breaking) => {
  // It goes through every operation of the pack, which takes its time on a busy machine.
  test('is noticed', async () => {
    const broken = await buildProbe(operations, [breaking, ...slimming]);
    expect(await findDifference(broken)).toBeDefined();
  });
});

/**
 * A kept error is the same in all. One that arrives as the base exception keeps its message, its request, whose fault
 * it is and what becomes of it; its name may become the code, if the pack's code knows neither.
 */
function assertSameFailure(actual: unknown, expected: unknown, { name, code, shapeId }: ModelledReply): void {
  if (Object(actual).shapes.includes(shapeId)) {
    assert.deepStrictEqual(actual, expected);
    return;
  }
  assert.deepStrictEqual(whatCounts(actual), whatCounts(expected));
  const renamed = Object(actual).name;
  if (renamed === name) return;
  assert.equal(renamed, code);
  assert.deepEqual(
    [name, code].filter((one) => packWords.has(one)),
    [],
    'the pack knows what was renamed',
  );
}

function whatCounts(failure: unknown): object {
  const { message, $metadata, $fault, $retryable } = Object(failure);
  const verdicts = Object.entries(whole.judgesOf).map(([judge, decide]) => [judge, decide(failure)]);
  return {
    message,
    $metadata,
    $fault,
    $retryable,
    ...Object.fromEntries(verdicts),
    isRetryable: isRetryable(failure),
    wasAnswered: isServiceResponse(failure),
  };
}

async function bothExchange(name: string, reply: Reply): Promise<readonly [Exchange, Exchange]> {
  return [await exchange(whole, name, reply), await exchange(slim, name, reply)];
}

function exchange(probe: Probe, name: string, reply: Reply): Promise<Exchange> {
  return server.exchange(operationOf(probe, name), makeSample(inputOf(name)), reply);
}

/** The first operation or error that is not the same in the other bundle. */
async function findDifference(other: Probe): Promise<string | undefined> {
  for (const name of names) {
    const client = name.split('/')[0] ?? '';
    const isFirst = name === speakerOf(client);
    const { reply } = sampleReply(name);
    const expected = await exchange(whole, name, reply);
    const actual = await exchange(other, name, reply);
    if (fails(() => assert.deepStrictEqual(actual, expected))) return name;
    for (const modelled of isFirst ? errorReplies(client, name) : []) {
      const { result } = await exchange(whole, name, modelled.reply);
      const failure = (await exchange(other, name, modelled.reply)).result;
      if (fails(() => assertSameFailure(failure, result, modelled))) return modelled.shapeId;
    }
  }
  return undefined;
}

function fails(check: () => void): boolean {
  try {
    check();
    return false;
  } catch {
    return true;
  }
}

// Samples and replies are made from the whole SDK's schemas alone: the slim bundle has no say in its own exam.

function sampleReply(name: string): { readonly reply: Reply; readonly value: object } {
  const { schema } = operationOf(whole, name);
  const shape = whole.shapeOf(resolve(schema[5]));
  const value = makeSample(shape) as object;
  return {
    value,
    reply: writeReply(protocolOf(name), String(schema[2]), shape, value, httpOf(operationOf(whole, name))),
  };
}

interface ModelledReply {
  readonly shapeId: string;
  readonly name: string;
  readonly code: string;
  readonly reply: Reply;
}

function errorReplies(client: string, name: string): readonly ModelledReply[] {
  const modelled = (whole.errors[client] ?? []).filter(
    (schema) => !String(Object(schema)[1]).startsWith('smithy.'),
  );
  const replies = modelled.map((schema) => {
    const shape = whole.shapeOf(schema);
    const { 1: namespace, 2: shapeName } = Object(schema);
    const { awsQueryError } = shape.getMergedTraits();
    return {
      shapeId: `${namespace}#${shapeName}`,
      name: shapeName,
      code: Array.isArray(awsQueryError) ? String(awsQueryError[0]) : shapeName,
      reply: writeErrorReply(protocolOf(name), shape, makeSample(shape) as object),
    };
  });
  // A code that is another error's name arrives as that one: nothing on the wire tells them apart.
  const known = new Set(replies.map((one) => one.name));
  return replies.filter((one) => one.code === one.name || !known.has(one.code));
}

function unmodelledReply(name: string): Reply {
  const namespace = operationOf(whole, name).schema[1];
  const shape = whole.shapeOf([-3, namespace, 'NobodyModelledThis', { error: 'client' }, [], []]);
  return writeErrorReply(protocolOf(name), shape, {});
}

function inputOf(name: string): ReturnType<Probe['shapeOf']> {
  return whole.shapeOf(resolve(operationOf(whole, name).schema[4]));
}

function protocolOf(name: string): string {
  const { Client } = operationOf(whole, name);
  return new Client({ region: 'eu-central-1' }).config.protocol.getShapeId();
}

function operationOf(probe: Probe, name: string): Probe['operations'][string] {
  const operation = probe.operations[name];
  if (!operation) throw new Error(`${name} is not in the probe`);
  return operation;
}

/** The client's operation whose replies tell of errors, if it has one: an answer to HEAD has no body to tell in. */
function speakerOf(client: string): string | undefined {
  return names.find((one) => one.startsWith(`${client}/`) && !/\/Head[A-Z]/.test(one));
}

/** Operations refer to their input and output lazily. */
function resolve(schema: unknown): unknown {
  return typeof schema === 'function' ? schema() : schema;
}

function changeSchemas(change: (source: string) => string): Plugin {
  return changeModules(/schemas_\d+\.js$/, (source) => change(writeOutKeys(source)));
}

function changeModules(filter: RegExp, change: (source: string) => string): Plugin {
  return {
    name: 'change-modules',
    setup(build) {
      build.onLoad({ filter }, async ({ path }) => ({ contents: change(await readFile(path, 'utf8')) }));
    },
  };
}

function changeErrorClasses(written: string, broken: string): Plugin {
  return {
    name: 'change-error-classes',
    setup(build) {
      build.onLoad({ filter: /./, namespace: 'error-classes' }, () => ({
        contents: ERROR_CLASSES.replace(written, broken),
      }));
    },
  };
}

/** Changes what is about to be written, as if the last step of the build had made a mistake. */
function changeBundles(change: (code: string) => string): Plugin {
  return {
    name: 'change-bundles',
    setup(build) {
      build.onEnd(({ outputFiles = [] }) => {
        for (const file of outputFiles) file.contents = new TextEncoder().encode(change(file.text));
      });
    },
  };
}
