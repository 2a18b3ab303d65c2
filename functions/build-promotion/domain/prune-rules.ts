// Which builds can be pruned. In doubt, a build is kept.

export interface Candidate {
  readonly buildId: string;
  /** Epoch milliseconds: the stamp's time, or the time it was restored from a backup. */
  readonly since: number;
}

export interface PruneRules {
  readonly keepMs: number;
  /** Above this number, the oldest builds are pruned early. */
  readonly maxBuilds: number;
}

/** A younger build is kept: its promotion may be running. */
export const GRACE_MS = 3_600_000;
/** A promotion is over long before this; until then its build is kept. */
export const WANTED_MS = 3_600_000;
/** A build that was live is kept this long: hosts may still read it through an old link. */
export const LIVE_MS = 3_600_000;
/** Pruned builds stay in the trash this long: hosts may still read them through an old link. */
export const TRASH_MS = 3_600_000;
/** After this time an unfinished build is discarded. */
export const INCOMING_MS = 24 * 3_600_000;

/**
 * The builds to prune, the oldest first.
 *
 * @param inUse builds kept for links, histories, pins and restores
 */
export function choosePrunable(
  candidates: readonly Candidate[],
  inUse: ReadonlySet<string>,
  rules: PruneRules,
  now: number,
): string[] {
  const excess = Math.max(0, candidates.length - rules.maxBuilds);
  return candidates
    .filter(({ buildId, since }) => !inUse.has(buildId) && now - since >= GRACE_MS)
    .toSorted((a, b) => a.since - b.since || (a.buildId < b.buildId ? -1 : 1))
    .filter(({ since }, at) => now - since >= rules.keepMs || at < excess)
    .map(({ buildId }) => buildId);
}

export interface TimedName {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly buildId: string;
}

/**
 * `<epoch milliseconds>-<unique>-<build>`: the time is in the name, because nothing changes a name.
 *
 * @param unique eight hexadecimal digits
 */
export function timedName(buildId: string, now: number, unique: string): string {
  return `${now}-${unique}-${buildId}`;
}

export function parseTimedName(name: string): TimedName | undefined {
  const [, at, buildId] = /^(\d{13})-[0-9a-f]{8}-(.+)$/.exec(name) ?? [];
  return at === undefined || buildId === undefined ? undefined : { at: Number(at), buildId };
}
