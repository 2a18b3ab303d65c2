import { createHash, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeTree, type Files, type Host, openHost, type Ran } from './host.ts';
import { findInterpreter, isInstalled, type Shell, shells } from './shells.ts';

// tools/follow-release as a timer calls it.

let host: Host;

beforeEach(() => {
  host = openHost();
});

afterEach(() => host.remove());

const one: Files = { 'index.html': 'one', 'a/same.txt': 'same', 'a/run': 'run' };
const two: Files = { 'index.html': 'two', 'a/same.txt': 'same', 'a/run': 'run', 'b/new.txt': 'new' };

/** The first build is live on the host, and the second one in the store. */
function followFirst(): void {
  host.stamp('b-1', one);
  host.stamp('b-2', two);
  host.promote('../builds/b-1');
  expect(host.follow()).toMatchObject({ status: 0, stderr: '' });
  host.promote('../builds/b-2');
}

const release = (id: string): string => host.path('disk/site/releases', id);
const build = (id: string): string => host.path('store/builds', id);

/** The old release is live and whole, and nothing else is left. */
function expectOldRelease({ status, stderr }: Ran, expected: number, message: RegExp): void {
  expect(stderr).toMatch(message);
  expect(status).toBe(expected);
  expect(host.live()).toBe('b-1');
  expect(describeTree(release('b-1'))).toEqual(describeTree(build('b-1')));
  expect(fs.readdirSync(host.path('disk/site/releases'))).toEqual(['b-1']);
}

describe.each(shells)('in %s', (shell: Shell) => {
  const skips = !isInstalled(shell);

  it.skipIf(skips)('a host gets exactly what was stamped, whatever the names', () => {
    const interpreter = findInterpreter(shell, host.folder, ['flock']);
    const names = ['-n', ' two  spaces ', 'q"uo\'te', 'back\\slash', 'ünï/çödé', '$(x) *?[a]', '#;&|<>', '~'];
    const odd = Object.fromEntries(names.map((name) => [`odd/${name}`, name]));
    host.stamp('b-1', { ...one, ...odd, 'empty/': '', 'odd/a b/run': 'old' });
    host.stamp('b-2', { ...two, ...odd, 'empty/deeper/': '', 'odd/a b': 'a file now' });

    for (const id of ['b-1', 'b-2', 'b-1']) {
      host.promote(`../builds/${id}`);
      expect(host.follow(['-w', '1'], { interpreter })).toMatchObject({ status: 0, stderr: '' });
      expect(host.live()).toBe(id);
      expect(describeTree(release(id))).toEqual(describeTree(build(id)));
    }
    expect(fs.statSync(join(release('b-2'), 'odd/back\\slash')).nlink).toBe(2);
    expect(fs.readdirSync(host.path('disk/site')).sort()).toEqual(['.lock', '.order', 'current', 'releases']);
  });

  it.skipIf(skips)('a tampered build is refused, and a failing command is undone', () => {
    const interpreter = findInterpreter(shell, host.folder, ['flock']);
    followFirst();
    const failing = host.follow(['-r', '[ "$RELEASE" = b-1 ]'], { interpreter });
    expect([failing.status, host.live()]).toEqual([6, 'b-1']);
    expect(failing.stderr).toMatch(/the command \(-r\) failed for b-2; b-1 stays live/);
    fs.rmSync(release('b-2'), { recursive: true });
    fs.writeFileSync(join(build('b-2'), 'b/new.txt'), 'bad');

    const ran = host.follow(['-w', '1'], { interpreter });

    expectOldRelease(ran, 5, /b-2 does not match its stamp: b\/new\.txt;/);
  });
});

