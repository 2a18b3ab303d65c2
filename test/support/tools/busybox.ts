import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installInto, isExecutable } from './own-tool.ts';

/** The project's own busybox, if it was asked for. */
const FOLDER = join(import.meta.dirname, '../../../.groundcrew/busybox');

/** What the tests of the scripts say, and what to do about it. */
export const NO_BUSYBOX =
  'There is no busybox, so the scripts of tools/ are not run in its shell. Run GROUNDCREW_INSTALL_BUSYBOX=1 npm test to ' +
  'download one into .groundcrew/ (Debian and Ubuntu), or install one (apt install busybox, apk add busybox).';

/** The busybox that is installed, or the project's own. */
export function findBusybox({ env = process.env, folder = FOLDER } = {}): string | undefined {
  const onPath = (env.PATH ?? '').split(delimiter).map((one) => join(one, 'busybox'));
  const own = ['bin/busybox', 'usr/bin/busybox'].map((one) => join(folder, one));
  return [...onPath, ...own].find(isExecutable);
}

/** Unpacks Debian's package into the project's folder; nothing is installed, and a failure leaves nothing behind. */
function installBusybox(): void {
  console.log('Downloading busybox for the tests of the scripts into .groundcrew/busybox ...');
  installInto(FOLDER, download);
}

function download(folder: string): boolean {
  const isFetched =
    run('apt-get', ['download', 'busybox-static'], folder) ||
    // Lists of packages may be missing, as in a container.
    (run('apt-get', ['update'], folder) && run('apt-get', ['download', 'busybox-static'], folder));
  return (
    isFetched && globSync('*.deb', { cwd: folder }).every((file) => run('dpkg', ['-x', file, '.'], folder))
  );
}

function run(command: string, args: readonly string[], cwd: string): boolean {
  const { status, error, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status === 0) return true;
  console.log(`${command} ${args[0]} failed: ${error?.message ?? stderr.trim().split('\n').at(-1)}`);
  return false;
}

// As `npm test` runs it.
if (process.argv[1] === import.meta.filename) {
  if (!findBusybox() && process.env.GROUNDCREW_INSTALL_BUSYBOX === '1') installBusybox();
  if (!findBusybox()) console.log(NO_BUSYBOX);
}
