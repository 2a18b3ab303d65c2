import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { buildId } from '../domain/names.ts';
import { folders, readDocument, type Store, unless, writeDocument } from './layout.ts';

const restore = z.object({
  buildId,
  /** Makes StartRestoreJob safe to repeat. */
  token: z.string(),
  requestedAt: z.string(),
  /** Recovery points that did not hold the build. */
  tried: z.array(z.string()),
  jobId: z.optional(z.string()),
  recoveryPoint: z.optional(z.string()),
  /** Below the mount: what AWS Backup made and is being cleared away. */
  folder: z.optional(z.string()),
  restoredAt: z.optional(z.string()),
});

export type Restore = Readonly<z.output<typeof restore>>;

export async function readRestore(store: Store, id: string): Promise<Restore | undefined> {
  const found = z.safeParse(restore, await readDocument(join(folders.restores(store), id)));
  return found.success ? found.data : undefined;
}

/** Open ones and those whose build came back. */
export async function readRestores(store: Store): Promise<Restore[]> {
  const names = (await unless(readdir(folders.restores(store)), 'ENOENT')) ?? [];
  const found = await Promise.all(names.map((name) => readRestore(store, name)));
  return found.filter((one) => one !== undefined);
}

export async function keepRestore(store: Store, content: Restore): Promise<void> {
  await mkdir(folders.restores(store), { recursive: true });
  await writeDocument(store, join(folders.restores(store), content.buildId), content);
}
