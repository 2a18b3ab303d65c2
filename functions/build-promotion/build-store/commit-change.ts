import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { Entry } from '../domain/history.ts';
import { Refused } from '../domain/refusal.ts';
import { point } from '../filesystem/environment-links.ts';
import { latestGeneration, readEntry, takeGeneration } from '../filesystem/history-files.ts';
import { folders, isThereNow, type Store } from '../filesystem/layout.ts';
import { takeBack } from '../filesystem/trash.ts';

const ROUNDS = 5;

/**
 * Makes a change of an environment: first its number in the history, which only one of several gets, then the link.
 *
 * @param known the environment's latest changes, to go back by when the build is gone in the end
 * @param signal aborted when whoever asked was told that time ran out: then it must not happen afterwards
 * @throws Refused when somebody else was first, or overtook it
 */
export async function makeChange(
  store: Store,
  wish: Entry,
  known: readonly Entry[],
  signal: AbortSignal,
): Promise<Entry> {
  signal.throwIfAborted();
  const taken = await takeGeneration(store, wish);
  if (taken.key !== wish.key) throw overtaken(wish, taken);
  signal.throwIfAborted();
  await finishChange(store, taken, known);
  return taken;
}

/** Moves the link for a change that has its number; a repeat does again only what is missing. */
export async function finishChange(store: Store, change: Entry, known: readonly Entry[]): Promise<void> {
  await mkdir(folders.drafts(store), { recursive: true });
  await point(store, change.env, change.to);
  const winner = await settle(store, change);
  if (winner.generation !== change.generation) throw overtaken(change, winner);
  await demandReachable(store, change, known);
}

/**
 * Whoever moved the link looks whether a later change has got its number meanwhile, and if so points the link at that
 * one: a process that was held up between its number and its link cannot leave the older build behind.
 */
async function settle(store: Store, change: Entry): Promise<Entry> {
  let winner = change;
  for (let round = 0; round < ROUNDS; round++) {
    const latest = await latestGeneration(store, change.env);
    if (latest <= winner.generation) return winner;
    winner = await readEntry(store, change.env, latest);
    await point(store, change.env, winner.to);
  }
  return winner;
}

/** Pruning may have taken the build between its verification and the link. */
async function demandReachable(store: Store, change: Entry, known: readonly Entry[]): Promise<void> {
  const { env, from, generation, to } = change;
  if ((await isThereNow(store, to)) || (await takeBack(store, to))) return;
  const before = known.findLast((entry) => entry.to === from);
  const isGoingBack =
    before &&
    before.to !== to &&
    ((await isThereNow(store, before.to)) || (await takeBack(store, before.to)));
  if (isGoingBack) {
    const at = change.at;
    const undo = {
      ...before,
      action: 'undo' as const,
      generation: generation + 1,
      from: to,
      key: randomUUID(),
      at,
    };
    await finishChange(store, await takeGeneration(store, undo), []);
  }
  const link = isGoingBack
    ? `is back at ${before.to}`
    : `leads nowhere: promote a build that is there to ${env}`;
  throw new Refused(`${prunedMeanwhile(change)}; the link ${link}`);
}

export function prunedMeanwhile({ env, to }: Entry): string {
  return `${to} was pruned while it was promoted to ${env}`;
}

export function overtaken({ env, to }: Entry, winner: Entry): Refused {
  return new Refused(
    `${env} was changed by somebody else: generation ${winner.generation} is ${winner.to}, and ${to} is not live`,
    'RevisionOutOfSync',
  );
}
