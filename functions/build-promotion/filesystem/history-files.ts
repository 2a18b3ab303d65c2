import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimit } from '#shared/concurrency.ts';
import { GroundcrewError } from '#shared/errors.ts';
import { parseAs, parseJson } from '#shared/parse.ts';
import { type Entry, entry, fileOf, generationOf } from '../domain/history.ts';
import { claimDocument, folders, type Store, unless } from './layout.ts';
import { LANES } from './walk.ts';

// The history of an environment: a file a change, whose number is the change's place in the order of all.

/** As far back as a rollback looks: with forty changes a day it is some days. */
const LATEST = 200;

/** Ascending. */
export async function listGenerations(store: Store, env: string): Promise<number[]> {
  const names = (await unless(readdir(folders.history(store, env)), 'ENOENT')) ?? [];
  return names.flatMap((name) => generationOf(name) ?? []).sort((a, b) => a - b);
}

export async function latestGeneration(store: Store, env: string): Promise<number> {
  return (await listGenerations(store, env)).at(-1) ?? 0;
}

/** The latest changes, ascending. */
export async function readEntries(store: Store, env: string, count = LATEST): Promise<Entry[]> {
  const latest = (await listGenerations(store, env)).slice(-count);
  return mapLimit(latest, LANES, (generation) => readEntry(store, env, generation));
}

export async function readEntry(store: Store, env: string, generation: number): Promise<Entry> {
  const file = join(folders.history(store, env), fileOf(generation));
  const text = await readFile(file, 'utf8');
  try {
    return parseAs(entry, parseJson(text, 'entry'), 'entry');
  } catch (cause) {
    throw new GroundcrewError(`envs/.history/${env}/${fileOf(generation)} cannot be read`, { cause });
  }
}

/**
 * Takes the next number for a change. Only one of several who try gets it.
 *
 * @returns the change that has the number: ours, or that of whoever was first
 */
export async function takeGeneration(store: Store, wish: Entry): Promise<Entry> {
  const { env, generation } = wish;
  await mkdir(folders.history(store, env), { recursive: true });
  const path = join(folders.history(store, env), fileOf(generation));
  return (await claimDocument(store, path, wish)) ? wish : readEntry(store, env, generation);
}
