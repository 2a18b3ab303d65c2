import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** What the browser test says, and what to do about it. */
export const NO_CHROMIUM =
  'There is no Chromium: the browser test is skipped. Install one (apt-get install chromium, brew install --cask ' +
  'chromium) or name it in CHROMIUM_PATH.';

/** The executable that CHROMIUM_PATH names, or one on the path. */
export function findChromium(): string | undefined {
  const { CHROMIUM_PATH: named, PATH = '' } = process.env;
  const candidates = PATH.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...(named ? [named] : []), ...candidates].find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where that takes no password: as root of a Debian, as in most containers. */
function installChromium(): void {
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) return;
  console.log('Installing Chromium for the browser test ...');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [
    ['update'],
    ['install', '-y', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'],
  ]) {
    const { status, stderr } = spawnSync('apt-get', ['-qq', ...args], { env, timeout: 300_000 });
    if (status !== 0) {
      console.log(`apt-get ${args[0]} failed: ${String(stderr).trim().split('\n').at(-1)}`);
      return;
    }
  }
}

// As `npm test` runs it.
if (process.argv[1] === import.meta.filename) {
  if (!findChromium()) installChromium();
  if (!findChromium()) console.log(NO_CHROMIUM);
}
