import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { executable, installOnce, isComplete, run, type Settings } from './install.ts';

export interface PythonOptions {
  /** Where the environment goes; `.groundcrew` of the project by default. */
  readonly folder?: string;
  /** The pinned packages; requirements.txt of this folder by default. */
  readonly requirements?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * A Python that has moto, the SAM translator and cfn-lint: the one GROUNDCREW_PYTHON names, else one of the machine's
 * that has them, else an environment in `.groundcrew`, installed at the first call. Call its modules with `-m` only.
 */
export async function python(progress: (line: string) => void, options: PythonOptions = {}): Promise<string> {
  const settings: Settings = {
    folder: options.folder ?? join(import.meta.dirname, '../../.groundcrew'),
    requirements: options.requirements ?? join(import.meta.dirname, 'requirements.txt'),
    env: options.env ?? process.env,
    progress,
  };
  const named = settings.env['GROUNDCREW_PYTHON'];
  if (named) return useNamed(named, settings);
  const home = join(settings.folder, `python-${hashOf(settings.requirements)}`);
  if (isComplete(home)) return executable(home);
  const found = await findPython(settings);
  if (found.lacks.length === 0) return found.command;
  await installOnce(home, found.command, settings);
  return executable(home);
}

async function useNamed(command: string, settings: Settings): Promise<string> {
  const found = await inspect(command, settings);
  if (!found) throw new Error(`GROUNDCREW_PYTHON is ${command}, which does not run as Python.`);
  if (found.lacks.length === 0) return command;
  throw new Error(`GROUNDCREW_PYTHON is ${command}, which lacks ${found.lacks.join(', ')}.`);
}

const hashOf = (file: string): string =>
  createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 12);

interface Found {
  readonly command: string;
  readonly version: string;
  readonly isOldEnough: boolean;
  /** Requirements it does not meet. */
  readonly lacks: readonly string[];
}

const candidates =
  process.platform === 'win32'
    ? ['python', 'python3']
    : ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];

async function findPython(settings: Settings): Promise<Found> {
  const tooOld: string[] = [];
  for (const command of candidates) {
    const found = await inspect(command, settings);
    if (found?.isOldEnough) return found;
    if (found) tooOld.push(`${command} is ${found.version}`);
  }
  const seen = tooOld.length === 0 ? 'and there is no python3 on the PATH' : `but ${tooOld.join(', ')}`;
  throw new Error(
    `The local account needs Python 3.10 or later, ${seen}.\n` +
      'Install it (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python),\n' +
      'or name one that has the packages of local/python/requirements.txt in GROUNDCREW_PYTHON.',
  );
}

/** Looks at installed versions without importing anything: importing moto's neighbours takes seconds. */
const inspection = `
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

async function inspect(command: string, settings: Settings): Promise<Found | undefined> {
  const required = readRequirements(settings.requirements);
  const names = [...required.keys(), 'botocore'];
  const { code, stdout } = await run(command, ['-c', inspection, ...names], settings).catch(() => nothing);
  if (code !== 0) return undefined;
  const { version, new: isOldEnough, found } = JSON.parse(stdout);
  const lacks = [...required].flatMap(([name, pinned]) =>
    sameMinor(found[name], pinned) ? [] : [`${name} ${pinned}`],
  );
  for (const name of ['flask', 'flask_cors'])
    if (!found[name]) lacks.push(`${name}, which moto's server needs`);
  if (!isAtLeast(found['botocore'], oldestBotocore))
    lacks.push(`botocore ${oldestBotocore.join('.')} or later`);
  return { command, version, isOldEnough, lacks };
}

const nothing = { code: 1, stdout: '', stderr: '' };

/** Older models do not know the protocol in which CloudWatch's clients speak today. */
const oldestBotocore = [1, 42];

function readRequirements(file: string): Map<string, string> {
  const lines = readFileSync(file, 'utf8').split('\n');
  const pins = lines.flatMap((line) => {
    const [, name, version] = /^([\w.-]+)(?:\[[^\]]*\])?==([\w.]+)/.exec(line) ?? [];
    return name && version ? [[name, version] as const] : [];
  });
  return new Map(pins);
}

const minorOf = (version: string): string => version.split('.').slice(0, 2).join('.');

const sameMinor = (found: string | null | undefined, pinned: string): boolean =>
  typeof found === 'string' && minorOf(found) === minorOf(pinned);

function isAtLeast(found: string | null | undefined, [major = 0, minor = 0]: readonly number[]): boolean {
  const [foundMajor = 0, foundMinor = 0] = (found ?? '').split('.').map(Number);
  return foundMajor > major || (foundMajor === major && foundMinor >= minor);
}

if (process.argv[1] === import.meta.filename) {
  try {
    console.log(`The local account runs on ${await python((line) => console.log(line))}.`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
