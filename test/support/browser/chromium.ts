import { spawnSync } from 'node:child_process';
import { chmodSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { installInto, isExecutable } from '../tools/own-tool.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'msedge'];

/** Where browsers are installed that are not on the path. */
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/** The project's own Chromium, if it was asked for. */
const FOLDER = join(import.meta.dirname, '../../../.groundcrew/chromium');

/** An npm package that carries a Chromium for Linux on x64: it needs no other download and no system packages. */
const PACKAGE = '@sparticuz/chromium@153.0.0';

/** What the browser test says, and what to do about it. */
export const NO_CHROMIUM =
  'There is no Chromium, so the browser test is skipped. Run GROUNDCREW_INSTALL_CHROMIUM=1 npm test to download one ' +
  'into .groundcrew/, install one (apt install chromium, brew install --cask chromium), or name one in CHROMIUM_PATH.';

export interface Search {
  readonly env: NodeJS.ProcessEnv;
  readonly places: readonly string[];
  readonly folder: string;
}

/** The executable that CHROMIUM_PATH names, one that is installed, or the project's own. */
export function findChromium(search: Partial<Search> = {}): string | undefined {
  const { env = process.env, places = PLACES, folder = FOLDER } = search;
  const { CHROMIUM_PATH: named, PATH = '' } = env;
  const onPath = PATH.split(delimiter).flatMap((one) => NAMES.map((name) => join(one, name)));
  const own = globSync(['run-chromium', '*/*/{chrome,chrome.exe}', '*/*/*.app/Contents/MacOS/*'], {
    cwd: folder,
  });
  const candidates = [
    ...(named ? [named] : []),
    ...onPath,
    ...places,
    ...own.map((path) => join(folder, path)),
  ];
  return candidates.find(isExecutable);
}

/** Downloads a Chromium into the project's folder; a failed download leaves nothing behind. */
function installChromium(): void {
  console.log('Downloading Chromium for the browser test into .groundcrew/chromium ...');
  installInto(FOLDER, process.platform === 'linux' && process.arch === 'x64' ? unpack : download);
}

function unpack(folder: string): boolean {
  const packages = join(folder, 'packages');
  mkdirSync(packages);
  writeFileSync(join(packages, 'package.json'), '{ "private": true }');
  if (!run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', PACKAGE], packages))
    return false;
  // The package unpacks itself into the folder for temporary files, with libraries only where it takes this for Lambda.
  const script = `import chromium from '@sparticuz/chromium'; await chromium.executablePath();`;
  const env = { TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: 'nodejs24.x' };
  if (!run(process.execPath, ['--input-type=module', '--eval', script], packages, env)) return false;
  rmSync(packages, { recursive: true });
  writeFileSync(join(folder, 'fonts/fonts.conf'), FONTS);
  writeFileSync(join(folder, 'run-chromium'), RUN);
  chmodSync(join(folder, 'run-chromium'), 0o755);
  return true;
}

/** The machine's own libraries come first: the package's are for machines that lack some. */
const RUN = `#!/bin/sh
here=$(dirname "$0")
export LD_LIBRARY_PATH="\${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$here/al2023/lib"
export FONTCONFIG_PATH="$here/fonts" XDG_CACHE_HOME="$here/cache"
exec "$here/chromium" "$@"
`;

/** The package's own looks in Lambda's folders, and Chromium ends when it finds no font. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;

function download(folder: string): boolean {
  const cli = createRequire(import.meta.url).resolve('playwright-core/cli.js');
  return run(process.execPath, [cli, 'install', '--no-shell', 'chromium'], folder, {
    PLAYWRIGHT_BROWSERS_PATH: folder,
  });
}

function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): boolean {
  const { status, error, stderr } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  if (status === 0) return true;
  console.log(
    `${command} ${args.slice(0, 2).join(' ')} failed: ${error?.message ?? stderr.trim().split('\n').at(-1)}`,
  );
  return false;
}

// As `npm test` runs it.
if (process.argv[1] === import.meta.filename) {
  if (!findChromium() && process.env.GROUNDCREW_INSTALL_CHROMIUM === '1') installChromium();
  if (!findChromium()) console.log(NO_CHROMIUM);
}
