import { join } from 'node:path';
import { buildIfStale } from '../../build.ts';
import { defaultScenarios, type Wing } from '../scenario-kit/discover.ts';
import { boxAddress } from './address-box.ts';
import { devUsage, type PlayArguments, readDevArguments } from './arguments.ts';
import { bringUp } from './bring-up.ts';
import { chooseScenarios } from './choose-scenarios.ts';
import { createDevLoop, type Playlist } from './dev-loop.ts';
import { type Bundles, bundlesFor, readInspector } from './inspector.ts';
import { describeError, reportAndExit } from './report-error.ts';
import { seedAll } from './sample-resources.ts';
import { createScenarioLoader } from './scenario-loader.ts';
import { shutdownOnSignal } from './shutdown.ts';
import { watchFiles } from './watch-files.ts';

const root = join(import.meta.dirname, '../..');

async function main(args: readonly string[]): Promise<void> {
  const settings = readDevArguments(args);
  if (settings.help) {
    console.log(devUsage);
    return;
  }
  const shutdown = shutdownOnSignal();
  const folder = settings.scenarios ?? defaultScenarios;
  const loader = createScenarioLoader(folder);
  const load = async (): Promise<readonly Wing[]> => chooseScenarios(await loader.load(), settings);
  const wings = await load();
  const inspector = readInspector(process.env, console.log);
  const bundles = bundlesFor(inspector);
  const pack = await bringUp({ ...settings, inspector, once: false }, buildFirst(bundles), console.log);
  shutdown.ready();
  const loop = createDevLoop({ bundles, pack, play: playlistOf(settings, load, loader), say: console.log });
  try {
    await watchFiles([join(root, 'functions'), join(root, 'shared'), folder], loop.update);
    if (!isPlaying(settings)) for (const line of await seedAll(pack, wings)) console.log(line);
    await Promise.race([loop.start(), shutdown.requested]);
    for (const line of boxAddress(pack.url)) console.log(line);
    console.log('Watching for changes. Ctrl-C leaves.');
    await shutdown.requested;
    await loop.stop();
  } finally {
    await pack.close();
  }
  // Neither the watch nor what an interrupted scenario waits for may hold the process.
  process.exit();
}

/** A failed build does not end the watch: the next change may fix it. */
async function buildFirst(bundles: Bundles): Promise<void> {
  await buildIfStale(bundles).catch((error: unknown) => console.log(describeError(error)));
}

const isPlaying = ({ only, scenario }: PlayArguments): boolean =>
  only !== undefined || scenario !== undefined;

function playlistOf(
  settings: PlayArguments,
  load: () => Promise<readonly Wing[]>,
  { version }: Pick<Playlist, 'version'>,
): Playlist | undefined {
  if (!isPlaying(settings)) return undefined;
  return { version, load: async () => (await load()).flatMap(({ scenarios }) => scenarios) };
}

await main(process.argv.slice(2)).catch(reportAndExit);
