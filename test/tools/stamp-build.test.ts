import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSite } from '../functions/build-promotion/site.ts';
import { ROOT } from '../support/template.ts';
import { findInterpreter, isInstalled, shells } from './shells.ts';

// tools/stamp-build as a buildspec calls it: from a checkout with the tool, a key and the folder that was built.

let checkout: string;

beforeEach(() => {
  checkout = fs.mkdtempSync(join(tmpdir(), 'groundcrew-stamp-'));
  for (const folder of ['bin', 'store', 'tmp']) fs.mkdirSync(join(checkout, folder));
  fs.symlinkSync(join(ROOT, 'tools'), join(checkout, 'tools'));
  put({ 'out/index.html': 'home', 'out/a/one.txt': 'one' });
});

afterEach(() => fs.rmSync(checkout, { recursive: true }));

afterAll(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

function put(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    fs.mkdirSync(dirname(join(checkout, path)), { recursive: true });
    fs.writeFileSync(join(checkout, path), text);
  }
}

/** A command that is found before the machine's own, which it reaches with `real`. */
function putCommand(name: string, script: string): void {
  const real = `real() { PATH=$\{PATH#*:} ${name} "$@"; }`;
  fs.writeFileSync(join(checkout, 'bin', name), `#!/bin/sh\n${real}\n${script}\n`, { mode: 0o755 });
}

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: string, variables: Readonly<Record<string, string>> = {}): Ran {
  const env = {
    ...process.env,
    PATH: `${join(checkout, 'bin')}:${process.env['PATH']}`,
    TMPDIR: join(checkout, 'tmp'),
    CODEBUILD_SITE: join(checkout, 'store'),
    CODEBUILD_BUILD_ID: 'site:b-1',
    ...variables,
  };
  return spawnSync('sh', ['-c', command], { cwd: checkout, encoding: 'utf8', env });
}

const stamp = (options = '', folder = 'out'): Ran =>
  run(`tools/stamp-build ${options} store site:b-1 ${folder} build.json`);

/** Every file and link below, with what it holds or where it leads. */
function everything(folder: string): Record<string, string> {
  const entries = fs.readdirSync(join(checkout, folder), { recursive: true, withFileTypes: true });
  const found = entries.flatMap((entry): [string, string][] => {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(join(checkout, folder).length + 1);
    if (entry.isDirectory()) return [];
    return [[name, entry.isSymbolicLink() ? fs.readlinkSync(path) : fs.readFileSync(path, 'utf8')]];
  });
  return Object.fromEntries(found.sort());
}

const committed = 'store/builds/site-b-1';

function modesOf(folder: string): Record<string, string> {
  const names = ['.', ...fs.readdirSync(join(checkout, folder), { recursive: true, encoding: 'utf8' })];
  return Object.fromEntries(
    names.sort().map((name) => [name, (fs.statSync(join(checkout, folder, name)).mode & 0o7777).toString(8)]),
  );
}

function expectNothingStamped(ran: Ran, message: RegExp): void {
  expect(ran.stderr).toMatch(message);
  expect(ran.status).toBe(1);
  const incoming = join(checkout, 'store/builds/.incoming');
  expect(fs.existsSync(incoming) ? fs.readdirSync(incoming) : []).toEqual([]);
  expect(everything('store')).toEqual({});
  expect(fs.existsSync(join(checkout, 'build.json'))).toBe(false);
  expect(fs.readdirSync(join(checkout, 'tmp'))).toEqual([]);
}

