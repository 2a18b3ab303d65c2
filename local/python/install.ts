import { type SpawnOptions, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Settings {
  readonly folder: string;
  readonly requirements: string;
  /** What the packages are for, in messages. */
  readonly purpose: string;
  /** What to do if pip cannot install them: a line, or nothing. */
  readonly alternative: string;
  readonly env: NodeJS.ProcessEnv;
  readonly progress: (line: string) => void;
}

const completeMarker = 'complete';

/** The marker is written last. The executable is a link, which is broken if the machine's Python was removed. */
export const isComplete = (home: string): boolean =>
  existsSync(join(home, completeMarker)) && existsSync(pythonIn(home));

export const pythonIn = (home: string): string =>
  process.platform === 'win32' ? join(home, 'Scripts', 'python.exe') : join(home, 'bin', 'python');

/** One process installs and others wait for it. A lock is taken over if its owner has died. */
export async function installOnce(home: string, base: string, settings: Settings): Promise<void> {
  await mkdir(settings.folder, { recursive: true });
  const lock = `${home}.lock`;
  let isReported = false;
  while (!(await takeLock(lock))) {
    if (isComplete(home)) return;
    if (!isReported)
      settings.progress(`Waiting for another process that is installing ${settings.purpose}...`);
    isReported = true;
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

/** Installs to a draft folder and renames it at the end, so that an interrupted run leaves no partial environment. */
async function install(home: string, base: string, settings: Settings): Promise<void> {
  await clearLeftovers(home);
  const draft = `${home}.draft-${randomUUID().slice(0, 8)}`;
  const startedAt = performance.now();
  const seconds = (): string => `${Math.round((performance.now() - startedAt) / 1000)} s`;
  settings.progress(`Installing ${settings.purpose} into .groundcrew, once...`);
  try {
    await createEnvironment(draft, base, settings);
    await installPackages(draft, settings, seconds);
    await writeFile(join(draft, completeMarker), '');
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
  const { code, stdout, stderr } = await runCommand(base, ['-m', 'venv', draft], settings);
  if (code === 0) return;
  throw new Error(
    `${base} cannot create a virtual environment.\n` +
      'Install its venv module (Debian, Ubuntu: apt install python3-venv), then try again.\n' +
      lastLines(stderr || stdout),
  );
}

async function installPackages(draft: string, settings: Settings, seconds: () => string): Promise<void> {
  const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--progress-bar', 'off'];
  const onLine = (line: string): void => {
    const phase = describeProgress(line);
    if (phase) settings.progress(`  ${phase} (${seconds()})`);
  };
  const { code, stderr } = await runCommand(
    pythonIn(draft),
    [...pip, '-r', settings.requirements],
    settings,
    onLine,
  );
  if (code === 0) return;
  throw new Error(
    `pip could not install the packages of ${relative(process.cwd(), settings.requirements)}.\n` +
      'pip needs the network, or a package index in its configuration (PIP_INDEX_URL, pip.conf).\n' +
      settings.alternative +
      lastLines(stderr),
  );
}

/** Reduces the output of pip to one line per package and one for the end. */
function describeProgress(line: string): string | undefined {
  const [, collected] = /^Collecting ([\w.[\]-]+)/.exec(line) ?? [];
  if (collected) return collected;
  return line.startsWith('Installing collected packages') ? 'unpacking' : undefined;
}

const lastLines = (text: string): string => text.trim().split('\n').slice(-6).join('\n');

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function runCommand(
  command: string,
  args: readonly string[],
  { env }: Settings,
  onLine: (line: string) => void = () => {},
): Promise<CommandResult> {
  const options: SpawnOptions = { env, stdio: ['ignore', 'pipe', 'pipe'] };
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, options);
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      if (child[name]) createInterface({ input: child[name] }).on('line', (line) => collect(name, line));
    }
    function collect(name: 'stdout' | 'stderr', line: string): void {
      texts[name] += `${line}\n`;
      if (name === 'stdout') onLine(line);
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...texts }));
  });
}
