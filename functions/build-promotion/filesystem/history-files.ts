import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimit } from '#shared/concurrency.ts';
import { GroundcrewError } from '#shared/errors.ts';
import { parseAs, parseJson } from '#shared/parse.ts';
import {
  generationFileName,
  type HistoryEntry,
  historyEntrySchema,
  parseGenerationFileName,
} from '../domain/history.ts';
import { claimDocument, folders, type Store, undefinedOnError } from './layout.ts';
import { EFS_CONCURRENCY } from './walk.ts';

// The history of an environment: one file per change. Its number is the position in the order of changes.

/** How many changes a rollback reads; several days at forty changes a day. */
const MAX_ENTRIES = 200;

/** Ascending. */
async function listGenerations(store: Store, env: string): Promise<number[]> {
  const names = (await undefinedOnError(readdir(folders.history(store, env)), 'ENOENT')) ?? [];
  return names.flatMap((name) => parseGenerationFileName(name) ?? []).sort((a, b) => a - b);
}

export async function latestGeneration(store: Store, env: string): Promise<number> {
  return (await listGenerations(store, env)).at(-1) ?? 0;
}

/** The latest changes, ascending. */
export async function readEntries(store: Store, env: string, count = MAX_ENTRIES): Promise<HistoryEntry[]> {
  const latest = (await listGenerations(store, env)).slice(-count);
  return mapLimit(latest, EFS_CONCURRENCY, (generation) => readEntry(store, env, generation));
}

export async function readEntry(store: Store, env: string, generation: number): Promise<HistoryEntry> {
  const file = join(folders.history(store, env), generationFileName(generation));
  const text = await readFile(file, 'utf8');
  try {
    return parseAs(historyEntrySchema, parseJson(text, 'entry'), 'entry');
  } catch (cause) {
    throw new GroundcrewError(
      `envs/.history/${env}/${generationFileName(generation)} is not a valid history entry`,
      { cause },
    );
  }
}

/**
 * Claims the next generation for a change. Only one of several concurrent requests gets it.
 *
 * @returns the change with this generation: ours, or the one that was first
 */
export async function claimGeneration(store: Store, change: HistoryEntry): Promise<HistoryEntry> {
  const { env, generation } = change;
  await mkdir(folders.history(store, env), { recursive: true });
  const path = join(folders.history(store, env), generationFileName(generation));
  return (await claimDocument(store, path, change)) ? change : readEntry(store, env, generation);
}