describe('a build that is signed as the documentation says', () => {
  const page = fs.readFileSync(join(ROOT, 'docs/build-promotion.md'), 'utf8').split('\n');
  const commandOf = (start: string): string => {
    const found = page.filter((line) => line.startsWith(start));
    expect(found.length, start).toBe(1);
    return found.join();
  };

  const makeKey = (kind: string): void => {
    const { privateKey } =
      kind === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    put({ 'key.pem': privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() });
  };

  /** Asks a store that was given the public key. */
  const promoteSigned = async (command: string): Promise<void> => {
    const publicKey = run(commandOf('openssl pkey ')).stdout;
    const site = await openSite({ PUBLIC_KEY: publicKey });
    try {
      const ran = run(command, { CODEBUILD_SITE: site.root });
      expect(ran).toMatchObject({ status: 0, stderr: '' });
      const artifact = JSON.parse(fs.readFileSync(join(checkout, 'build.json'), 'utf8'));
      const ask = (of: object) => site.store({ action: 'promote', env: 'dev', key: 'k', artifact: of });
      const { signature, ...unsigned } = artifact;
      expect(signature).toMatch(/./);
      expect((await ask(unsigned)).reason).toBe('site-b-1 is not signed, but a public key is configured');
      expect(await ask(artifact)).toMatchObject({ outcome: 'switched', files: 2 });
    } finally {
      site.remove();
    }
  };

  it.each(['ec', 'rsa'])('with openssl and a key beside the build (%s) is promoted', async (kind) => {
    makeKey(kind);
    await promoteSigned(commandOf("tools/stamp-build -s 'openssl dgst -sha256 -sign "));
  });

  it('with KMS is promoted', async () => {
    makeKey('ec');
    // KMS as documented: a DIGEST has 32 bytes and is signed as it is; the CLI prints the signature in base64.
    putCommand(
      'aws',
      `[ "$*" = "kms sign --key-id alias/builds --message fileb:///dev/stdin --message-type DIGEST \
--signing-algorithm ECDSA_SHA_256 --query Signature --output text" ] || { echo "called with $*" >&2; exit 252; }
cat /dev/stdin >digest
[ "$(wc -c <digest)" -eq 32 ] || { echo 'ValidationException: Digest is invalid length' >&2; exit 254; }
openssl pkeyutl -sign -inkey key.pem -in digest | base64 -w 0`,
    );
    await promoteSigned(commandOf("tools/stamp-build -s 'openssl dgst -sha256 -binary | aws kms sign "));
  });
});

describe('a signing command', () => {
  it('that fails after it wrote something stamps nothing', () => {
    expectNothingStamped(
      stamp("-s 'printf half; exit 3'"),
      /signing command \(-s\) failed with the status 3/,
    );
  });

  it('that writes nothing stamps nothing', () => {
    expectNothingStamped(stamp('-s true'), /signing command \(-s\) wrote nothing/);
  });
});

describe('nothing is stamped when', () => {
  it.each([
    ['leads nowhere', 'missing', /\.\/link: No such file/],
    ['leads to a folder', 'a', /\.\/link: Is a directory/],
  ])('a link %s', (_, target, message) => {
    fs.symlinkSync(target, join(checkout, 'out/link'));
    const ran = stamp('-l');
    expectNothingStamped(ran, message);
    expect(ran.stderr).toContain('stamp-build: out: sha256sum failed');
  });

  it('a file cannot be read', () => {
    putCommand(
      'sha256sum',
      `for last; do :; done
case $last in
  ./*) real ./a/one.txt; echo 'sha256sum: ./index.html: Input/output error' >&2; exit 1 ;;
  *) real "$@" ;;
esac`,
    );
    expectNothingStamped(stamp(), /index\.html: Input\/output error\nstamp-build: out: sha256sum failed/);
  });

  it('a file is left out without a word', () => {
    putCommand('sha256sum', '[ $# -gt 0 ] || exec cat; real "$@" | sed 1d');
    expectNothingStamped(stamp(), /out holds 2 files, and sha256sum wrote 1 lines/);
  });

  it('a file can no longer be read when bytes are counted', () => {
    putCommand('cat', "echo 'cat: ./index.html: Input/output error' >&2; exit 1");
    expectNothingStamped(stamp(), /index\.html: Input\/output error\nstamp-build: out: a file could not be/);
  });

  it.each(['cp', 'mv'])('%s fails half-way', (name) => {
    putCommand(name, `[ ${name} = mv ] || real "$@"; echo 'No space left on device' >&2; exit 1`);
    expectNothingStamped(stamp(), /No space left on device/);
  });

  it.each(['MANIFEST.sha256', 'MANIFEST.modes', 'BUILD.json'])('the site has a %s of its own', (name) => {
    put({ [`out/${name}`]: 'ours' });
    expectNothingStamped(stamp(), new RegExp(`out/${name}: the store writes a file of its own`));
    fs.rmSync(join(checkout, 'out', name));
    fs.symlinkSync('nowhere', join(checkout, 'out', name));
    expectNothingStamped(stamp('-l'), new RegExp(`out/${name}: the store writes a file of its own`));
  });
});

