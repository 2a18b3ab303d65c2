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

/** `<epoch milliseconds>-<build>`: the time of deletion is in the name, because nothing changes a name. */
export function trashName(buildId: string, now: number): string {
  return `${now}-${buildId}`;
}

export function parseTrashName(name: string): { readonly at: number; readonly buildId: string } | undefined {
  const [, at, buildId] = /^(\d{13})-(.+)$/.exec(name) ?? [];
  return at === undefined || buildId === undefined ? undefined : { at: Number(at), buildId };
}
