// What may go. Everything here errs on the side of keeping.

export interface Candidate {
  readonly buildId: string;
  /** Epoch milliseconds, by the build's stamp, or since when it is back from a backup. */
  readonly since: number;
}

export interface PruneRules {
  readonly keepMs: number;
  /** More builds than this are pruned before their time, the oldest first. */
  readonly maxBuilds: number;
}

/** A build so fresh that its promotion may be under way. */
export const GRACE_MS = 3_600_000;
/** How long what was pruned can still be taken back, and hosts may still read it by an old link. */
export const TRASH_MS = 3_600_000;
/** A build that has been written for so long never comes to its end. */
export const INCOMING_MS = 24 * 3_600_000;

/**
 * The builds to prune, the oldest first.
 *
 * @param roots what links, histories, pins and restores hold on to
 */
export function choosePrunable(
  candidates: readonly Candidate[],
  roots: ReadonlySet<string>,
  rules: PruneRules,
  now: number,
): string[] {
  const excess = Math.max(0, candidates.length - rules.maxBuilds);
  return candidates
    .filter(({ buildId, since }) => !roots.has(buildId) && now - since >= GRACE_MS)
    .toSorted((a, b) => a.since - b.since || (a.buildId < b.buildId ? -1 : 1))
    .filter(({ since }, at) => now - since >= rules.keepMs || at < excess)
    .map(({ buildId }) => buildId);
}

/** `<epoch milliseconds>-<build>`: when it was thrown away stands in its name, where nothing changes it. */
export function trashNameOf(buildId: string, now: number): string {
  return `${now}-${buildId}`;
}

export function readTrashName(name: string): { readonly at: number; readonly buildId: string } | undefined {
  const [, at, buildId] = /^(\d{13})-(.+)$/.exec(name) ?? [];
  return at === undefined || buildId === undefined ? undefined : { at: Number(at), buildId };
}