describe('a folder in builds/.incoming', () => {
  const folder = 'store/builds/.incoming/site-b-1';
  beforeEach(() => put({ [`${folder}/index.html`]: 'home', [`${folder}/two`]: 'two' }));

  it('is stamped where it is', () => {
    expect(stamp('', folder)).toMatchObject({ status: 0, stderr: '' });
    expect(Object.keys(everything('store')).sort()).toEqual(
      ['BUILD.json', 'MANIFEST.modes', 'MANIFEST.sha256', 'index.html', 'two'].map(
        (name) => `builds/site-b-1/${name}`,
      ),
    );
  });

  it('is unchanged after a failure, and stamped by the next attempt', () => {
    putCommand('mv', "echo 'Input/output error' >&2; exit 1");
    expect(stamp('', folder).status).toBe(1);
    expect(everything(folder)).toEqual({ 'index.html': 'home', two: 'two' });
    fs.rmSync(join(checkout, 'bin/mv'));
    expect(stamp('', folder)).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('a stamped build', () => {
  it('is what sha256sum -c checks, whatever the names', () => {
    put({ 'out/ -n "x"': 'x', 'out/back\\slash': 'x', 'out/a/BUILD.json': 'deeper down it is a file' });
    fs.symlinkSync('back\\slash', join(checkout, 'out/li\\nk'));
    expect(stamp('-l')).toMatchObject({ status: 0, stderr: '' });
    const told = execFileSync('sha256sum', ['-c', '--strict', 'MANIFEST.sha256'], {
      cwd: join(checkout, committed),
      encoding: 'utf8',
    });
    expect(told.trim().split('\n').length).toBe(7);
    expect(JSON.parse(fs.readFileSync(join(checkout, 'build.json'), 'utf8')).files).toBe(6);
  });

  it('can be read by everybody, and keeps executable bits and empty folders', () => {
    put({ 'out/a/run': 'x' });
    fs.mkdirSync(join(checkout, 'out/a/empty'));
    fs.chmodSync(join(checkout, 'out/a/run'), 0o4700);
    fs.chmodSync(join(checkout, 'out/a/one.txt'), 0o600);
    fs.chmodSync(join(checkout, 'out/a'), 0o2770);

    expect(stamp()).toMatchObject({ status: 0, stderr: '' });

    expect(modesOf(committed)).toEqual({
      '.': '755',
      'BUILD.json': '644',
      'MANIFEST.modes': '644',
      'MANIFEST.sha256': '644',
      a: '755',
      'a/empty': '755',
      'a/one.txt': '644',
      'a/run': '755',
      'index.html': '644',
    });
    expect(fs.readFileSync(join(checkout, committed, 'MANIFEST.modes'), 'utf8')).toBe(
      'd a\nd a/empty\nx a/run\n',
    );
  });

  it.each(['out', 'store/builds/.incoming/site-b-1'])('in %s holds no hard links', (folder) => {
    put({ [`${folder}/a.txt`]: 'same' });
    fs.linkSync(join(checkout, folder, 'a.txt'), join(checkout, folder, 'b.txt'));
    fs.linkSync(join(checkout, folder, 'a.txt'), join(checkout, 'elsewhere'));

    expect(stamp('', folder)).toMatchObject({ status: 0, stderr: '' });

    const links = ['a.txt', 'b.txt'].map((name) => fs.statSync(join(checkout, committed, name)).nlink);
    expect(links).toEqual([1, 1]);
    expect(everything(committed)).toMatchObject({ 'a.txt': 'same', 'b.txt': 'same' });
  });

  it('is found whatever CDPATH says', () => {
    put({ 'elsewhere/out/index.html': 'other' });

    expect(run('CDPATH=elsewhere tools/stamp-build store site:b-1 out build.json')).toMatchObject({
      status: 0,
    });

    expect(everything(committed)).toMatchObject({ 'index.html': 'home' });
  });

  it.each([
    ['a changed file', () => fs.writeFileSync(join(checkout, committed, 'index.html'), 'other')],
    ['another file', () => fs.writeFileSync(join(checkout, committed, 'more'), '')],
    ['another mode', () => fs.chmodSync(join(checkout, committed, 'index.html'), 0o600)],
    ['a lost folder', () => fs.rmSync(join(checkout, committed, 'a'), { recursive: true })],
  ])('with %s is not reported again', (_, tamper) => {
    expect(stamp().status).toBe(0);
    fs.rmSync(join(checkout, 'build.json'));
    tamper();

    const ran = stamp();

    expect(ran.stderr).toMatch(/site-b-1 was stamped before, and no longer holds what was stamped/);
    expect([ran.status, fs.existsSync(join(checkout, 'build.json'))]).toEqual([1, false]);
  });

  it('is reported again for the same files', () => {
    expect(stamp().status).toBe(0);
    const before = everything('.');
    fs.rmSync(join(checkout, 'build.json'));
    // A build agent's clock goes on between two tries.
    putCommand('date', 'echo 2031-01-01T00:00:00Z');
    expect(stamp()).toMatchObject({ status: 0, stderr: '' });
    fs.rmSync(join(checkout, 'bin/date'));
    expect(everything('.')).toEqual(before);
  });

  it.each([
    ['another content', { 'out/index.html': 'Home' }],
    ['another file', { 'out/more': '' }],
  ])('is not told for %s, and nothing changes', (_, files) => {
    expect(stamp().status).toBe(0);
    put(files);
    const before = everything('.');
    const ran = stamp();
    expect(ran.stderr).toMatch(
      /site-b-1 was stamped before, with other files: .* hash [0-9a-f]{64}, that of out has [0-9a-f]{64}/,
    );
    expect(ran.status).toBe(1);
    expect(everything('.')).toEqual(before);
  });
});

describe('two runs with one build id', () => {
  /** While the command works for the first time, another run begins and ends. */
  const runInside = (name: string, folder: string): void =>
    putCommand(
      name,
      `if [ ! -e ${checkout}/begun ]; then
  : >${checkout}/begun
  (cd ${checkout}; PATH=\${PATH#*:} tools/stamp-build store site:b-1 ${folder} other.json) || exit 9
fi
real "$@"`,
    );
  const commands = ['mktemp', 'sort', 'cp', 'chmod', 'mv'];

  it.each(commands)('end alike for the same files, at any moment (%s)', (name) => {
    runInside(name, 'out');

    expect(stamp()).toMatchObject({ status: 0, stderr: '' });

    expect(fs.readFileSync(join(checkout, 'build.json'))).toEqual(
      fs.readFileSync(join(checkout, 'other.json')),
    );
    expect(Object.keys(everything(committed)).length).toBe(5);
    expect(fs.readdirSync(join(checkout, 'store/builds/.incoming'))).toEqual([]);
  });

  it.each(commands)('commit the files of the faster one, at any moment (%s)', (name) => {
    put({ 'changed/index.html': 'faster', 'changed/more': 'more' });
    runInside(name, 'changed');

    const ran = stamp();

    expect(ran.stderr).toMatch(/site-b-1 was stamped before, with other files/);
    expect([ran.status, fs.existsSync(join(checkout, 'build.json'))]).toEqual([1, false]);
    expect(everything(committed)).toMatchObject({ 'index.html': 'faster', more: 'more' });
    expect(Object.keys(everything(committed)).length).toBe(5);
    expect(fs.readdirSync(join(checkout, 'store/builds/.incoming'))).toEqual([]);
  });

  it('commit one whole build where mv has no -T', () => {
    putCommand('mv', '[ "$1" != -T ] || { echo "mv: illegal option -- T" >&2; exit 64; }\nreal "$@"');
    expect(stamp()).toMatchObject({ status: 0, stderr: '' });
    expect(Object.keys(everything(committed)).length).toBe(5);
  });
});

describe.each(shells)('in %s', (shell) => {
  const runIn = (): Ran => {
    const { command, path } = findInterpreter(shell, checkout);
    return run(`PATH=${path} ${command.join(' ')} tools/stamp-build store site:b-1 out build.json`);
  };

  it.skipIf(!isInstalled(shell))('the same files give the same build', () => {
    put({ 'out/back\\slash': 'x', 'out/a/run': 'x', 'out/linked': 'x' });
    fs.chmodSync(join(checkout, 'out/a/run'), 0o755);
    fs.linkSync(join(checkout, 'out/linked'), join(checkout, 'out/linked too'));

    expect(runIn()).toMatchObject({ status: 0, stderr: '' });

    expect(JSON.parse(fs.readFileSync(join(checkout, 'build.json'), 'utf8'))).toMatchObject({
      files: 6,
      manifestSha256: 'bbbd83b2a26d8c4f19420425e5608d11e1baee92d167d8b613c057cba7d8419a',
    });
    expect(fs.statSync(join(checkout, committed, 'linked')).nlink).toBe(1);
  });

  it.skipIf(!isInstalled(shell)).each(['new\nline', 'return\r', 'a\n/b'])(
    'nothing is stamped if a name has a line break: %j',
    (name) => {
      put({ [`out/${name}`]: 'x' });
      expectNothingStamped(runIn(), /names with line breaks, which are not taken: \.\//);
    },
  );
});
