import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { listTemplates } from '../../build/declared.ts';
import { buildIfStale } from '../../build.ts';
import type { Pack } from '../pack/pack.ts';
import { runScenario } from '../pack/run-scenario.ts';
import type { Scenario } from '../scenario-kit/scenario.ts';
import type { Say } from './bring-up.ts';
import type { Bundles } from './inspector.ts';
import { describeError } from './report-error.ts';
import { describeResult } from './results.ts';

export interface DevOptions {
  readonly bundles: Bundles;
  readonly pack: Pack;
  /** Scenarios to play at the start and after each change; without them the account keeps its state. */
  readonly play?: Playlist | undefined;
  readonly say: Say;
}

export interface Playlist {
  load(): Promise<readonly Scenario[]>;
  /** Changes with the files of the scenarios. */
  version(): string;
}

export interface DevLoop {
  /** Plays the scenarios, if there are any, and delivers in real time from then on. */
  start(): Promise<void>;
  /** Builds what is stale, replaces the functions whose bundles changed and plays again. Reports failures. */
  update(): Promise<void>;
  stop(): Promise<void>;
}

export function createDevLoop({ bundles, pack, play, say }: DevOptions): DevLoop {
  const versions = createVersions(bundles, pack.functions.ids);
  let playedVersion = play?.version();
  let stopLive: (() => Promise<void>) | undefined;
  let queue = Promise.resolve();
  const oneByOne = (work: () => Promise<void>) => (): Promise<void> => {
    queue = queue.then(() => work().catch((error: unknown) => say(describeFailure(error))));
    return queue;
  };

  const playAll = async (): Promise<void> => {
    if (!play) return;
    playedVersion = play.version();
    const scenarios = await play.load();
    for (const scenario of scenarios) {
      const result = await runScenario(pack, scenario);
      for (const line of describeResult(result, scenarios)) say(line);
    }
  };

  /** A scenario delivers by itself, so live delivery pauses. */
  const playAndGoLive = async (): Promise<void> => {
    await stopLive?.();
    stopLive = undefined;
    await playAll().catch((error: unknown) => say(describeError(error)));
    stopLive = pack.live();
  };

  const update = async (): Promise<void> => {
    await buildIfStale(bundles);
    if (versions.templatesChanged()) {
      say('A template changed. Leave with Ctrl-C and start again to deploy it.');
    }
    const changed = versions.changedFunctions();
    await pack.functions.replace(changed);
    if (changed.length > 0) say(`Replaced ${changed.join(', ')}.`);
    if (play && (changed.length > 0 || play.version() !== playedVersion)) await playAndGoLive();
  };

  return {
    start: oneByOne(playAndGoLive),
    update: oneByOne(update),
    stop: async () => {
      await stopLive?.();
    },
  };
}

function describeFailure(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `The build failed, so the functions stay as they are:\n${message}`;
}

interface Versions {
  /** The functions whose bundles changed since the last call. */
  changedFunctions(): readonly string[];
  templatesChanged(): boolean;
}

function createVersions({ root, outdir }: Bundles, ids: readonly string[]): Versions {
  const bundleOf = (id: string): string => join(outdir, id, 'index.mjs');
  const bundles = new Map(ids.map((id) => [id, versionOf(bundleOf(id))]));
  let templates = hashTemplates(root);
  return {
    changedFunctions: () => {
      const changed = ids.filter((id) => versionOf(bundleOf(id)) !== bundles.get(id));
      for (const id of changed) bundles.set(id, versionOf(bundleOf(id)));
      return changed;
    },
    templatesChanged: () => {
      const before = templates;
      templates = hashTemplates(root);
      return templates !== before;
    },
  };
}

/** A build leaves an unchanged bundle alone. */
function versionOf(file: string): string {
  if (!existsSync(file)) return 'none';
  const { mtimeMs, size } = statSync(file);
  return `${mtimeMs} ${size}`;
}

function hashTemplates(root: string): string {
  const hash = createHash('sha256');
  for (const path of listTemplates(root)) hash.update(`${path}\0`).update(readFileSync(join(root, path)));
  return hash.digest('hex');
}
