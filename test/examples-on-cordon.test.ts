import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from './support/template.ts';
import { findInterpreter, type Interpreter, isInstalled, shells } from './tools/shells.ts';

// The scripts of examples/on-cordon/ in every shell, with fake commands and services on this machine.

const FOLDER = join(ROOT, 'examples/on-cordon');
const ADAPTERS = ['buildkite', 'ecs', 'github-runner', 'jenkins', 'nomad'];

interface Ran {
  readonly status: number | null;
  readonly stderr: string;
  /** The commands that the script called. */
  readonly commands: readonly string[];
}

interface Answer {
  readonly status?: number;
  readonly body?: string;
}

let folder: string;
let server: Server;
let url: string;
let answer: (method: string, path: string, headers: IncomingMessage['headers']) => Answer;
const requests: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      const { method = '', url: path = '' } = request;
      requests.push(`${method} ${path}`);
      const { status = 200, body = '' } = answer(method, path, request.headers);
      response.writeHead(status).end(body);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
afterAll(() => server.close());

beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'groundcrew-on-cordon-'));
  fs.mkdirSync(join(folder, 'bin'));
  requests.length = 0;
  answer = () => ({ status: 404 });
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

/** A command that writes down how it was called. It fails as often as `failures` says. */
function fakeCommand(name: string, failures = 0): void {
  const lines = ['#!/bin/sh', `echo "${name} $*" >>"$CALLS"`, `[ "$(grep -c . "$CALLS")" -gt ${failures} ]`];
  fs.writeFileSync(join(folder, 'bin', name), lines.join('\n'), { mode: 0o755 });
}

