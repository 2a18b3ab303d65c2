import type { Artifact } from '../domain/artifact.ts';
import { type HistoryEntry, rollbackTargets } from '../domain/history.ts';
import { RefusalError } from '../domain/refusal.ts';
import { exists, folders, type Store } from '../filesystem/layout.ts';
import { readBadReason } from '../filesystem/marks.ts';
import { restoreFromTrash } from '../filesystem/trash.ts';
import type { StoreRequestOf } from './event.ts';

export type RollbackChoice =
  | { readonly artifact: Artifact; readonly skipped: readonly string[] }
  /** The chosen build is pruned, and the request allows to restore it first. */
  | { readonly pruned: string };

interface RollbackContext {
  readonly store: Store;
  /** The main store. It has the marks, and builds that can be copied again. */
  readonly main: Store;
  readonly dryRun: boolean;
  readonly entries: readonly HistoryEntry[];
  readonly live: { readonly buildId?: string };
}

/** The latest earlier release that is not marked bad and exists. @throws RefusalError if there is none */
export async function chooseRollbackTarget(
  context: RollbackContext,
  request: StoreRequestOf<'rollback'>,
): Promise<RollbackChoice> {
  const skipped: string[] = [];
  for (const { artifact, to } of rollbackCandidates(context, request)) {
    const bad = await readBadReason(context.main, to);
    if (bad !== undefined) {
      skipped.push(`${to}: marked bad, ${bad}`);
    } else if (await isAvailable(context, to)) {
      return { artifact, skipped };
    } else if (request.restore) {
      return { pruned: to };
    } else {
      skipped.push(`${to}: pruned`);
    }
  }
  const reasons = skipped.length > 0 ? ` (${skipped.join('; ')})` : '';
  throw new RefusalError(
    `${request.env} has no good release to roll back to${reasons}`,
    'RevisionUnavailable',
  );
}

async function isAvailable({ dryRun, main, store }: RollbackContext, buildId: string): Promise<boolean> {
  for (const root of new Set([store.root, main.root])) {
    if (await exists(folders.build({ root: root }, buildId))) return true;
    if (!dryRun && (await restoreFromTrash({ root: root }, buildId))) return true;
  }
  return false;
}

function rollbackCandidates(
  { entries, live }: RollbackContext,
  { env, to }: StoreRequestOf<'rollback'>,
): readonly HistoryEntry[] {
  if (to === undefined) return rollbackTargets(entries, live.buildId);
  const wanted = entries.findLast((entry) => entry.to === to);
  if (wanted) return [wanted];
  throw new RefusalError(`${to} is not in the recent history of ${env}`, 'RevisionUnavailable');
}
