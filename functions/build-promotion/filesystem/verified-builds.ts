import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { digest } from '../domain/names.ts';
import { folders, readDocument, type Store, writeDocument } from './layout.ts';

const check = z.object({ manifestSha256: digest, fingerprint: digest });

/** What a build's attributes were when all of its bytes were as stamped. */
export type Check = Readonly<z.output<typeof check>>;

/** Undefined also for one that somebody wrote by hand: the build is read in full then. */
export async function readCheck(store: Store, buildId: string): Promise<Check | undefined> {
  try {
    const read = z.safeParse(check, await readDocument(join(folders.checks(store), `${buildId}.json`)));
    return read.success ? read.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export async function keepCheck(store: Store, buildId: string, content: Check): Promise<void> {
  await mkdir(folders.checks(store), { recursive: true });
  await writeDocument(store, join(folders.checks(store), `${buildId}.json`), content);
}
