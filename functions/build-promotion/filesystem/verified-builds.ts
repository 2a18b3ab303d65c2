import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { sha256 } from '../domain/names.ts';
import { folders, readDocument, type Store, writeDocument } from './layout.ts';

const verificationSchema = z.object({ manifestSha256: sha256, fingerprint: sha256 });

/** Fingerprint of a build's attributes when every byte was verified. */
export type Verification = Readonly<z.output<typeof verificationSchema>>;

/** @returns undefined also for an invalid file; the build is then verified in full */
export async function readVerification(store: Store, buildId: string): Promise<Verification | undefined> {
  try {
    const read = z.safeParse(
      verificationSchema,
      await readDocument(join(folders.checks(store), `${buildId}.json`)),
    );
    return read.success ? read.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export async function saveVerification(store: Store, buildId: string, content: Verification): Promise<void> {
  await mkdir(folders.checks(store), { recursive: true });
  await writeDocument(store, join(folders.checks(store), `${buildId}.json`), content);
}
