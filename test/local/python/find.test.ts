import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findPython, installTools } from '../../../local/python/find.ts';
import { errorOf } from '../account/fixture.ts';

let home: string;
let progress: string[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'groundcrew-python-'));
  progress = [];
  mkdirSync(join(home, 'bin'));
  writeFileSync(join(home, 'requirements.txt'), 'moto[server]==5.2.5\naws-sam-translator==1.115.0\n');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Python as far as an installation needs it: it tells versions, makes environments and runs pip, as the test wants it. */
interface Machine {
  readonly version?: string;
  readonly found?: Record<string, string>;
  readonly venv?: string;
  readonly pip?: string;
}

const wholeMachine = {
  moto: '5.2.4',
  'aws-sam-translator': '1.115.9',
  flask: 'any',
  flask_cors: 'any',
  botocore: '1.44.5',
};

function machine({ version = '3.12.1', found = {}, venv = ':', pip = ':' }: Machine): void {
  const isNew = Number(version.split('.')[1]) >= 10;
  const script = `#!/bin/sh
case "$1 $2" in
  "-m venv") ${venv}; mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  "-m pip") echo run >> "${home}/pip-runs"; ${pip} ;;
  *) echo '${JSON.stringify({ version, new: isNew, found })}' ;;
esac
`;
  writeFileSync(join(home, 'bin', 'python3'), script);
  chmodSync(join(home, 'bin', 'python3'), 0o755);
}

const folder = (): string => join(home, '.groundcrew');
const installed = (): string[] => readdirSync(folder()).toSorted();

function install(env: Record<string, string> = {}): Promise<string> {
  // The machine's own Python must not be found: only what the scripts need is on the path.
  const tools = join(home, 'tools');
  mkdirSync(tools, { recursive: true });
  for (const tool of ['sh', 'mkdir', 'cp', 'sleep', 'cat']) {
    if (!existsSync(join(tools, tool))) symlinkSync(`/bin/${tool}`, join(tools, tool));
  }
  return findPython((line) => progress.push(line), {
    folder: folder(),
    requirements: join(home, 'requirements.txt'),
    env: { PATH: [join(home, 'bin'), tools].join(delimiter), ...env },
  });
}

test('a Python with the packages in the same minor versions is used as it is', async () => {
  machine({ found: wholeMachine });
  expect(await install()).toBe('python3');
  expect(existsSync(folder())).toBe(false);
});

test.each([
  ['of another minor version', { ...wholeMachine, moto: '5.1.9' }],
  ['without its server', { ...wholeMachine, flask_cors: '' }],
  ['with old service models', { ...wholeMachine, botocore: '1.29.0' }],
])('packages %s are installed, once, with progress', async (_, found) => {
  machine({
    found,
    pip: 'echo "Collecting moto[server]==5.2.5"; echo "Installing collected packages: a, b"',
  });
  const command = await install();
  expect(command).toMatch(/\.groundcrew\/python-[\da-f]{12}\/bin\/python$/);
  expect(existsSync(command)).toBe(true);
  expect(progress[0]).toMatch(/^Installing the local account/);
  expect(progress.slice(1)).toEqual([
    expect.stringMatching(/^ {2}moto\[server\] \(\d+ s\)$/),
    expect.stringMatching(/^ {2}unpacking \(\d+ s\)$/),
    expect.stringMatching(/^Installed in \d+ s\.$/),
  ]);
  expect(await install()).toBe(command);
  expect(progress).toHaveLength(4);
  expect(installed()).toHaveLength(1);
});

test('a failed installation leaves nothing, and the next one starts from the beginning', async () => {
  machine({ pip: 'echo "ERROR: no matching distribution" >&2; exit 1' });
  const error = await errorOf(install());
  expect(error.message).toMatch(/^pip could not install/);
  expect(error.message).toMatch(/GROUNDCREW_PYTHON/);
  expect(error.message).toMatch(/no matching distribution$/);
  expect(installed()).toEqual([]);
  machine({});
  expect(existsSync(await install())).toBe(true);
});