async function run(
  { command, path }: Interpreter,
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const calls = join(folder, 'calls');
  const [shell = 'sh', ...flags] = command;
  const child = spawn(shell, [...flags, join(FOLDER, script), ...args], {
    env: { PATH: `${join(folder, 'bin')}:${path}`, CALLS: calls, ...env },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [status] = await once(child, 'close');
  const commands = fs.existsSync(calls) ? fs.readFileSync(calls, 'utf8').trim().split('\n') : [];
  return { status, stderr, commands };
}

/** Instance metadata that says something new from a certain look on. A look begins with a token. */
function fakeMetadata(from: { readonly rebalance?: number; readonly interruption: number }): void {
  let looks = 0;
  answer = (method, path, headers) => {
    if (method === 'PUT' && path === '/latest/api/token') {
      const isAsked = headers['x-aws-ec2-metadata-token-ttl-seconds'] !== undefined;
      looks += 1;
      return isAsked ? { body: `token-${looks}` } : { status: 400 };
    }
    if (headers['x-aws-ec2-metadata-token'] !== `token-${looks}`) return { status: 401 };
    const isThere =
      (path === '/latest/meta-data/spot/instance-action' && looks >= from.interruption) ||
      (path === '/latest/meta-data/events/recommendations/rebalance' &&
        looks >= (from.rebalance ?? Number.POSITIVE_INFINITY));
    return isThere ? { body: '{}' } : { status: 404 };
  };
}

describe.each(shells)('in %s', (shell) => {
  const test = it.skipIf(!isInstalled(shell));
  const interpreter = () => findInterpreter(shell, folder, ['curl']);
  const watch = (...args: string[]) =>
    run(interpreter(), 'watch-metadata', args, {
      AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
      LOOK_EVERY_SECONDS: '0',
    });

  test('watch-metadata runs the command once for a recommendation and once for the interruption', async () => {
    fakeCommand('worker');
    fakeMetadata({ rebalance: 2, interruption: 5 });

    const { status, commands } = await watch('worker', 'two words');

    expect(status).toBe(0);
    expect(commands).toEqual(['worker two words rebalance', 'worker two words interruption']);
    expect(requests.filter((one) => one.startsWith('PUT'))).toHaveLength(5);
  });

  test('watch-metadata runs a command that failed again', async () => {
    fakeCommand('worker', 2);
    fakeMetadata({ interruption: 1 });

    const { status, commands, stderr } = await watch('worker');

    expect(status).toBe(0);
    expect(commands).toEqual(Array(3).fill('worker interruption'));
    expect(stderr).toContain('worker failed for interruption, tried again in 0 seconds');
  });

  test('watch-metadata asks for a command', async () => {
    const { status, stderr } = await watch();

    expect([status, requests]).toEqual([2, []]);
    expect(stderr).toContain('expected a command to run, got nothing');
  });

  test('github-runner removes the labels of this runner', async () => {
    fakeCommand('gh');
    fs.writeFileSync(
      join(folder, '.runner'),
      '\uFEFF{\n  "agentId": 42,\n  "agentName": "ip-10-0-0-1",\n  "poolId": 1\n}',
    );
    const env = { RUNNER_HOME: folder, GITHUB_SCOPE: 'orgs/acme' };

    const { status, commands } = await run(interpreter(), 'github-runner', ['rebalance'], env);

    expect(status).toBe(0);
    expect(commands).toEqual(['gh api --silent --method DELETE orgs/acme/actions/runners/42/labels']);
  });

  test('github-runner fails for a runner that is not registered', async () => {
    fakeCommand('gh');
    fs.writeFileSync(join(folder, '.runner'), '{}');

    const env = { RUNNER_HOME: folder, GITHUB_SCOPE: 'orgs/acme' };
    const { status, stderr, commands } = await run(interpreter(), 'github-runner', ['rebalance'], env);

    expect([status, commands]).toEqual([1, []]);
    expect(stderr).toContain('.runner has no agentId');
  });

  test('buildkite sends one SIGTERM, however often it is called', async () => {
    fakeCommand('systemctl');
    const env = { STATE_FOLDER: folder };

    for (const severity of ['rebalance', 'interruption'])
      expect((await run(interpreterOnce(), 'buildkite', [severity], env)).status).toBe(0);

    expect(fs.readFileSync(join(folder, 'calls'), 'utf8')).toBe(
      'systemctl kill --kill-who=main --signal=SIGTERM buildkite-agent\n',
    );
  });

  test('buildkite sends it again if it could not be sent', async () => {
    fakeCommand('systemctl', 1);
    const env = { STATE_FOLDER: folder, BUILDKITE_UNIT: 'buildkite-agent@1' };

    const first = await run(interpreterOnce(), 'buildkite', ['rebalance'], env);
    const second = await run(interpreterOnce(), 'buildkite', ['interruption'], env);

    expect([first.status, second.status]).toEqual([1, 0]);
    expect(second.commands).toHaveLength(2);
  });

  test.each([
    ['marks the agent offline', false, 1],
    ['leaves an agent that is offline already, because Jenkins only has a toggle', true, 0],
  ])('jenkins %s', async (_, isOffline, toggles) => {
    const netrc = join(folder, 'netrc');
    fs.writeFileSync(netrc, 'machine 127.0.0.1 login cordon password token');
    answer = (_method, _path, { authorization }) =>
      authorization === `Basic ${btoa('cordon:token')}`
        ? { body: `{"_class":"hudson.slaves.SlaveComputer","temporarilyOffline":${isOffline}}` }
        : { status: 401 };
    const env = { JENKINS_URL: url, JENKINS_NODE: 'agent-7', JENKINS_NETRC: netrc };

    const { status, stderr } = await run(interpreter(), 'jenkins', ['interruption'], env);

    expect([status, stderr]).toEqual([0, '']);
    expect(requests).toEqual([
      'GET /computer/agent-7/api/json?tree=temporarilyOffline',
      ...Array(toggles).fill('POST /computer/agent-7/toggleOffline'),
    ]);
  });

  test('jenkins fails if Jenkins does not answer as it should', async () => {
    const netrc = join(folder, 'netrc');
    fs.writeFileSync(netrc, 'machine 127.0.0.1 login cordon password wrong');
    answer = () => ({ status: 401 });
    const env = { JENKINS_URL: url, JENKINS_NODE: 'agent-7', JENKINS_NETRC: netrc };

    expect((await run(interpreter(), 'jenkins', ['rebalance'], env)).status).not.toBe(0);
    expect(requests).toHaveLength(1);
  });

  test.each([
    ['rebalance', ['nomad node eligibility -disable -self'], 0],
    ['interruption', ['nomad node drain -enable -self -yes -detach -deadline 90s -m Spot interruption'], 0],
    ['something', [], 2],
  ])('nomad for %s', async (severity, expected, code) => {
    fakeCommand('nomad');

    const { status, commands } = await run(interpreter(), 'nomad', [severity]);

    expect([status, commands]).toEqual([code, expected]);
  });

  test('ecs drains this container instance', async () => {
    fakeCommand('aws');
    const arn = 'arn:aws:ecs:eu-west-1:123456789012:container-instance/build/0123abcd';
    const metadata = { Cluster: 'build', ContainerInstanceArn: arn, Version: 'Amazon ECS Agent - v1.90.0' };
    answer = () => ({ body: JSON.stringify(metadata) });

    const { status, commands } = await run(interpreter(), 'ecs', ['rebalance'], { ECS_AGENT_URI: url });

    expect(status).toBe(0);
    expect(requests).toEqual(['GET /v1/metadata']);
    expect(commands).toEqual([
      `aws ecs update-container-instances-state --cluster build --container-instances ${arn} --status DRAINING --output text`,
    ]);
  });

  test('ecs fails while the agent is not registered', async () => {
    fakeCommand('aws');
    answer = () => ({ body: '{"Cluster":"build","ContainerInstanceArn":null}' });

    const { status, commands, stderr } = await run(interpreter(), 'ecs', ['rebalance'], {
      ECS_AGENT_URI: url,
    });

    expect([status, commands]).toEqual([1, []]);
    expect(stderr).toContain('has not registered this instance yet');
  });

  /** For several runs in one test. */
  function interpreterOnce(): Interpreter {
    fs.rmSync(join(folder, 'applets'), { recursive: true, force: true });
    return interpreter();
  }
});

it('every script is executable, at most a page long, and tested here', () => {
  const names = fs.readdirSync(FOLDER).sort();

  expect(names).toEqual([...ADAPTERS, 'watch-metadata']);
  for (const name of names) {
    const path = join(FOLDER, name);
    expect(fs.statSync(path).mode & 0o111, name).toBe(0o111);
    expect(fs.readFileSync(path, 'utf8').split('\n').length, name).toBeLessThan(60);
  }
});
