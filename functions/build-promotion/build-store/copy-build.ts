import { copyFile, mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#shared/hash.ts';
import type { StoreContext } from '../context.ts';
import type { Artifact } from '../domain/artifact.ts';
import { type Manifest, parseManifest } from '../domain/manifest.ts';
import { MANIFEST, MODES } from '../domain/names.ts';
import { RefusalError } from '../domain/refusal.ts';
import { copyFiles } from '../filesystem/copy-files.ts';
import { exists, folders, hasCode, type Store, undefinedOnError } from '../filesystem/layout.ts';
import { deleteTree, discardFolder } from '../filesystem/trash.ts';
import { listTree, stampedFiles } from '../filesystem/walk.ts';
import type { Progress } from '../protocol/store-reply.ts';
import { reportChangedRelease } from './report-changed-release.ts';
import { compareFolder, readStampedManifest } from './verify-build.ts';

export interface CopyRequest {
  readonly source: Store;
  readonly target: Store;
  readonly artifact: Artifact;
  readonly manifest: Manifest;
  /** The target's live build. */
  readonly live: string | undefined;
  readonly key: string;
  readonly progress: Progress | undefined;
}

export type CopyResult = 'whole' | Pick<Progress, 'phase' | 'done' | 'fingerprint'>;

/**
 * Copies a build to another store: into a draft folder, verified in full there, and only then renamed into place. The live
 * release is not touched.
 */
export async function copyBuild(context: StoreContext, request: CopyRequest): Promise<CopyResult> {
  const { artifact, key, progress, target } = request;
  // The same suffix for repeats of this request, so that they continue; a different one for other requests.
  const suffix = sha256(key, 12);
  const draft = join(folders.incoming(target), `${artifact.buildId}.${suffix}`);
  const copied =
    progress?.phase === 'verify-copy' ? 'whole' : await copyToDraft(context, request, draft, request.live);
  if (copied !== 'whole') return copied;
  const verified = await verifyCopy(context, request, draft).catch(async (error: unknown) => {
    if (!(error instanceof RefusalError) || request.live === undefined) throw error;
    // A hard-linked file of the live release does not match its stamp: copy everything from the main store instead.
    reportChangedRelease(context.invocation, request.live, error);
    await deleteTree(draft, context.isOutOfTime);
    const retried = await copyToDraft(context, { ...request, progress: undefined }, draft, undefined);
    return retried === 'whole' ? verifyCopy(context, { ...request, progress: undefined }, draft) : retried;
  });
  if (verified !== 'whole') return verified;
  context.invocation.signal.throwIfAborted();
  await publishDraft(target, draft, artifact.buildId, context.invocation.now());
  return 'whole';
}

async function copyToDraft(
  context: StoreContext,
  request: CopyRequest,
  draft: string,
  live: string | undefined,
): Promise<CopyResult> {
  const { artifact, manifest, progress, source, target } = request;
  const origin = folders.build(source, artifact.buildId);
  const ownFiles = stampedFiles(manifest.modes !== undefined);
  const tree = await listTree(origin, ownFiles);
  const base = live === undefined ? undefined : await readLiveBuild(target, live);
  const from = progress?.phase === 'copy' ? progress.done : 0;
  try {
    await mkdir(draft, { recursive: true });
    const done = await copyFiles(
      { from: origin, to: draft, manifest, base, isOutOfTime: context.isOutOfTime },
      tree,
      from,
    );
    if (done < tree.found.length) return { phase: 'copy', done, fingerprint: '' };
    for (const name of ownFiles) await copyFile(join(origin, name), join(draft, name));
    return 'whole';
  } catch (error) {
    if (!hasCode(error, 'ENOSPC', 'EDQUOT')) throw error;
    await deleteTree(draft, context.isOutOfTime); // the live release may need the space
    const liveText = request.live === undefined ? '' : `; ${request.live} stays live`;
    throw new RefusalError(
      `No space left on the file system: ${artifact.buildId} was not copied${liveText}`,
      'JobFailed',
      {
        cause: error,
      },
    );
  }
}

async function verifyCopy(
  context: StoreContext,
  { artifact, manifest, progress }: CopyRequest,
  draft: string,
): Promise<CopyResult> {
  await readStampedManifest(context, draft, artifact);
  const resume = progress?.phase === 'verify-copy' ? progress : undefined;
  const options = { manifest, resume, allowHardLinks: true };
  const { fingerprint, doneFiles, files } = await compareFolder(context, draft, artifact, options);
  return doneFiles < files ? { phase: 'verify-copy', done: doneFiles, fingerprint } : 'whole';
}

/** The live build, for hard links. Its manifest is not trusted: every linked file is read afterwards. */
async function readLiveBuild(
  target: Store,
  live: string,
): Promise<{ folder: string; manifest: Manifest } | undefined> {
  const folder = folders.build(target, live);
  const manifest = await undefinedOnError(readFile(join(folder, MANIFEST)), 'ENOENT');
  const modes = await undefinedOnError(readFile(join(folder, MODES)), 'ENOENT');
  try {
    return manifest && { folder, manifest: parseManifest({ manifest, modes }) };
  } catch {
    return undefined; // without a base, everything is copied
  }
}

async function publishDraft(target: Store, draft: string, buildId: string, now: number): Promise<void> {
  try {
    await rename(draft, folders.build(target, buildId));
  } catch (error) {
    // Another request was first, or the response to our first attempt was lost.
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT') || !(await exists(folders.build(target, buildId))))
      throw error;
    await discardFolder(target, draft, now);
  }
}
