import type { Artifact } from '../domain/artifact.ts';
import { type Entry, rollbackTargets } from '../domain/history.ts';
import { Refused } from '../domain/refusal.ts';
import { exists, folders, type Store } from '../filesystem/layout.ts';
import { readBad } from '../filesystem/marks.ts';
import { takeBack } from '../filesystem/trash.ts';
import type { RequestOf } from '../protocol/store-request.ts';

export type Choice =
  | { readonly artifact: Artifact; readonly skipped: readonly string[] }
  /** A build that would have to be restored first, as the request allows. */
  | { readonly pruned: string };

interface Past {
  readonly store: Store;
  /** Where people's marks are, and from where a build can be copied once more. */
  readonly main: Store;
  readonly dryRun: boolean;
  readonly entries: readonly Entry[];
  readonly live: { readonly buildId?: string };
}

/** The release to go back to: the last one that is good and there. @throws Refused when there is none */
export async function chooseRelease(past: Past, request: RequestOf<'rollback'>): Promise<Choice> {
  const skipped: string[] = [];
  for (const { artifact, to } of candidates(past, request)) {
    const bad = await readBad(past.main, to);
    if (bad !== undefined) {
      skipped.push(`${to}: marked bad, ${bad}`);
    } else if (await isThere(past, to)) {
      return { artifact, skipped };
    } else if (request.restore) {
      return { pruned: to };
    } else {
      skipped.push(`${to}: pruned`);
    }
  }
  const passed = skipped.length > 0 ? ` (${skipped.join('; ')})` : '';
  throw new Refused(`${request.env} has no good release to go back to${passed}`, 'RevisionUnavailable');
}

async function isThere({ dryRun, main, store }: Past, buildId: string): Promise<boolean> {
  for (const place of new Set([store.root, main.root])) {
    if (await exists(folders.build({ root: place }, buildId))) return true;
    if (!dryRun && (await takeBack({ root: place }, buildId))) return true;
  }
  return false;
}

function candidates({ entries, live }: Past, { env, to }: RequestOf<'rollback'>): readonly Entry[] {
  if (to === undefined) return rollbackTargets(entries, live.buildId);
  const wanted = entries.findLast((entry) => entry.to === to);
  if (wanted) return [wanted];
  throw new Refused(`${env} never had ${to}, as far as its history is read`, 'RevisionUnavailable');
}
