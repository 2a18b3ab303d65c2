import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeTree, type Files, FOLLOW, type Host, openHost, type Ran } from './host.ts';

// tools/follow-release while commands fail, processes die, disks are full, and others read or run beside it.

let host: Host;

beforeEach(() => {
  host = openHost();
});

afterEach(() => host.remove());

const builds: Readonly<Record<string, Files>> = {
  'b-1': { 'index.html': 'b-1', 'a/same.txt': 'same', 'a/old.txt': 'old' },
  'b-2': { 'index.html': 'b-2', 'a/same.txt': 'same', 'a/run': 'run', 'copy.html': 'b-2' },
};

/** The first build is live on the host, and the second one in the store. */
function followFirst(): void {
  for (const [id, files] of Object.entries(builds)) host.stamp(id, files);
  host.promote('../builds/b-1');
  expect(host.follow().status).toBe(0);
  host.promote('../builds/b-2');
}

/** What is wrong with the release that hosts serve, if anything is. */
function troubleWithLive(): string | undefined {
  const live = host.live();
  if (live === undefined) return 'the link leads nowhere';
  const found = JSON.stringify(describeTree(host.path('disk/site/releases', live)));
  return found === JSON.stringify(describeTree(host.path('store/builds', live)))
    ? undefined
    : `${live} is not whole`;
}

type Fault = 'fails' | 'killed';

/** Commands that change something: a process that dies before another one has done no more than before that. */
const changing = [
  'chmod',
  'chown',
  'cp',
  'ln',
  'mkdir',
  'mktemp',
  'mv',
  'rm',
  'sync',
  'timeout',
  'touch',
  'xargs',
];
const reading = [
  'base64',
  'cat',
  'cmp',
  'date',
  'find',
  'flock',
  'head',
  'id',
  'ls',
  'readlink',
  'sed',
  'sha256sum',
  'sort',
  'tail',
  'tr',
  'uniq',
  'wc',
];

/** Counts the calls of every command, and strikes one of them. */
function wrapCommands(): void {
  fs.mkdirSync(host.path('counts'));
  for (const name of [...changing, ...reading]) {
    const count = host.path('counts', name);
    host.putCommand(
      name,
      `n=0; [ ! -e ${count} ] || read -r n <${count}; n=$((n + 1)); echo $n >${count}
if [ "\${STRIKE-}" = "${name} $n" ]; then
  [ "$FAULT" = fails ] || kill -9 "$(PATH=\${PATH#*:} cat ${host.path('pid')})"
  echo '${name}: injected' >&2; exit 1
fi
PATH=\${PATH#*:} exec ${name} "$@"`,
    );
  }
}

function followCounted(strike = '', fault: Fault = 'fails'): Ran {
  fs.rmSync(host.path('counts'), { recursive: true });
  fs.mkdirSync(host.path('counts'));
  const command = ['sh', '-c', `echo $$ >${host.path('pid')}; exec sh "$0" "$@"`];
  return host.follow(['-w', '1', '-r', `echo "$RELEASE" >>${host.path('hooks')}`], {
    interpreter: { command, path: process.env['PATH'] ?? '' },
    env: { STRIKE: strike, FAULT: fault },
  });
}

function listCalls(): string[] {
  return fs
    .readdirSync(host.path('counts'))
    .sort()
    .flatMap((name) => {
      const times = Number(fs.readFileSync(host.path('counts', name), 'utf8'));
      return Array.from({ length: times }, (_, at) => `${name} ${at + 1}`);
    });
}

