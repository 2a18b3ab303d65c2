import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Fixture, openAccount } from './local/account/fixture.ts';
import { ROOT } from './support/template.ts';
import { findInterpreter, type Interpreter, isInstalled, shells } from './tools/shells.ts';

// examples/worker-heartbeat.sh, as the hook of a runner calls it, against the tables of the local account. The project
// has no AWS CLI: a command of its name gives its options to the SDK.

const TABLE = 'workers';
const SCRIPT = join(ROOT, 'examples/worker-heartbeat.sh');
let folder: string;
let fixture: Fixture;

const aws = `#!${process.execPath}
const sdk = require('node:module').createRequire('${ROOT}/package.json')('@aws-sdk/client-dynamodb');
const [service, command, ...options] = process.argv.slice(2);
const pascal = (name) => name.replace(/(^-*|-)(\\w)/g, (_, __, letter) => letter.toUpperCase());
const input = {};
for (let at = 0; at < options.length; at += 2) {
  const value = options[at + 1];
  input[pascal(options[at])] = value.startsWith('{') ? JSON.parse(value) : value;
}
const client = new sdk.DynamoDBClient({
  endpoint: process.env.ACCOUNT, region: 'eu-west-1', credentials: { accessKeyId: 'AKIASOMEBODYELSES000', secretAccessKey: 'local' },
});
client.send(new sdk[pascal(command) + 'Command'](input)).catch(({ name, message }) => {
  console.error(\`An error occurred (\${name}) when calling \${service}: \${message}\`);
  process.exit(254);
});
`;

beforeAll(async () => {
  folder = fs.mkdtempSync(join(tmpdir(), 'groundcrew-heartbeat-'));
  fs.mkdirSync(join(folder, 'bin'));
  fs.writeFileSync(join(folder, 'bin/aws'), aws, { mode: 0o755 });
  fixture = await openAccount();
});

afterAll(async () => {
  await fixture.account.close();
  fs.rmSync(folder, { recursive: true });
});

beforeEach(async () => {
  await fixture.account.reset();
  const types = ['group', 'instanceId'].map((AttributeName) => ({
    AttributeName,
    AttributeType: 'S' as const,
  }));
  const command = new CreateTableCommand({
    TableName: TABLE,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: types,
    KeySchema: [
      { AttributeName: 'group', KeyType: 'HASH' },
      { AttributeName: 'instanceId', KeyType: 'RANGE' },
    ],
  });
  await fixture.client(DynamoDBClient).send(command);
});

async function items() {
  const command = new ScanCommand({ TableName: TABLE });
  const { Items = [] } = await fixture.client(DynamoDBClient).send(command);
  return Items.map(({ busySince, expiresAt, group, instanceId }) => ({
    worker: `${group?.S}/${instanceId?.S}`,
    since: Number(busySince?.N),
    seconds: Number(expiresAt?.N) - Number(busySince?.N),
  }));
}

/** What beats: the process goes on after the hook. */
const beats = (): number => fixture.account.calls.filter(({ action }) => action === 'UpdateItem').length;
const beatOnce = async (): Promise<void> => {
  const before = beats();
  await vi.waitFor(() => expect(beats()).toBeGreaterThan(before), { timeout: 60_000 });
};

/** A loop that goes on beats about ten times in half a second. */
const lastBeat = (): Promise<void> =>
  vi.waitFor(
    async () => {
      const before = beats();
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(beats()).toBe(before);
    },
    { timeout: 60_000 },
  );

describe.each(shells.filter(isInstalled))('worker-heartbeat.sh in %s', (shell) => {
  let interpreter: Interpreter;
  beforeAll(() => {
    const own = fs.mkdtempSync(join(folder, 'shell-'));
    interpreter = findInterpreter(shell, own);
  });

  function run(options: readonly string[], settings: Readonly<Record<string, string>> = {}) {
    const [command = 'sh', ...flags] = interpreter.command;
    const env = {
      PATH: `${join(folder, 'bin')}:${interpreter.path}`,
      ACCOUNT: fixture.account.url,
      WORKERS_TABLE: TABLE,
      WORKER_GROUP: 'ci',
      WORKER_INSTANCE: 'i-1',
      WORKER_BEAT_SECONDS: '0.05',
      ...settings,
    };
    return new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
      const child = execFile(command, [...flags, SCRIPT, ...options], { env }, (_, stdout, stderr) => {
        resolve({ status: child.exitCode ?? -1, stdout, stderr });
      });
    });
  }

  it('says busy at once, goes on while the job runs, and says idle', async () => {
    expect(await run(['busy', String(process.pid)])).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(await items()).toEqual([{ worker: 'ci/i-1', since: expect.any(Number), seconds: 900 }]);
    await beatOnce();
    await beatOnce();
    expect(await items()).toHaveLength(1);

    expect(await run(['idle'])).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(await items()).toEqual([]);
    await lastBeat();
    expect(await items()).toEqual([]);
  });

  it('ends with the process of the job: the item expires', async () => {
    const job = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await run(['busy', String(job.pid)]);
    await beatOnce();
    await new Promise((resolve) => job.once('close', resolve).kill('SIGKILL'));
    await lastBeat();
    expect(await items()).toHaveLength(1);
  });

  it('leaves the item of the next job alone', async () => {
    await run(['busy', String(process.pid)]);
    const next = {
      group: { S: 'ci' },
      instanceId: { S: 'i-1' },
      busySince: { N: '1' },
      expiresAt: { N: '2' },
    };
    await fixture.client(DynamoDBClient).send(new PutItemCommand({ TableName: TABLE, Item: next }));
    await lastBeat();
    expect(await items()).toEqual([{ worker: 'ci/i-1', since: 1, seconds: 1 }]);
  });

  it.each([
    [['busy'], {}, /the process of the job is missing/],
    [['rest'], {}, /expected busy <pid> or idle, got 'rest'/],
    [['idle'], { WORKERS_TABLE: '' }, /WORKERS_TABLE.*is not set/],
  ])('refuses %j with %j', async (options, settings, message) => {
    const { status, stderr } = await run(options, settings);

    expect(status).not.toBe(0);
    expect(stderr).toMatch(message);
  });
});