test('an incomplete installation is detected and repeated', async () => {
  machine({});
  const command = await install();
  const environment = join(command, '../..');
  rmSync(join(environment, 'complete'));
  mkdirSync(`${environment}.draft-dead`);
  writeFileSync(`${environment}.lock`, '999999999');
  expect(await install()).toBe(command);
  expect(existsSync(join(environment, 'complete'))).toBe(true);
  expect(installed()).toHaveLength(1);
});

test('two processes at the same time install once', async () => {
  machine({ pip: 'sleep 0.5' });
  const [one, two] = await Promise.all([install(), install()]);
  expect(one).toBe(two);
  expect(progress.filter((line) => line.startsWith('Installing'))).toHaveLength(1);
  expect(progress.filter((line) => line.startsWith('Waiting'))).toHaveLength(1);
});

test('changed requirements lead to a new environment', async () => {
  machine({});
  const before = await install();
  writeFileSync(join(home, 'requirements.txt'), 'moto[server]==5.2.6\n');
  expect(await install()).not.toBe(before);
});

test.each<[string, Machine | undefined, RegExp]>([
  [
    'no Python',
    undefined,
    /needs Python 3\.10 or later, and there is no python3 on the PATH[\s\S]*apt install python3/,
  ],
  ['an old Python', { version: '3.9.2' }, /needs Python 3\.10 or later, but python3 is 3\.9\.2/],
  [
    'no venv module',
    { venv: 'echo "ensurepip is not available"; exit 1' },
    /apt install python3-venv[\s\S]*ensurepip/,
  ],
])('%s is named, with the remedy', async (_, given, message) => {
  if (given) machine(given);
  expect((await errorOf(install())).message).toMatch(message);
});

test('GROUNDCREW_PYTHON is used, or the error lists its missing packages', async () => {
  machine({ found: wholeMachine });
  const own = join(home, 'bin', 'python3');
  expect(await install({ GROUNDCREW_PYTHON: own })).toBe(own);
  machine({ found: { ...wholeMachine, moto: '4.0.0' } });
  expect((await errorOf(install({ GROUNDCREW_PYTHON: own }))).message).toBe(
    `GROUNDCREW_PYTHON is ${own}, which lacks moto 5.2.5.`,
  );
  expect((await errorOf(install({ GROUNDCREW_PYTHON: '/nowhere' }))).message).toBe(
    'GROUNDCREW_PYTHON is /nowhere, which does not run as Python.',
  );
});

test('tools get an environment of their own, named after their file', async () => {
  machine({ found: wholeMachine, pip: 'echo "Collecting scales==1.2.3"' });
  const requirements = join(home, 'scales.txt');
  writeFileSync(requirements, 'scales==1.2.3\n');
  const env = { PATH: [join(home, 'bin'), '/usr/bin', '/bin'].join(delimiter) };
  const options = { requirements, purpose: 'the scales', folder: folder(), env };

  const command = await installTools((line) => progress.push(line), options);

  expect(command).toMatch(/\.groundcrew\/scales-[\da-f]{12}\/bin\/python$/);
  expect(progress[0]).toBe('Installing the scales into .groundcrew, once...');
  expect(await installTools((line) => progress.push(line), options)).toBe(command);
  expect(readFileSync(join(home, 'pip-runs'), 'utf8')).toBe('run\n');
});

test('tools that cannot be installed say which file they come from', async () => {
  machine({ pip: 'echo "ERROR: no matching distribution" >&2; exit 1' });
  const requirements = join(home, 'scales.txt');
  writeFileSync(requirements, 'scales==1.2.3\n');
  const env = { PATH: [join(home, 'bin'), '/usr/bin', '/bin'].join(delimiter) };

  const error = await errorOf(
    installTools(() => {}, { requirements, purpose: 'the scales', folder: folder(), env }),
  );

  expect(error.message).toMatch(/^pip could not install the packages of .*scales\.txt\./);
  expect(error.message).not.toMatch(/GROUNDCREW_PYTHON/);
});
