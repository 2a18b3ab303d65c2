import { type SpawnOptions, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Settings {
  readonly folder: string;
  readonly requirements: string;
  readonly env: NodeJS.ProcessEnv;
  readonly progress: (line: string) => void;
}

const marker = 'complete';

/** The marker is written last; the executable is a link that dangles when the machine's Python went away. */
export const isComplete = (home: string): boolean =>
  existsSync(join(home, marker)) && existsSync(executable(home));

export const executable = (home: string): string =>
  process.platform === 'win32' ? join(home, 'Scripts', 'python.exe') : join(home, 'bin', 'python');

/** One process installs, others wait for it; a lock whose owner died is taken over. */
export async function installOnce(home: string, base: string, settings: Settings): Promise<void> {
  await mkdir(settings.folder, { recursive: true });
  const lock = `${home}.lock`;
  let told = false;
  while (!(await takeLock(lock))) {
    if (isComplete(home)) return;
    if (!told) settings.progress('Waiting for another process that is installing the local account...');
    told = true;
    await sleep(250);
  }
  try {
    if (!isComplete(home)) await install(home, base, settings);
  } finally {
    await rm(lock, { force: true });
  }
}

async function takeLock(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    const owner = Number(await readFile(lock, 'utf8').catch(() => ''));
    if (owner > 0 && !isAlive(owner)) await rm(lock, { force: true });
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Installs beside and renames at the end: what an interrupted run leaves is never taken for whole. */
async function install(home: string, base: string, settings: Settings): Promise<void> {
  await clearLeftovers(home);
  const draft = `${home}.draft-${randomUUID().slice(0, 8)}`;
  const started = performance.now();
  const seconds = (): string => `${Math.round((performance.now() - started) / 1000)} s`;
  settings.progress(
    'Installing the local account (moto, SAM translator, cfn-lint) into .groundcrew, once...',
  );
  try {
    await createEnvironment(draft, base, settings);
    await installPackages(draft, settings, seconds);
    await writeFile(join(draft, marker), '');
    await rename(draft, home);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
  settings.progress(`Installed in ${seconds()}.`);
}

async function clearLeftovers(home: string): Promise<void> {
  const leftovers = (await readdir(dirname(home))).filter((name) =>
    name.startsWith(`${basename(home)}.draft-`),
  );
  const paths = [home, ...leftovers.map((name) => join(dirname(home), name))];
  await Promise.all(paths.map((path) => rm(path, { recursive: true, force: true })));
}

async function createEnvironment(draft: string, base: string, settings: Settings): Promise<void> {
  const { code, stdout, stderr } = await run(base, ['-m', 'venv', draft], settings);
  if (code === 0) return;
  throw new Error(
    `${base} cannot make a virtual environment.\n` +
      'Install its venv module (Debian, Ubuntu: apt install python3-venv), then try again.\n' +
      lastLines(stderr || stdout),
  );
}

async function installPackages(draft: string, settings: Settings, seconds: () => string): Promise<void> {
  const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--progress-bar', 'off'];
  const tell = (line: string): void => {
    const phase = phaseOf(line);
    if (phase) settings.progress(`  ${phase} (${seconds()})`);
  };
  const { code, stderr } = await run(
    executable(draft),
    [...pip, '-r', settings.requirements],
    settings,
    tell,
  );
  if (code === 0) return;
  throw new Error(
    'pip could not install the packages of local/python/requirements.txt.\n' +
      'It needs the network, or a package index that its own configuration names (PIP_INDEX_URL, pip.conf).\n' +
      'Or install them yourself and name that Python in GROUNDCREW_PYTHON.\n' +
      lastLines(stderr),
  );
}

/** pip's chatter, a line for each package and one for the end. */
function phaseOf(line: string): string | undefined {
  const [, collected] = /^Collecting ([\w.[\]-]+)/.exec(line) ?? [];
  if (collected) return collected;
  return line.startsWith('Installing collected packages') ? 'unpacking' : undefined;
}

const lastLines = (text: string): string => text.trim().split('\n').slice(-6).join('\n');

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function run(
  command: string,
  args: readonly string[],
  { env }: Settings,
  tell: (line: string) => void = () => {},
): Promise<Ran> {
  const options: SpawnOptions = { env, stdio: ['ignore', 'pipe', 'pipe'] };
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, options);
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      if (child[name]) createInterface({ input: child[name] }).on('line', (line) => note(name, line));
    }
    function note(name: 'stdout' | 'stderr', line: string): void {
      texts[name] += `${line}\n`;
      if (name === 'stdout') tell(line);
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...texts }));
  });
}
