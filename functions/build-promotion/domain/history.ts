import * as z from 'zod/mini';
import { artifact } from './artifact.ts';
import { buildId, environment } from './names.ts';

/** One change of an environment: one file, written once, before the link moves. */
export const entry = z.object({
  generation: z.int().check(z.positive()),
  env: environment,
  action: z.enum(['promote', 'rollback', 'undo']),
  /** What the link said before, null when there was none. It tells whether the change before took effect. */
  from: z.nullable(z.string()),
  to: buildId,
  /** Who asked: a repeat of the same request finds its own change by it. */
  key: z.string(),
  at: z.string(),
  /** How the build was checked before. */
  verified: z.enum(['full', 'fingerprint']),
  artifact,
});

export type Entry = Readonly<z.output<typeof entry>>;

/** Generations as the names of files, so that a listing is in order: 000042.json. */
export function fileOf(generation: number): string {
  return `${String(generation).padStart(6, '0')}.json`;
}

/** Undefined for a name that is no generation. */
export function generationOf(file: string): number | undefined {
  const digits = /^(\d{6,15})\.json$/.exec(file)?.[1];
  return digits === undefined || fileOf(Number(digits)) !== file ? undefined : Number(digits);
}

/**
 * The changes that took effect. A change is written before its link moves, so one that died in between, or that was
 * overtaken there, never showed: the change after it found another link.
 *
 * @param entries ascending
 * @param live what the link says now
 */
export function effective(entries: readonly Entry[], live: string | undefined): Entry[] {
  return entries.filter(({ to }, at) => {
    const next = entries[at + 1];
    return (next ? next.from : live) === to;
  });
}

/**
 * The line of releases that leads to what is live, the live one last. A promotion adds to it, a rollback goes back
 * along it: rolling back twice goes two releases back, and never forward to what the first one left.
 */
export function lineOf(entries: readonly Entry[], live: string | undefined): Entry[] {
  const line: Entry[] = [];
  for (const change of effective(entries, live)) {
    const at = line.findLastIndex(({ to }) => to === change.to);
    if (change.action !== 'promote' && at >= 0) line.length = at;
    else if (line.at(-1)?.to === change.to) line.pop();
    line.push(change);
  }
  return line;
}

/** What a rollback may go to, the latest release first; never the one that is live. */
export function rollbackTargets(entries: readonly Entry[], live: string | undefined): Entry[] {
  const seen = new Set(live === undefined ? [] : [live]);
  const targets: Entry[] = [];
  for (const release of lineOf(entries, live).toReversed()) {
    if (seen.has(release.to)) continue;
    seen.add(release.to);
    targets.push(release);
  }
  return targets;
}

/** The last builds that were live in an environment and are not bad, each once, the latest first. */
export function lastLive(
  entries: readonly Entry[],
  live: string | undefined,
  bad: ReadonlySet<string>,
  count: number,
): string[] {
  const builds = effective(entries, live).map(({ to }) => to);
  return [...new Set(builds.toReversed())].filter((buildId) => !bad.has(buildId)).slice(0, count);
}