describe('a run', () => {
  it('that finds nothing new says nothing and copies nothing', () => {
    host.stamp('b-1', one);
    host.promote('../builds/b-1');
    host.follow();
    host.putCommand('cp', 'exit 1');

    expect(host.follow()).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('copies only what differs, and links the rest to the last release', () => {
    followFirst();
    fs.writeFileSync(host.path('log'), '');
    host.putCommand('cp', `echo "$*" >>${host.path('log')}; real "$@"`);

    expect(host.follow().stdout).toBe('follow-release: prod: b-1 -> b-2 (2 files copied, 2 unchanged)\n');

    const copied = fs.readFileSync(host.path('log'), 'utf8').match(/store\/builds\/b-2\/\S+/g);
    expect(copied?.map((path) => path.slice('store/builds/b-2/'.length)).sort()).toEqual([
      'MANIFEST.modes',
      'MANIFEST.sha256',
      'b/new.txt',
      'index.html',
    ]);
    expect(['a/same.txt', 'a/run'].map((name) => fs.statSync(join(release('b-2'), name)).nlink)).toEqual([
      2, 2,
    ]);
    expect(fs.readFileSync(join(release('b-1'), 'index.html'), 'utf8')).toBe('one');
  });

  it('keeps the times of files, which web servers compare', () => {
    host.stamp('b-1', one);
    host.promote('../builds/b-1');
    fs.utimesSync(join(build('b-1'), 'index.html'), 1_000_000, 1_000_000);

    host.follow();

    expect(fs.statSync(join(release('b-1'), 'index.html')).mtimeMs).toBe(1_000_000_000);
  });

  it('gives a file its own copy if it became executable, and the old release keeps its mode', () => {
    host.stamp('b-1', { 'index.html': 'one', 'tool.sh': 'x' });
    host.stamp('b-2', { 'index.html': 'one', 'tool.run': 'x' });
    host.promote('../builds/b-1');
    host.follow();
    // The same name and content, with another mode.
    host.stamp('b-3', { 'index.html': 'one', 'tool.sh': 'x' });
    restamp('b-3', () => fs.chmodSync(join(build('b-3'), 'tool.sh'), 0o755));
    host.promote('../builds/b-3');

    expect(host.follow().stdout).toMatch(/1 files copied, 1 unchanged/);

    const modes = ['b-1', 'b-3'].map((id) => fs.statSync(join(release(id), 'tool.sh')).mode & 0o777);
    expect(modes).toEqual([0o644, 0o755]);
  });

  it.each([
    ['content', () => fs.writeFileSync(join(release('b-1'), 'a/same.txt'), 'changed here')],
    ['mode', () => fs.chmodSync(join(release('b-1'), 'a/same.txt'), 0o777)],
    [
      'kind',
      () => {
        fs.rmSync(join(release('b-1'), 'a/same.txt'));
        fs.mkdirSync(join(release('b-1'), 'a/same.txt'));
      },
    ],
  ])('copies everything if somebody changed the last release on this host (%s)', (_, change) => {
    followFirst();
    change();

    const ran = host.follow();

    expect(ran.status).toBe(0);
    expect(ran.stderr).toMatch(/b-1 was changed on this host, so b-2 is copied as a whole/);
    expect(describeTree(release('b-2'))).toEqual(describeTree(build('b-2')));
  });

  it('leaves out what somebody added to the last release, and never touches what is outside', () => {
    followFirst();
    const victim = host.path('victim');
    fs.mkdirSync(victim);
    fs.writeFileSync(join(victim, 'file'), 'x');
    fs.mkdirSync(join(release('b-1'), 'x\n'));
    fs.symlinkSync(victim, join(release('b-1'), 'x\n/etc'));
    fs.symlinkSync(victim, join(release('b-1'), 'more'));

    expect(host.follow().status).toBe(0);

    expect(describeTree(release('b-2'))).toEqual(describeTree(build('b-2')));
    expect(fs.readdirSync(victim)).toEqual(['file']);
  });

  it('ignores files in the store that were never stamped', () => {
    followFirst();
    fs.writeFileSync(join(build('b-2'), '.htaccess'), 'bad');
    fs.chmodSync(join(build('b-2'), 'index.html'), 0o4777);

    expect(host.follow().status).toBe(0);

    expect(fs.existsSync(join(release('b-2'), '.htaccess'))).toBe(false);
    expect(fs.statSync(join(release('b-2'), 'index.html')).mode & 0o7777).toBe(0o644);
  });

  it('takes links to files of the same build, and builds that were stamped without modes', () => {
    host.stamp('b-1', one);
    fs.symlinkSync('index.html', join(build('b-1'), 'home.html'));
    restamp('b-1', () => {}, '-l');
    for (const name of ['MANIFEST.modes']) fs.rmSync(join(build('b-1'), name));
    rewriteManifest('b-1', (text) => text.replace(/^.*MANIFEST\.modes\n/m, ''));
    host.promote('../builds/b-1');

    expect(host.follow()).toMatchObject({ status: 0, stderr: '' });

    expect(describeTree(release('b-1'))).toEqual(describeTree(build('b-1')));
  });

  it('reads a release again that is still on the disk, and does not copy it', () => {
    followFirst();
    host.follow();
    host.promote('../builds/b-1');
    expect(host.follow().stdout).toMatch(/b-2 -> b-1 \(kept from before\)/);
    fs.writeFileSync(join(release('b-2'), 'b/new.txt'), 'changed here');
    host.promote('../builds/b-2');

    expect(host.follow().stdout).toMatch(/b-1 -> b-2 \(2 files copied, 2 unchanged\)/);

    expect(describeTree(release('b-2'))).toEqual(describeTree(build('b-2')));
  });

  it('keeps as many releases as -n says, by the order in which they were live', () => {
    for (const at of [1, 2, 3, 4]) host.stamp(`b-${at}`, { 'index.html': `${at}` });
    for (const at of [3, 1, 2, 4]) {
      host.promote(`../builds/b-${at}`);
      expect(host.follow(['-n', '2']).status).toBe(0);
    }
    expect(fs.readdirSync(host.path('disk/site/releases'))).toEqual(['b-2', 'b-4']);
  });

  it('asks the server for the folder of the link before it reads the link', () => {
    host.stamp('b-1', one);
    host.promote('../builds/b-1');
    for (const name of ['ls', 'readlink'])
      host.putCommand(name, `echo ${name} $1 >>${host.path('log')}; real "$@"`);

    host.follow();

    const log = fs.readFileSync(host.path('log'), 'utf8').split('\n');
    expect(log.slice(0, 2)).toEqual([
      `ls ${host.path('store/envs')}`,
      `readlink ${host.path('store/envs/prod')}`,
    ]);
    // The same once more, right before the switch.
    expect(log.filter((line) => line === `ls ${host.path('store/envs')}`).length).toBe(2);
  });

  it('does not bring a build live that was rolled back while it was copied', () => {
    followFirst();
    host.putCommand('sync', `ln -s ../builds/b-1 ${host.path('back')}; real "$@"`);
    host.putCommand('xargs', `ln -sfn ../builds/b-1 ${host.path('store/envs/prod')}; real "$@"`);

    expect(host.follow()).toEqual({ status: 0, stdout: '', stderr: '' });

    expect(host.live()).toBe('b-1');
    expect(fs.existsSync(host.path('back'))).toBe(false);
  });

  it('has everything on the disk before the link moves', () => {
    followFirst();
    for (const name of ['sync', 'mv'])
      host.putCommand(name, `echo ${name} "$*" >>${host.path('log')}; real "$@"`);

    host.follow();

    const log = fs.readFileSync(host.path('log'), 'utf8').trim().split('\n');
    const at = (pattern: RegExp): number => log.findIndex((line) => pattern.test(line));
    expect(at(/^mv .*\/releases\/b-2$/)).toBeLessThan(at(/^sync -f .*\/releases$/));
    expect(at(/^sync/)).toBeLessThan(at(/^mv .*\/current$/));
    expect(at(/^sync/)).toBeGreaterThan(0);
  });
});

/** Changes a build and writes its stamp anew, as a stamp of the changed build would be. */
function restamp(id: string, change: () => void, ...options: string[]): void {
  const moved = host.path('out');
  fs.renameSync(build(id), moved);
  fs.renameSync(moved, build(id));
  change();
  fs.renameSync(build(id), moved);
  for (const name of ['MANIFEST.sha256', 'MANIFEST.modes', 'BUILD.json']) fs.rmSync(join(moved, name));
  host.stamp(id, {}, ...options);
}

/** Changes the manifest and the stamp with it, as somebody with access to the store could. */
function rewriteManifest(id: string, change: (text: string) => string): void {
  const path = join(build(id), 'MANIFEST.sha256');
  const text = change(fs.readFileSync(path, 'latin1'));
  fs.writeFileSync(path, text, 'latin1');
  const stamp = JSON.parse(fs.readFileSync(join(build(id), 'BUILD.json'), 'utf8'));
  const manifestSha256 = createHash('sha256').update(text, 'latin1').digest('hex');
  fs.writeFileSync(join(build(id), 'BUILD.json'), JSON.stringify({ ...stamp, manifestSha256 }));
}

describe('the old release stays if', () => {
  const of = (name: string): string => join(build('b-2'), name);
  const line = (name: string) => (text: string) => `${text}${'0'.repeat(64)}  ${name}\n`;

  it.each<[string, () => void, RegExp]>([
    ['a byte changed', () => fs.writeFileSync(of('b/new.txt'), 'nEw'), /not match its stamp: b\/new\.txt;/],
    ['a file is missing', () => fs.rmSync(of('b/new.txt')), /not match its stamp: b\/new\.txt/],
    [
      'a file is a folder',
      () => {
        fs.rmSync(of('b/new.txt'));
        fs.mkdirSync(of('b/new.txt'));
      },
      /not match its stamp: b\/new\.txt/,
    ],
    [
      'a file is a link that leads out of the build',
      () => {
        fs.writeFileSync(host.path('secret'), 'new');
        fs.rmSync(of('b/new.txt'));
        fs.symlinkSync(host.path('secret'), of('b/new.txt'));
      },
      /not match its stamp: \.\/b\/new\.txt;/,
    ],
    [
      'a folder is a link that leads out of the build, to other files',
      () => {
        fs.rmSync(of('b'), { recursive: true });
        fs.mkdirSync(host.path('elsewhere'));
        fs.writeFileSync(host.path('elsewhere/new.txt'), 'other');
        fs.symlinkSync(host.path('elsewhere'), of('b'));
      },
      /not match its stamp: b\/new\.txt;/,
    ],
    [
      'the manifest changed',
      () => fs.appendFileSync(of('MANIFEST.sha256'), '\n'),
      /is not the manifest that was st/,
    ],
    [
      'the modes changed',
      () => fs.appendFileSync(of('MANIFEST.modes'), 'x b/new.txt\n'),
      /modes is not what was st/,
    ],
    [
      'it is another build',
      () => fs.copyFileSync(join(build('b-1'), 'BUILD.json'), of('BUILD.json')),
      /not the stamp of b-2/,
    ],
    [
      'a name leads out',
      () => rewriteManifest('b-2', line('../../etc/x')),
      /names that no build has: \.\.\/\.\.\/etc\/x/,
    ],
    ['a name is absolute', () => rewriteManifest('b-2', line('/etc/x')), /names that no build has: \/etc\/x/],
    [
      'a name has a dot folder',
      () => rewriteManifest('b-2', line('a/./x')),
      /names that no build has: a\/\.\/x/,
    ],
    [
      'a name is there twice',
      () => rewriteManifest('b-2', line('index.html')),
      /names that no build has: index\.html/,
    ],
    [
      'the stamp lists itself',
      () => rewriteManifest('b-2', line('BUILD.json')),
      /names that no build has: BUILD\.json/,
    ],
    ['a name has a NUL', () => rewriteManifest('b-2', line('a\0../x')), /the manifest of b-2 is no text/],
    [
      'the manifest has no end',
      () => rewriteManifest('b-2', (text) => text.trimEnd()),
      /the manifest of b-2 is no text/,
    ],
    [
      'a line is of another kind',
      () => rewriteManifest('b-2', (text) => `# x\n${text}`),
      /lines of another kind: # x/,
    ],
    [
      'a name has a line break',
      () => rewriteManifest('b-2', (text) => `${text}\\${'0'.repeat(64)}  a\\nb\n`),
      /b-2 has names with line breaks, which are not taken: .*a\\nb/,
    ],
  ])('%s', (_, tamper, message) => {
    followFirst();
    tamper();

    expectOldRelease(host.follow(), 5, message);
  });

  it.each<[string, string | undefined, number, RegExp]>([
    ['is missing', undefined, 4, /envs\/prod is no link: nothing was promoted/],
    ['leads out of the store', '../../elsewhere', 5, /leads to '\.\.\/\.\.\/elsewhere', not to a build/],
    ['is absolute', '/etc', 5, /leads to '\/etc'/],
    ['leads to a file of a build', '../builds/b-2/b', 5, /leads to '\.\.\/builds\/b-2\/b'/],
    ['leads to a hidden folder', '../builds/.trash', 5, /leads to '\.\.\/builds\/\.trash'/],
    ['leads to no build', '../builds/b-9', 4, /builds\/b-9 cannot be read/],
    ['has a line break', '../builds/b-2\n/x', 5, /leads to '\.\.\/builds\/b-2 \/x'/],
  ])('the link %s', (_, target, status, message) => {
    followFirst();
    if (target === undefined) fs.rmSync(host.path('store/envs/prod'));
    else host.promote(target);

    expectOldRelease(host.follow(), status, message);
  });

  it.each<[string, () => void]>([
    ['EFS is not mounted', () => fs.mkdirSync(host.path('store'))],
    ['the folder is gone', () => {}],
  ])('%s, and the host follows again when it is back', (_, replace) => {
    followFirst();
    fs.renameSync(host.path('store'), host.path('away'));
    replace();

    const ran = host.follow();

    expect(ran).toMatchObject({
      status: 4,
      stderr: expect.stringMatching(/envs cannot be read, see above; b-1 stays/),
    });
    expect(fs.readFileSync(host.path('disk/site/current/index.html'), 'utf8')).toBe('one');
    fs.rmSync(host.path('store'), { recursive: true, force: true });
    fs.renameSync(host.path('away'), host.path('store'));
    expect([host.follow().status, host.live()]).toEqual([0, 'b-2']);
  });

  // A command that never ends, as on a mount whose server is gone.
  it.each([
    ['ls', '*/envs', /envs cannot be read: the store did not answer in time/],
    ['readlink', '*/prod', /prod cannot be read: the store did not answer in time/],
    ['head', '*', /BUILD\.json cannot be read: the store did not answer in time/],
    ['xargs', '*-P\\ 8*', /b-2 was not copied within 1 seconds \(-t\)/],
  ])('the store never answers (%s)', (name, last, message) => {
    followFirst();
    host.putCommand(name, `case "$*" in ${last}) exec sleep 100000 ;; *) real "$@" ;; esac`);

    expectOldRelease(host.follow(['-t', '1']), 4, message);
  });
});

describe('the command (-r)', () => {
  const hooks = (): string[] =>
    fs.existsSync(host.path('hooks')) ? fs.readFileSync(host.path('hooks'), 'utf8').trim().split('\n') : [];
  const hook = (test = 'true'): readonly string[] => [
    '-r',
    `echo "$RELEASE $(readlink current)" >>${host.path('hooks')}; ${test}`,
  ];

  it('runs in the folder after the switch, and only then', () => {
    followFirst();
    for (const _ of [1, 2]) expect(host.follow(hook()).status).toBe(0);
    expect(hooks()).toEqual(['b-2 releases/b-2']);
  });

  it('that fails brings the old release back, and runs again for it', () => {
    followFirst();

    const ran = host.follow(hook('[ "$RELEASE" = b-1 ]'));

    expect(ran).toMatchObject({
      status: 6,
      stderr: 'follow-release: the command (-r) failed for b-2; b-1 stays live\n',
    });
    expect([host.live(), hooks()]).toEqual(['b-1', ['b-2 releases/b-2', 'b-1 releases/b-1']]);
  });

  it('that always fails is told for both', () => {
    followFirst();
    expect(host.follow(hook('false')).stderr).toMatch(
      /failed for b-2, and again for the release that was put back; b-1/,
    );
    expect(host.live()).toBe('b-1');
  });

  it('that fails for the first release leaves it live, and runs again', () => {
    host.stamp('b-1', one);
    host.promote('../builds/b-1');
    const ran = host.follow(hook('false'));
    expect(ran).toMatchObject({
      status: 6,
      stderr: expect.stringMatching(/live anyway: there is no release to go/),
    });
    expect(host.live()).toBe('b-1');
    expect(host.follow(['-w', '1', ...hook()]).status).toBe(0);
    expect(hooks()).toEqual(['b-1 releases/b-1', 'b-1 releases/b-1']);
  });

  it('runs in the next run if the host went down between the switch and the command', () => {
    followFirst();
    host.follow(['-r', 'kill -9 "$(cat ../../pid)"'], {
      interpreter: {
        command: ['sh', '-c', 'echo $$ >pid; exec sh "$0" "$@"'],
        path: process.env['PATH'] ?? '',
      },
    });
    expect([host.live(), hooks()]).toEqual(['b-2', []]);

    expect(host.follow(hook()).status).toBe(0);

    expect(hooks()).toEqual(['b-2 releases/b-2']);
  });

  it('may leave a process behind, which does not block the next run', () => {
    followFirst();
    host.follow(['-r', `sleep 100000 >/dev/null 2>&1 & echo $! >${host.path('pid')}`]);
    host.promote('../builds/b-1');

    expect(host.follow()).toMatchObject({ status: 0, stderr: '' });

    process.kill(Number(fs.readFileSync(host.path('pid'), 'utf8')), 'SIGKILL');
  });

  it('that never ends counts as failed', () => {
    followFirst();
    expect(host.follow(['-t', '1', '-r', '[ "$RELEASE" = b-1 ] || exec sleep 100000']).status).toBe(6);
    expect(host.live()).toBe('b-1');
  });
});

describe('a build that failed', () => {
  it('is tried again after 15 seconds, then 30, and so on up to an hour', () => {
    followFirst();
    fs.rmSync(join(build('b-2'), 'index.html'));
    let now = 1_000_000;
    const tryAt = (seconds: number): string => {
      now += seconds;
      host.putCommand('date', `echo ${now}`);
      const { status, stderr } = host.follow();
      expect(status).toBe(5);
      return /is tried again in (\d+) seconds/.exec(stderr)?.[1] ?? 'tried';
    };

    expect([tryAt(0), tryAt(14), tryAt(1), tryAt(29), tryAt(1)]).toEqual([
      'tried',
      '1',
      'tried',
      '1',
      'tried',
    ]);
    for (const pause of [60, 120, 240, 480, 960, 1920, 3600, 3600])
      expect([tryAt(pause - 1), tryAt(1)]).toEqual(['1', 'tried']);
    // A clock that goes back does not hold a build for ever.
    expect(tryAt(-500_000)).toBe('tried');
  });

  it('is tried at once by a person, and does not hold another build back', () => {
    followFirst();
    fs.renameSync(join(build('b-2'), 'index.html'), host.path('kept'));
    host.follow();
    host.stamp('b-3', { 'index.html': 'three' });
    host.promote('../builds/b-3');
    expect([host.follow().status, host.live()]).toEqual([0, 'b-3']);
    host.promote('../builds/b-2');
    host.follow();
    fs.renameSync(host.path('kept'), join(build('b-2'), 'index.html'));

    expect(host.follow().status).toBe(5);
    expect([host.follow(['-w', '1']).status, host.live()]).toEqual([0, 'b-2']);
  });
});

describe('a host with a key', () => {
  const keys = {
    rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    ed25519: generateKeyPairSync('ed25519'),
  };
  type Kind = keyof typeof keys;
  const pem = (kind: Kind): string => keys[kind].publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const parameter = (kind: Kind): string =>
    keys[kind].publicKey.export({ type: 'spki', format: 'der' }).toString('base64');

  function sign(id: string, kind: Kind): void {
    const { privateKey } = keys[kind];
    const manifest = fs.readFileSync(join(build(id), 'MANIFEST.sha256'));
    const signature = signBytes(kind === 'ed25519' ? null : 'sha256', manifest, privateKey).toString(
      'base64',
    );
    const stamp = JSON.parse(fs.readFileSync(join(build(id), 'BUILD.json'), 'utf8'));
    fs.writeFileSync(join(build(id), 'BUILD.json'), `${JSON.stringify({ ...stamp, signature })}\n`);
  }

  it.each<[Kind, string, (kind: Kind) => string]>([
    ['ec', 'PEM', pem],
    ['rsa', 'PEM', pem],
    ['ed25519', 'PEM', pem],
    ['ec', 'the parameter PublicKey', parameter],
    ['rsa', 'the parameter PublicKey', parameter],
  ])('takes builds that are signed with it: %s, %s', (kind, _, format) => {
    fs.writeFileSync(host.path('key'), format(kind));
    followFirst();
    sign('b-2', kind);

    expect(host.follow(['-k', 'key'])).toMatchObject({ status: 0, stderr: '' });

    expect(host.live()).toBe('b-2');
  });

  it.each<[string, () => void, RegExp]>([
    ['is not signed', () => {}, /b-2 is not signed/],
    ['is signed with another key', () => sign('b-2', 'rsa'), /signature of b-2 does not match the key/],
    [
      'was changed together with its manifest and stamp',
      () => {
        sign('b-2', 'ec');
        fs.writeFileSync(join(build('b-2'), 'index.html'), 'bad');
        const digest = createHash('sha256').update('bad').digest('hex');
        rewriteManifest('b-2', (text) => text.replace(/^.*(?= {2}index)/m, digest));
      },
      /signature of b-2 does not match the key/,
    ],
  ])('refuses a build that %s', (_, arrange, message) => {
    fs.writeFileSync(host.path('key'), pem('ec'));
    followFirst();
    arrange();

    expectOldRelease(host.follow(['-k', 'key']), 5, message);
  });

  it.each([
    ['missing', 1, () => {}],
    ['no key', 1, () => fs.writeFileSync(host.path('key'), 'bm8ga2V5')],
  ])('takes nothing if the file is %s', (_, status, arrange) => {
    followFirst();
    sign('b-2', 'ec');
    arrange();
    expectOldRelease(host.follow(['-k', 'key']), status, /key is no public key, see above/);
  });
});

describe('a call', () => {
  it.each([
    ['flock', []],
    ['openssl', ['-k', 'key']],
  ])('says that %s is missing', (tool, options) => {
    host.stamp('b-1', one);
    host.promote('../builds/b-1');
    const path = host.path('machine');
    fs.mkdirSync(path);
    for (const folder of ['/bin', '/usr/bin'].filter((at) => fs.existsSync(at)))
      for (const name of fs.readdirSync(folder))
        if (name !== tool && !fs.existsSync(join(path, name)))
          fs.symlinkSync(join(folder, name), join(path, name));

    const ran = host.follow(options, { interpreter: { command: ['/bin/sh'], path } });

    expect(ran).toMatchObject({ status: 1, stderr: `follow-release: ${tool} is not installed\n` });
  });

  it.each([
    [['-k', ''], /-k needs a file/],
    [['-n', '1'], /-n is at least 2/],
    [['-t', '0'], /need a number from 1 to 99999, not '0'/],
    [['-w', 'x'], /need a number/],
    [['-x'], /see the head of this file/],
    [['one more'], /expected 3 arguments, got 4/],
  ])('is refused: %j', (options, message) => {
    const ran = host.follow(options);
    expect(ran.stderr).toMatch(message);
    expect([ran.status, fs.existsSync(host.path('disk/site'))]).toEqual([2, false]);
  });

  it.each([
    [
      'a folder',
      () => fs.mkdirSync(host.path('disk/site/current'), { recursive: true }),
      /current is no link; rename it/,
    ],
    [
      'a link of somebody else',
      () => {
        fs.mkdirSync(host.path('disk/site'));
        fs.symlinkSync('/srv/old', host.path('disk/site/current'));
      },
      /current leads to '\/srv\/old', not to one of its releases/,
    ],
  ])('replaces no current that is %s', (_, arrange, message) => {
    host.stamp('b-1', one);
    host.promote('../builds/b-1');
    arrange();
    expect(host.follow()).toMatchObject({ status: 1, stderr: expect.stringMatching(message) });
  });
});
