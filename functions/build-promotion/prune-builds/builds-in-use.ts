import { GroundcrewError } from '#shared/errors.ts';
import type { PruneConfig } from '../config.ts';
import { mainStore } from '../context.ts';
import { buildsSince, lastLiveBuilds } from '../domain/history.ts';
import { LIVE_MS, WANTED_MS } from '../domain/prune-rules.ts';
import { listEnvironments, listEnvironmentsWithHistory, readLive } from '../filesystem/environment-links.ts';
import { readEntries } from '../filesystem/history-files.ts';
import type { Store } from '../filesystem/layout.ts';
import { listMarkedBuilds } from '../filesystem/marks.ts';
import { listRestoreRecords } from '../filesystem/restore-records.ts';
import { listWantedMarks } from '../filesystem/wanted.ts';

/**
 * Builds that must stay: wanted by a request, live now or within the last hour, recent in a history, pinned, or being
 * restored.
 *
 * @throws if an environment cannot be read, because then it is unknown which builds it needs
 */
export async function readBuildsInUse(
  store: Store,
  { keepPerEnvironment, ...config }: PruneConfig,
  now: number,
): Promise<Set<string>> {
  const { invalid } = await listEnvironments(store);
  if (invalid.length > 0) throw new GroundcrewError(`envs/${invalid[0]}: not a valid environment name`);
  const marks = await listWantedMarks(store);
  const wanted = marks.filter(({ at }) => now - at < WANTED_MS);
  const restores = await listRestoreRecords(store);
  const open = restores.filter(({ restoredAt }) => restoredAt === undefined);
  const pinned = await listMarkedBuilds(mainStore(config), 'pinned');
  const bad = await listMarkedBuilds(mainStore(config), 'bad');
  const inUse = new Set([...pinned, ...[...wanted, ...open].map(({ buildId }) => buildId)]);
  for (const env of await listEnvironmentsWithHistory(store)) {
    for (const buildId of await buildsOfEnvironment(store, env, { bad, count: keepPerEnvironment, now }))
      inUse.add(buildId);
  }
  return inUse;
}

async function buildsOfEnvironment(
  store: Store,
  env: string,
  { bad, count, now }: { readonly bad: ReadonlySet<string>; readonly count: number; readonly now: number },
): Promise<readonly string[]> {
  const live = await readLive(store, env);
  if (live.from !== null && live.buildId === undefined)
    throw new GroundcrewError(`envs/${env} points to ${live.from}, which is not a known build`);
  const entries = await readEntries(store, env);
  return [
    ...(live.buildId === undefined ? [] : [live.buildId]),
    ...buildsSince(entries, now - LIVE_MS),
    ...lastLiveBuilds(entries, live.buildId, bad, count),
  ];
}
