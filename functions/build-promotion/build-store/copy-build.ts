import { copyFile, mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#shared/hash.ts';
import type { Work } from '../context.ts';
import type { Artifact } from '../domain/artifact.ts';
import { type Manifest, parseManifest } from '../domain/manifest.ts';
import { MANIFEST, STAMP } from '../domain/names.ts';
import { Refused } from '../domain/refusal.ts';
import { copyFiles } from '../filesystem/copy-files.ts';
import { exists, folders, hasCode, type Store, unless } from '../filesystem/layout.ts';
import { deleteTree, discard } from '../filesystem/trash.ts';
import { walk } from '../filesystem/walk.ts';
import type { Progress } from '../protocol/store-request.ts';
import { inspectFolder, readStamped } from './verify-build.ts';

export interface CopyWish {
  readonly source: Store;
  readonly target: Store;
  readonly artifact: Artifact;
  readonly manifest: Manifest;
  /** What is live at the target. */
  readonly live: string | undefined;
  readonly key: string;
  readonly progress: Progress | undefined;
}

export type Copied = 'whole' | Pick<Progress, 'phase' | 'done' | 'digest'>;

/**
 * Brings a build to another store: beside what is live there, verified in full where it lies, and only then under its
 * name. Nothing of the release that is live is touched.
 */
export async function copyRelease(work: Work, wish: CopyWish): Promise<Copied> {
  const { artifact, key, progress, target } = wish;
  // The same for a repeat of the same request, so that it goes on where it stopped, and no other request's.
  const suffix = sha256(key, 12);
  const draft = join(folders.incoming(target), `${artifact.buildId}.${suffix}`);
  const first = progress?.phase === 'verify-copy' ? 'whole' : await bring(work, wish, draft, wish.live);
  if (first !== 'whole') return first;
  const verified = await verifyCopy(work, wish, draft).catch(async (error: unknown) => {
    if (!(error instanceof Refused) || wish.live === undefined) throw error;
    // What was linked is not as stamped at the release that is live: everything from the store itself, then.
    work.invocation.logger.warn('the live release is not as stamped', { buildId: wish.live, error });
    await deleteTree(draft, work.stop);
    const again = await bring(work, { ...wish, progress: undefined }, draft, undefined);
    return again === 'whole' ? verifyCopy(work, { ...wish, progress: undefined }, draft) : again;
  });
  if (verified !== 'whole') return verified;
  work.invocation.signal.throwIfAborted();
  await commit(target, draft, artifact.buildId, work.invocation.now());
  return 'whole';
}

async function bring(work: Work, wish: CopyWish, draft: string, live: string | undefined): Promise<Copied> {
  const { artifact, manifest, progress, source, target } = wish;
  const origin = folders.build(source, artifact.buildId);
  const files = (await walk(origin)).met;
  const base = live === undefined ? undefined : await readBase(target, live);
  const from = progress?.phase === 'copy' ? progress.done : 0;
  try {
    await mkdir(draft, { recursive: true });
    const done = await copyFiles({ from: origin, to: draft, manifest, base, stop: work.stop }, files, from);
    if (done < files.length) return { phase: 'copy', done, digest: '' };
    for (const name of [MANIFEST, STAMP]) await copyFile(join(origin, name), join(draft, name));
    return 'whole';
  } catch (error) {
    if (!hasCode(error, 'ENOSPC', 'EDQUOT')) throw error;
    await deleteTree(draft, work.stop); // what is live may need the room
    const stays = wish.live === undefined ? '' : `; ${wish.live} stays live`;
    throw new Refused(`The disk is full: ${artifact.buildId} could not be copied${stays}`, 'JobFailed', {
      cause: error,
    });
  }
}

async function verifyCopy(
  work: Work,
  { artifact, manifest, progress }: CopyWish,
  draft: string,
): Promise<Copied> {
  await readStamped(work, draft, artifact);
  const resume = progress?.phase === 'verify-copy' ? progress : undefined;
  const options = { manifest, resume, allowNames: true };
  const { digest, done, files } = await inspectFolder(work, draft, artifact, options);
  return done < files ? { phase: 'verify-copy', done, digest } : 'whole';
}

/** What is live has no stamp that could be checked here: what it claims decides only what is linked and then read. */
async function readBase(
  target: Store,
  live: string,
): Promise<{ folder: string; manifest: Manifest } | undefined> {
  const folder = folders.build(target, live);
  const bytes = await unless(readFile(join(folder, MANIFEST)), 'ENOENT');
  try {
    return bytes && { folder, manifest: parseManifest(bytes) };
  } catch {
    return undefined; // everything is copied, then
  }
}

async function commit(target: Store, draft: string, buildId: string, now: number): Promise<void> {
  try {
    await rename(draft, folders.build(target, buildId));
  } catch (error) {
    // Another request was first, or the first answer to this one was lost.
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT') || !(await exists(folders.build(target, buildId))))
      throw error;
    await discard(target, draft, now);
  }
}
