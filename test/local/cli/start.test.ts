import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { readStartArguments } from '../../../local/cli/arguments.ts';

const root = resolve(import.meta.dirname, '../../..');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'groundcrew-start-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

afterEach(() => {
  vi.unstubAllEnvs();
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function launch(script: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [join(root, 'local/cli', script), ...args], { cwd: root, stdio: 'pipe' });
}

async function finish(child: ChildProcess, input = ''): Promise<Ran> {
  if (!child.stdin || !child.stdout || !child.stderr) throw new Error('the child has no pipes');
  child.stdin.end(input);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, out, err };
}

function untilSays(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (some) => {
      said += some;
      const match = pattern.exec(said);
      if (match) resolve(match);
    });
    child.once('close', () => reject(new Error(`it left, having said ${said}`)));
  });
}

async function childrenOf(pid: number | undefined): Promise<number[]> {
  const listed = await text(spawn('ps', ['-A', '-o', 'pid=,ppid=']).stdout);
  const pairs = listed
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.flatMap(([id, parent]) => (id !== undefined && parent === pid ? [id] : []));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const run = (script: string, ...args: readonly string[]): Promise<Ran> => finish(launch(script, ...args));

/** Small ones: the wings' own play in test/scenarios.test.ts. */
const scenarios = ['--scenarios', join(root, 'test/local/fixtures/scenarios')] as const;

describe('npm start', () => {
  it('plays the scenario that is named and leaves when its output is no terminal', {
    timeout: 600_000,
  }, async () => {
    const { code, out, err } = await run(
      'start.ts',
      '--json',
      ...scenarios,
      '--only',
      'waiting', // its other scenario never ends
      '--scenario',
      'About Nobody',
      '--port',
      '0',
    );
    expect({ code, err }).toEqual({
      code: 0,
      err: expect.stringMatching(/up after.*ok +waiting.*passed/s),
    });
    const played = JSON.parse(out).scenarios;
    expect(played).toHaveLength(1);
    expect(played[0]).toEqual({
      wing: 'waiting',
      name: 'a warning about nobody',
      ok: true,
      ms: expect.any(Number),
      calls: expect.arrayContaining([
        {
          function: 'CordonInstances',
          service: expect.any(String),
          action: expect.any(String),
          status: expect.any(Number),
        },
      ]),
      outcome: expect.objectContaining({ state: expect.anything() }),
    });
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'leaves no process behind after %s',
    { timeout: 600_000 },
    async (signal) => {
      const child = launch('start.ts', ...scenarios, '--only', 'waiting', '--port', '0');
      const closed = once(child, 'close');
      await untilSays(child, /^ok /m);
      const children = await childrenOf(child.pid);
      expect(children.length).toBeGreaterThan(1);
      child.kill(signal);
      await closed;
      await expect.poll(() => children.filter(isAlive)).toEqual([]);
      expect(child.exitCode).toBe(signal === 'SIGTERM' ? 130 : null);
    },
  );

  it('opens the inspector of the function that GROUNDCREW_INSPECT names', { timeout: 600_000 }, async () => {
    vi.stubEnv('GROUNDCREW_INSPECT', 'CordonInstances:0');
    const args = ['--only', 'waiting', '--scenario', 'a warning about nobody', '--port', '0'];
    const child = launch('start.ts', ...scenarios, ...args);
    const played = finish(child);
    await untilSays(child, /waits for a debugger on ws:/);
    child.kill('SIGTERM');
    const { code, out } = await played;
    expect({ code, out }).toEqual({ code: 130, out: expect.not.stringContaining('ok ') });
  });

  it('refuses to stay and to leave', async () => {
    const { code, err } = await run('start.ts', '--once', '--stay');
    expect({ code, err }).toEqual({ code: 1, err: '--once leaves and --stay stays: choose one.\n' });
  });

  it('refuses to inspect a function that there is not', { timeout: 600_000 }, async () => {
    vi.stubEnv('GROUNDCREW_INSPECT', 'Cordon');
    const { code, err } = await run('start.ts', ...scenarios, '--only', 'quick', '--port', '0');
    expect(code).toBe(1);
    expect(err).toMatch(/^There is no function Cordon to inspect\. There are: .*CordonInstances, /m);
    expect(err).not.toMatch(/^\s+at /m);
  });

  it('explains its options', async () => {
    const { code, out } = await run('start.ts', '--help');
    expect(code).toBe(0);
    for (const option of ['--once', '--json', '--only <wing>', '--scenario', '--port <n>'])
      expect(out).toContain(option);
  });

  it.each([
    [['--quick'], "Unknown option '--quick'"],
    [['--only'], "'--only <value>' argument missing"],
    [['--port', 'http'], '--port is http, which is no port'],
    [['--port', '70000'], '--port is 70000, which is no port'],
    [['--alone'], '--alone needs --only <wing>'],
    [['--only', 'nobody'], 'There is no wing nobody. There are: '],
    [
      ['--scenario', 'nothing of the kind'],
      "No scenario has 'nothing of the kind' in its title. The nearest",
    ],
    [['--only', 'disk-alarms', '--scenario', 'xyzzy'], "No scenario has 'xyzzy' in its title."],
    [['--scenarios', '/nowhere'], 'There are no scenarios in /nowhere'],
  ])('refuses %j in words, without a stack', async (args, message) => {
    const { code, out, err } = await run('start.ts', ...args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(message);
    expect(err).not.toMatch(/^\s+at /m);
  });

  it.each([
    [[], true, false],
    [[], false, true],
    [['--once'], true, true],
    [['--json'], true, false],
    [['--stay'], false, false],
  ])('with %j on a terminal (%s) leaves: %s', (args, isTerminal, once) => {
    const read = readStartArguments(args, isTerminal);
    expect(read).toMatchObject({ once, hasNoTerminal: once && !args.includes('--once') });
  });

  it.each([
    [[], true, false],
    [[], false, true],
    [['--once'], true, true],
    [['--play'], true, true],
    [['--only', 'health-gate'], true, true],
    [['--scenario', 'incident'], true, true],
  ])('with %j on a terminal (%s) plays scenarios first: %s', (args, isTerminal, play) => {
    expect(readStartArguments(args, isTerminal).play).toBe(play);
  });

  it('prints the address of its page before it creates sample resources', { timeout: 600_000 }, async () => {
    const child = launch('start.ts', '--stay', '--port', '0');
    const closed = once(child, 'close');
    const [, url = ''] = await untilSays(child, /is up {3}(http:\S+).*Ctrl-C leaves/s);
    const page = await (await fetch(url)).text();
    child.kill('SIGTERM');
    await closed;
    expect(page).toContain('<title>Groundcrew');
  });
});

describe('npm run dev', () => {
  it('plays a changed scenario again, survives a broken one, and leaves no process behind', async () => {
    const file = join(folder, 'own/trial/index.ts');
    const scenario = (expect: string): string => `
      const nothing = async () => undefined;
      const observe = async () => ({ state: {} });
      const expect = () => ${expect};
      export default [{ wing: 'trial', name: 'a trial', arrange: nothing, act: nothing, observe, expect }];
    `;
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, scenario('undefined'));
    const args = ['--scenarios', join(folder, 'own'), '--scenario', 'A Trial', '--port', '0'];
    const child = launch('dev.ts', ...args);
    const closed = once(child, 'close');
    await untilSays(child, /^ok +trial +a trial[\s\S]*Watching for changes/m);
    const children = await childrenOf(child.pid);
    expect(children.length).toBeGreaterThan(0);

    const failing = untilSays(child, /^FAILED +trial +a trial .*\n +Error: changed/m);
    await writeFile(file, scenario(`{ throw new Error('changed'); }`));
    await failing;
    const broken = untilSays(child, /SyntaxError/);
    await writeFile(file, scenario('{'));
    await broken;
    const passing = untilSays(child, /^ok +trial/m);
    await writeFile(file, scenario('undefined'));
    await passing;

    child.kill('SIGINT');
    await closed;
    expect({ code: child.exitCode, signal: child.signalCode }).toEqual({ code: 0, signal: null });
    await expect.poll(() => children.filter(isAlive)).toEqual([]);
  }, 600_000);

  it.each([
    [['--once'], "Unknown option '--once'"],
    [['--scenario', 'nothing of the kind'], "No scenario has 'nothing of the kind' in its title."],
  ])('refuses %j in words, without a stack', async (args, message) => {
    const { code, out, err } = await run('dev.ts', ...args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(message);
    expect(err).not.toMatch(/^\s+at /m);
  });
});

describe('npm run send', () => {
  const event = { source: 'aws.ec2', 'detail-type': 'Trial', detail: {}, time: '2020-01-01T00:00:00Z' };

  /** A pack's port that takes any event, and what it got. */
  async function listen(status = 200, answer = '{"matched":[["SomeRule"]]}') {
    const bodies: unknown[] = [];
    const server = createServer(async (request, response) => {
      bodies.push({ path: request.url, ...JSON.parse(await text(request))[0] });
      response.writeHead(status).end(answer);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address ? String(address.port) : '';
    return { port, bodies, close: () => server.close() };
  }

  async function write(name: string, content: string): Promise<string> {
    const file = join(folder, name);
    await writeFile(file, content);
    return file;
  }

  it('posts an event as it is and tells what matched', async () => {
    const { port, bodies, close } = await listen();
    const file = await write('event.json', JSON.stringify(event));
    expect(await run('send.ts', '--port', port, file)).toEqual({
      code: 0,
      err: '',
      out: 'Trial: matched SomeRule\n',
    });
    expect(bodies).toEqual([{ path: '/_groundcrew/events', ...event }]);
    close();
  });

  it('reads stdin, and leaves the time to the pack when told to', async () => {
    const { port, bodies, close } = await listen(200, '{"matched":[[]]}');
    const old = { ...event, time: '2020-01-01T00:00:00Z' };
    const sent = await finish(launch('send.ts', '--now', '--port', port, '-'), JSON.stringify([old]));
    expect(sent).toEqual({ code: 0, err: '', out: 'Trial: no rule matched\n' });
    const { time: _time, ...rest } = event;
    expect(bodies).toEqual([{ path: '/_groundcrew/events', ...rest }]);
    close();
  });

  it('passes on why the pack refused', async () => {
    const { port, close } = await listen(400, 'An event needs source, a text, not undefined');
    const { code, err } = await run('send.ts', '--port', port, await write('refused.json', '{}'));
    expect({ code, err }).toEqual({
      code: 1,
      err: `The pack on port ${port} refused: An event needs source, a text, not undefined\n`,
    });
    close();
  });

  it.each([
    ['nothing', [], 'Which event?'],
    ['an unknown option', ['--soon', 'x.json'], "Unknown option '--soon'"],
    ['a missing file', ['/nowhere/event.json'], '/nowhere/event.json cannot be read: ENOENT'],
    ['a file that is no JSON', ['template.yaml'], 'template.yaml is no JSON'],
    ['no running pack', ['--port', '1', 'package.json'], 'No pack runs on port 1: start one with npm start'],
  ])('complains of %s in words, without a stack', async (_, args, message) => {
    const { code, out, err } = await run('send.ts', ...args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(message);
    expect(err).not.toMatch(/^\s+at /m);
  });
});