describe.each<[Fault, readonly string[]]>([
  ['fails', [...changing, ...reading]],
  ['killed', changing],
])('whatever command is struck (%s)', (fault, struck) => {
  it('a whole release is live, and the next run ends as if nothing had happened', {
    timeout: 600_000,
  }, () => {
    followFirst();
    fs.cpSync(host.path('disk'), host.path('saved'), {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
    });
    const restore = (): void => {
      fs.rmSync(host.path('disk'), { recursive: true });
      fs.cpSync(host.path('saved'), host.path('disk'), {
        recursive: true,
        verbatimSymlinks: true,
        preserveTimestamps: true,
      });
    };
    wrapCommands();
    expect(followCounted().status).toBe(0);
    const calls = listCalls().filter((call) => isStruck(call, struck));
    const proven = new Set<string>();
    const wrong: string[] = [];
    for (const call of calls) {
      restore();
      const { status } = followCounted(call, fault);
      const trouble = troubleWithLive();
      if (trouble) wrong.push(`${call}: ${trouble}`);
      if (status === 0 && host.live() !== 'b-2') wrong.push(`${call}: ended well without a switch`);
      if (!isNewState(proven)) continue;
      const again = followCounted();
      const end = [
        again.status,
        host.live(),
        troubleWithLive(),
        fs.readdirSync(host.path('disk/site/releases')).sort(),
      ];
      if (JSON.stringify(end) !== '[0,"b-2",null,["b-1","b-2"]]')
        wrong.push(`${call}: then ${JSON.stringify(end)} ${again.stderr}`);
    }
    expect(wrong).toEqual([]);
    expect(calls.length).toBeGreaterThan(20);
    expect(proven.size).toBeGreaterThan(1);
  });
});

/** Commands that only read are called so often that every third call has to do. */
function isStruck(call: string, struck: readonly string[]): boolean {
  const [name = '', at] = call.split(' ');
  return struck.includes(name) && (changing.includes(name) || Number(at) % 3 === 1);
}

/** A repeat from a state that another fault left too would show nothing new. */
function isNewState(proven: Set<string>): boolean {
  const state = { ...describeTree(host.path('disk/site')) };
  if (state['.failed']) state['.failed'] = 'failed';
  const text = JSON.stringify(state).replace(/\.copy\.\w{6}/g, '.copy');
  if (proven.has(text)) return false;
  proven.add(text);
  return true;
}

/** Resolves the link once per round, as a web server does per request, and reads two files that belong together. */
const reader = `
  const { readFileSync, realpathSync } = require('node:fs');
  const met = {};
  process.stdin.on('end', () => { process.stdout.write(JSON.stringify(met)); process.exit(); }).resume();
  const round = () => {
    for (let at = 0; at < 50; at++) {
      let what;
      try {
        const release = realpathSync(process.argv[1]);
        const texts = ['index.html', 'a/same.txt'].map((name) => readFileSync(release + '/' + name, 'utf8'));
        what = texts.join(' ');
      } catch (error) { what = error.message; }
      met[what] = (met[what] ?? 0) + 1;
    }
    setImmediate(round);
  };
  round();
  process.stdout.write('up\\n');
`;

it('a reader meets whole releases while runs are killed at random moments', {
  timeout: 300_000,
}, async () => {
  followFirst();
  const child = spawn(process.execPath, ['-e', reader, host.path('disk/site/current')]);
  let told = '';
  child.stdout.on('data', (piece) => {
    told += piece;
  });
  await once(child.stdout, 'data');
  let switches = 0;
  // At moments from the first to past the last of a run, however fast this machine is.
  const begun = Date.now();
  expect(host.follow(['-w', '60']).status).toBe(0);
  const span = 1.3 * (Date.now() - begun);
  for (let n = 0; n < 40 || switches < 5; n++) {
    const next = `b-${1 + (n % 2)}`;
    host.promote(`../builds/${next}`);
    // Now and then it has to be copied anew.
    if (n % 3 === 0 && host.live() !== next)
      fs.rmSync(host.path('disk/site/releases', next), { recursive: true, force: true });
    const before = host.live();
    await followAndKill(Math.random() * span);
    if (host.live() !== before) switches += 1;
    expect(troubleWithLive()).toBe(undefined);
  }
  host.promote('../builds/b-1');
  expect(host.follow(['-w', '60']).status).toBe(0);
  child.stdin.end();
  await once(child, 'close');

  const met = JSON.parse(told.split('\n').at(-1) ?? '');
  expect(Object.keys(met).filter((what) => !/^b-[12] same$/.test(what))).toEqual([]);
  expect(fs.readdirSync(host.path('disk/site/releases')).filter((name) => name.startsWith('.'))).toEqual([]);
});

