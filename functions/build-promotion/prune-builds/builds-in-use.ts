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
  const inUse = await readMarkedBuilds(store, config, now);
  const bad = await listMarkedBuilds(mainStore(config), 'bad');
  for (const env of await listEnvironmentsWithHistory(store)) {
    const live = await readLive(store, env);
    if (live.from !== null && live.buildId === undefined)
      throw new GroundcrewError(`envs/${env} points to ${live.from}, which is not a known build`);
    if (live.buildId !== undefined) inUse.add(live.buildId);
    const entries = await readEntries(store, env);
    for (const buildId of buildsSince(entries, now - LIVE_MS)) inUse.add(buildId);
    for (const buildId of lastLiveBuilds(entries, live.buildId, bad, keepPerEnvironment)) inUse.add(buildId);
  }
  return inUse;
}

/** Pinned, wanted by a request, or being restored. */
async function readMarkedBuilds(
  store: Store,
  config: Pick<PruneConfig, 'mount' | 'path'>,
  now: number,
): Promise<Set<string>> {
  const pinned = await listMarkedBuilds(mainStore(config), 'pinned');
  const wanted = (await listWantedMarks(store)).filter(({ at }) => now - at < WANTED_MS);
  const restoring = (await listRestoreRecords(store)).filter(({ restoredAt }) => restoredAt === undefined);
  return new Set([...pinned, ...[...wanted, ...restoring].map(({ buildId }) => buildId)]);
}
