import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { buildId } from '../domain/names.ts';
import { folders, readDocument, type Store, undefinedOnError, writeDocument } from './layout.ts';

const restoreRecordSchema = z.object({
  buildId,
  /** Idempotency token of StartRestoreJob. */
  token: z.string(),
  requestedAt: z.string(),
  /** Recovery points that did not contain the build. */
  tried: z.array(z.string()),
  jobId: z.optional(z.string()),
  recoveryPoint: z.optional(z.string()),
  /** Folder of AWS Backup that is being removed, relative to the mount. */
  folder: z.optional(z.string()),
  restoredAt: z.optional(z.string()),
});

export type RestoreRecord = Readonly<z.output<typeof restoreRecordSchema>>;

export async function readRestoreRecord(store: Store, id: string): Promise<RestoreRecord | undefined> {
  const found = z.safeParse(restoreRecordSchema, await readDocument(join(folders.restores(store), id)));
  return found.success ? found.data : undefined;
}

/** Open and completed ones. */
export async function listRestoreRecords(store: Store): Promise<RestoreRecord[]> {
  const names = (await undefinedOnError(readdir(folders.restores(store)), 'ENOENT')) ?? [];
  const found = await Promise.all(names.map((name) => readRestoreRecord(store, name)));
  return found.filter((one) => one !== undefined);
}

export async function saveRestoreRecord(store: Store, content: RestoreRecord): Promise<void> {
  await mkdir(folders.restores(store), { recursive: true });
  await writeDocument(store, join(folders.restores(store), content.buildId), content);
}