/** Kills the run and all its processes, as a power cut would. */
async function followAndKill(ms: number): Promise<void> {
  const run = spawn('sh', [FOLLOW, '-w', '60', 'store', 'prod', 'disk/site'], {
    cwd: host.folder,
    detached: true,
    stdio: 'ignore',
  });
  const timer = setTimeout(() => process.kill(-(run.pid ?? 0), 'SIGKILL'), ms);
  await once(run, 'exit');
  clearTimeout(timer);
}

describe('a full disk', () => {
  it('leaves the old release, and says why', () => {
    host.stamp('b-1', { 'index.html': 'b-1' });
    host.stamp('b-2', { 'index.html': 'b-2', 'big.bin': 'x'.repeat(5_000_000) });
    host.promote('../builds/b-1');
    host.follow();
    host.promote('../builds/b-2');
    // No file may become larger than 1 MB: the kernel stops the copy half-way.
    const limited = {
      command: ['sh', '-c', 'trap "" XFSZ; ulimit -f 2000; exec sh "$0" "$@"'],
      path: process.env['PATH'] ?? '',
    };

    const ran = host.follow([], { interpreter: limited });

    expect(ran.stderr).toMatch(
      /File too large\n(.*\n)*follow-release: b-2 was not copied, see above; b-1 stays live\n$/,
    );
    expect([ran.status, host.live(), troubleWithLive()]).toEqual([1, 'b-1', undefined]);
    expect(fs.readdirSync(host.path('disk/site/releases'))).toEqual(['b-1']);
    expect([host.follow(['-w', '1']).status, host.live()]).toEqual([0, 'b-2']);
  });
});

describe('two runs with one folder', () => {
  it('do not work at the same time: the second one ends, or waits', async () => {
    followFirst();
    execFileSync('mkfifo', [host.path('gate')]);
    const slow = spawn('sh', [FOLLOW, '-r', `cat ${host.path('gate')}`, 'store', 'prod', 'disk/site'], {
      cwd: host.folder,
    });
    const ended = once(slow, 'exit');
    const gate = fs.openSync(host.path('gate'), 'w'); // returns when the command reads

    const second = host.follow();
    const waiting = spawn('sh', [FOLLOW, '-w', '600', 'store', 'prod', 'disk/site'], { cwd: host.folder });
    const waited = once(waiting, 'exit');
    fs.closeSync(gate);

    expect(second).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/another run with .* is under way/),
    });
    expect([(await ended)[0], (await waited)[0], host.live()]).toEqual([0, 0, 'b-2']);
  });
});

it('what a killed run left is removed by the next one, whatever it is', () => {
  followFirst();
  const left = host.path('disk/site/releases/.copy.Ab12Cd');
  fs.mkdirSync(join(left, 'copy/b-2'), { recursive: true });
  fs.writeFileSync(join(left, 'copy/b-2/index.html'), 'half');

  expect(host.follow().status).toBe(0);

  expect([fs.existsSync(left), troubleWithLive()]).toEqual([false, undefined]);
});

it.runIf(process.getuid?.() === 0)('a user without rights follows too', () => {
  followFirst();
  fs.mkdirSync(host.path('disk/mine'));
  for (const path of [host.folder, host.path('disk/mine')]) fs.chmodSync(path, 0o755);
  fs.chownSync(host.path('disk/mine'), 65_534, 65_534);
  fs.renameSync(host.path('disk/site'), host.path('disk/other'));
  fs.chownSync(host.path('disk'), 65_534, 65_534);

  expect(host.follow([], { spawn: { uid: 65_534, gid: 65_534 } })).toMatchObject({ status: 0, stderr: '' });

  expect(troubleWithLive()).toBe(undefined);
  expect(fs.statSync(host.path('disk/site/current/index.html')).uid).toBe(65_534);
});
