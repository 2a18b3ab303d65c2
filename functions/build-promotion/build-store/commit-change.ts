import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { HistoryEntry } from '../domain/history.ts';
import { RefusalError } from '../domain/refusal.ts';
import { moveLink } from '../filesystem/environment-links.ts';
import { claimGeneration, latestGeneration, readEntry } from '../filesystem/history-files.ts';
import { existsUncached, folders, type Store } from '../filesystem/layout.ts';
import { restoreFromTrash } from '../filesystem/trash.ts';

const MAX_ROUNDS = 5;

/**
 * Changes an environment: first claims the next number in its history, which only one request can get, then moves the link.
 *
 * @param known the environment's latest changes, used to undo this one if the build is pruned in the meantime
 * @param signal aborted after a timeout was reported to the caller: the change must not happen afterwards
 * @throws RefusalError if another request was faster
 */
export async function commitChange(
  store: Store,
  change: HistoryEntry,
  known: readonly HistoryEntry[],
  signal: AbortSignal,
): Promise<HistoryEntry> {
  signal.throwIfAborted();
  const committed = await claimGeneration(store, change);
  if (committed.key !== change.key) throw supersededError(change, committed);
  signal.throwIfAborted();
  await finishChange(store, committed, known);
  return committed;
}

/** Moves the link for a committed change. Safe to repeat. */
export async function finishChange(
  store: Store,
  change: HistoryEntry,
  known: readonly HistoryEntry[],
): Promise<void> {
  await mkdir(folders.drafts(store), { recursive: true });
  await moveLink(store, change.env, change.to);
  const winner = await pointAtLatest(store, change);
  if (winner.generation !== change.generation) throw supersededError(change, winner);
  await assertReachable(store, change, known);
}

/**
 * Checks for a later change after moving the link, and if there is one, moves the link to it. Otherwise a process that was
 * delayed between its number and its link could leave the older build live.
 */
async function pointAtLatest(store: Store, change: HistoryEntry): Promise<HistoryEntry> {
  let winner = change;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const latest = await latestGeneration(store, change.env);
    if (latest <= winner.generation) return winner;
    winner = await readEntry(store, change.env, latest);
    await moveLink(store, change.env, winner.to);
  }
  return winner;
}

/** Pruning may have moved the build to the trash after its verification. */
async function assertReachable(
  store: Store,
  change: HistoryEntry,
  known: readonly HistoryEntry[],
): Promise<void> {
  const { env, from, generation, to } = change;
  if ((await existsUncached(store, to)) || (await restoreFromTrash(store, to))) return;
  const previous = known.findLast((entry) => entry.to === from);
  const canGoBack =
    previous &&
    previous.to !== to &&
    ((await existsUncached(store, previous.to)) || (await restoreFromTrash(store, previous.to)));
  if (canGoBack) {
    const at = change.at;
    const undo = {
      ...previous,
      action: 'undo' as const,
      generation: generation + 1,
      from: to,
      key: randomUUID(),
      at,
    };
    await finishChange(store, await claimGeneration(store, undo), []);
  }
  const link = canGoBack
    ? `was moved back to ${previous.to}`
    : `points to a missing build: promote an existing build to ${env}`;
  throw new RefusalError(`${prunedReason(change)}; the link ${link}`);
}

export function prunedReason({ env, to }: HistoryEntry): string {
  return `${to} was pruned while it was promoted to ${env}`;
}

export function supersededError({ env, to }: HistoryEntry, winner: HistoryEntry): RefusalError {
  return new RefusalError(
    `another request changed ${env} first: generation ${winner.generation} is ${winner.to}, and ${to} is not live`,
    'RevisionOutOfSync',
  );
}
