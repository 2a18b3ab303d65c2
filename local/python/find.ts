import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { installOnce, isComplete, pythonIn, runCommand, type Settings } from './install.ts';

export interface PythonOptions {
  /** Where the environment is installed. Defaults to `.groundcrew` of the project. */
  readonly folder?: string;
  /** The file with pinned packages. Defaults to requirements.txt in this folder. */
  readonly requirements?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Finds a Python that has moto, the SAM translator and cfn-lint: GROUNDCREW_PYTHON, else a Python of the machine, else an
 * environment in `.groundcrew`, which the first call installs. Run its modules with `-m` only.
 */
export async function findPython(
  progress: (line: string) => void,
  options: PythonOptions = {},
): Promise<string> {
  const settings: Settings = {
    folder: options.folder ?? join(import.meta.dirname, '../../.groundcrew'),
    requirements: options.requirements ?? join(import.meta.dirname, 'requirements.txt'),
    purpose: 'the local account (moto, SAM translator, cfn-lint)',
    alternative: 'Or install them yourself and set GROUNDCREW_PYTHON to that Python.\n',
    env: options.env ?? process.env,
    progress,
  };
  const configured = settings.env['GROUNDCREW_PYTHON'];
  if (configured) return useConfigured(configured, settings);
  const home = join(settings.folder, `python-${hashFile(settings.requirements)}`);
  if (isComplete(home)) return pythonIn(home);
  const found = await findSystemPython(settings);
  if (found.missing.length === 0) return found.command;
  await installOnce(home, found.command, settings);
  return pythonIn(home);
}

export interface ToolsOptions {
  /** The file with pinned packages. They get an environment of their own. */
  readonly requirements: string;
  /** What the packages are for, in messages. */
  readonly purpose: string;
  /** Where the environment is installed. Defaults to `.groundcrew` of the project. */
  readonly folder?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Returns the Python of an environment in `.groundcrew` with these packages, which the first call installs. */
export async function installTools(progress: (line: string) => void, options: ToolsOptions): Promise<string> {
  const { folder = join(import.meta.dirname, '../../.groundcrew'), env = process.env } = options;
  const settings: Settings = { ...options, folder, env, progress, alternative: '' };
  const name = basename(settings.requirements, '.txt');
  const home = join(folder, `${name}-${hashFile(settings.requirements)}`);
  if (!isComplete(home)) await installOnce(home, (await findSystemPython(settings)).command, settings);
  return pythonIn(home);
}

async function useConfigured(command: string, settings: Settings): Promise<string> {
  const found = await inspect(command, settings);
  if (!found) throw new Error(`GROUNDCREW_PYTHON is ${command}, which does not run as Python.`);
  if (found.missing.length === 0) return command;
  throw new Error(`GROUNDCREW_PYTHON is ${command}, which lacks ${found.missing.join(', ')}.`);
}

const hashFile = (file: string): string =>
  createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 12);

interface PythonCandidate {
  readonly command: string;
  readonly version: string;
  readonly isOldEnough: boolean;
  /** Requirements that it does not meet. */
  readonly missing: readonly string[];
}

const candidates =
  process.platform === 'win32'
    ? ['python', 'python3']
    : ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];

async function findSystemPython(settings: Settings): Promise<PythonCandidate> {
  const tooOld: string[] = [];
  for (const command of candidates) {
    const found = await inspect(command, settings);
    if (found?.isOldEnough) return found;
    if (found) tooOld.push(`${command} is ${found.version}`);
  }
  const reason = tooOld.length === 0 ? 'and there is no python3 on the PATH' : `but ${tooOld.join(', ')}`;
  throw new Error(
    `The local account needs Python 3.10 or later, ${reason}.\n` +
      'Install it (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python),\n' +
      'or set GROUNDCREW_PYTHON to one that has the packages of local/python/requirements.txt.',
  );
}

/** Reads installed versions without importing the packages, because importing them takes seconds. */
const inspectionScript = `
import json, sys
from importlib import metadata, util
found = {}
for name in sys.argv[1:]:
    try: found[name] = metadata.version(name)
    except metadata.PackageNotFoundError: found[name] = None
for name in ("flask", "flask_cors"):
    found[name] = "any" if util.find_spec(name) else None
print(json.dumps({"version": "%d.%d.%d" % sys.version_info[:3], "new": sys.version_info >= (3, 10), "found": found}))
`;

async function inspect(command: string, settings: Settings): Promise<PythonCandidate | undefined> {
  const required = parseRequirements(settings.requirements);
  const names = [...required.keys(), 'botocore'];
  const { code, stdout } = await runCommand(command, ['-c', inspectionScript, ...names], settings).catch(
    () => notRunnable,
  );
  if (code !== 0) return undefined;
  const { version, new: isOldEnough, found } = JSON.parse(stdout);
  const missing = [...required].flatMap(([name, pinned]) =>
    hasSameMinor(found[name], pinned) ? [] : [`${name} ${pinned}`],
  );
  for (const name of ['flask', 'flask_cors'])
    if (!found[name]) missing.push(`${name}, which moto's server needs`);
  if (!isAtLeast(found['botocore'], minBotocore)) missing.push(`botocore ${minBotocore.join('.')} or later`);
  return { command, version, isOldEnough, missing };
}

const notRunnable = { code: 1, stdout: '', stderr: '' };

/** Older versions lack the protocol that current CloudWatch clients use. */
const minBotocore = [1, 42];

function parseRequirements(file: string): Map<string, string> {
  const lines = readFileSync(file, 'utf8').split('\n');
  const pins = lines.flatMap((line) => {
    const [, name, version] = /^([\w.-]+)(?:\[[^\]]*\])?==([\w.]+)/.exec(line) ?? [];
    return name && version ? [[name, version] as const] : [];
  });
  return new Map(pins);
}

const minorOf = (version: string): string => version.split('.').slice(0, 2).join('.');

const hasSameMinor = (found: string | null | undefined, pinned: string): boolean =>
  typeof found === 'string' && minorOf(found) === minorOf(pinned);

function isAtLeast(found: string | null | undefined, [major = 0, minor = 0]: readonly number[]): boolean {
  const [foundMajor = 0, foundMinor = 0] = (found ?? '').split('.').map(Number);
  return foundMajor > major || (foundMajor === major && foundMinor >= minor);
}

if (process.argv[1] === import.meta.filename) {
  try {
    console.log(`The local account runs on ${await findPython((line) => console.log(line))}.`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
