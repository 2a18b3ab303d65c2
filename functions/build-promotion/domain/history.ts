import * as z from 'zod/mini';
import { artifactSchema } from './artifact.ts';
import { buildId, environment } from './names.ts';

/** One change of an environment. Stored as one file that is written once, before the link moves. */
export const historyEntrySchema = z.object({
  generation: z.int().check(z.positive()),
  env: environment,
  action: z.enum(['promote', 'rollback', 'undo']),
  /** The link before the change; null if there was none. It shows whether the previous change took effect. */
  from: z.nullable(z.string()),
  to: buildId,
  /** Identifies the request: a repeat finds its own change by it. */
  key: z.string(),
  at: z.string(),
  /** How the build was verified. */
  verified: z.enum(['full', 'fingerprint']),
  artifact: artifactSchema,
});

export type HistoryEntry = Readonly<z.output<typeof historyEntrySchema>>;

/** Padded, so that a directory listing is in order: 000042.json. */
export function generationFileName(generation: number): string {
  return `${String(generation).padStart(6, '0')}.json`;
}

/** @returns undefined for any other file name */
export function parseGenerationFileName(file: string): number | undefined {
  const digits = /^(\d{6,15})\.json$/.exec(file)?.[1];
  return digits === undefined || generationFileName(Number(digits)) !== file ? undefined : Number(digits);
}

/**
 * The changes that took effect. A change is written before its link moves. If its process died in between, or a faster one
 * moved the link, the next change has another `from`.
 *
 * @param entries ascending
 * @param live the current target of the link
 */
export function effectiveChanges(entries: readonly HistoryEntry[], live: string | undefined): HistoryEntry[] {
  return entries.filter(({ to }, at) => {
    const next = entries[at + 1];
    return (next ? next.from : live) === to;
  });
}

/**
 * The releases that led to the live one, which is last. A promotion adds a release, a rollback removes the later ones. So
 * two rollbacks go two releases back, and never return to the release that the first one left.
 */
export function releaseLine(entries: readonly HistoryEntry[], live: string | undefined): HistoryEntry[] {
  const line: HistoryEntry[] = [];
  for (const change of effectiveChanges(entries, live)) {
    const at = line.findLastIndex(({ to }) => to === change.to);
    if (change.action !== 'promote' && at >= 0) line.length = at;
    else if (line.at(-1)?.to === change.to) line.pop();
    line.push(change);
  }
  return line;
}

/** Possible targets of a rollback, latest first, without the live one. */
export function rollbackTargets(entries: readonly HistoryEntry[], live: string | undefined): HistoryEntry[] {
  const seen = new Set(live === undefined ? [] : [live]);
  const targets: HistoryEntry[] = [];
  for (const release of releaseLine(entries, live).toReversed()) {
    if (seen.has(release.to)) continue;
    seen.add(release.to);
    targets.push(release);
  }
  return targets;
}

/** Builds that were live at any time since `since` (epoch milliseconds), or are about to be. */
export function buildsSince(entries: readonly HistoryEntry[], since: number): string[] {
  const recent = entries.filter(({ at }) => Date.parse(at) >= since);
  // The latest change may not have moved the link yet.
  const latest = entries.at(-1)?.to;
  return [...recent.flatMap(({ from, to }) => [from, to]), latest].filter((one) => typeof one === 'string');
}

/** The last builds that were live and are not marked bad, without duplicates, latest first. */
export function lastLiveBuilds(
  entries: readonly HistoryEntry[],
  live: string | undefined,
  bad: ReadonlySet<string>,
  count: number,
): string[] {
  const builds = effectiveChanges(entries, live).map(({ to }) => to);
  return [...new Set(builds.toReversed())].filter((buildId) => !bad.has(buildId)).slice(0, count);
}
