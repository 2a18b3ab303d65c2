import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoreContext } from '../context.ts';
import type { Artifact } from '../domain/artifact.ts';
import { MAX_MANIFEST_BYTES, type Manifest, verifyManifest } from '../domain/manifest.ts';
import { describeDifferences } from '../domain/manifest-diff.ts';
import { MANIFEST, MODES, STAMP } from '../domain/names.ts';
import { RefusalError } from '../domain/refusal.ts';
import {
  type CompareOptions,
  type ComparisonResult,
  compareWithManifest,
} from '../filesystem/compare-with-manifest.ts';
import { folders, type Store, undefinedOnError } from '../filesystem/layout.ts';
import { readStamp } from '../filesystem/stamp.ts';
import { restoreFromTrash } from '../filesystem/trash.ts';
import { readVerification, saveVerification } from '../filesystem/verified-builds.ts';

export type VerifyMode = 'full' | 'fingerprint';

export interface VerifyOptions {
  /** `auto` reads every byte the first time, and always in the configured environments. */
  readonly verify: 'auto' | VerifyMode;
  readonly env: string;
  readonly resume?: { readonly done: number; readonly fingerprint: string } | undefined;
  /** For copies, whose unchanged files are hard links to the previous release. */
  readonly allowHardLinks?: boolean;
}

export type VerifyResult =
  | { readonly isComplete: true; readonly mode: VerifyMode; readonly manifest: Manifest }
  | { readonly isComplete: false; readonly comparison: ComparisonResult };

/** Compares a build with its stamp. @throws RefusalError naming the differences */
export async function verifyBuild(
  context: StoreContext,
  store: Store,
  artifact: Artifact,
  options: VerifyOptions,
): Promise<VerifyResult> {
  const { buildId, manifestSha256 } = artifact;
  await assertBuildExists(context, store, buildId);
  const folder = folders.build(store, buildId);
  const manifest = await readStampedManifest(context, folder, artifact);
  const lastVerification = await readVerification(store, buildId);
  if (
    !options.resume &&
    canTrustFingerprint(context, options) &&
    lastVerification?.manifestSha256 === manifestSha256
  ) {
    const attributes = await compareWithManifest(folder, manifest, {
      ...compareOptions(context, options),
      attributesOnly: true,
    });
    const isSame =
      attributes.differences.length === 0 && attributes.fingerprint === lastVerification.fingerprint;
    if (isSame) return { isComplete: true, mode: 'fingerprint', manifest };
  }
  const comparison = await compareFolder(context, folder, artifact, { ...options, manifest });
  if (comparison.doneFiles < comparison.files) return { isComplete: false, comparison };
  if (!context.config.dryRun)
    await saveVerification(store, buildId, { manifestSha256, fingerprint: comparison.fingerprint });
  return { isComplete: true, mode: 'full', manifest };
}

/** Reads every file of a folder and compares it with the manifest. @throws RefusalError */
export async function compareFolder(
  context: StoreContext,
  folder: string,
  { buildId, bytes }: Artifact,
  {
    manifest,
    ...options
  }: Pick<VerifyOptions, 'allowHardLinks' | 'resume'> & { readonly manifest: Manifest },
): Promise<ComparisonResult> {
  const comparison = await compareWithManifest(folder, manifest, compareOptions(context, options));
  if (comparison.differences.length > 0)
    throw new RefusalError(describeDifferences(buildId, comparison.differences));
  if (comparison.doneFiles === comparison.files && comparison.bytes !== bytes)
    throw new RefusalError(`${buildId} has ${comparison.bytes} bytes, the artifact says ${bytes}`);
  return comparison;
}

/** Reads a build's manifest. @throws RefusalError if the manifest or the stamp is not that of the artifact */
export async function readStampedManifest(
  context: StoreContext,
  folder: string,
  artifact: Artifact,
): Promise<Manifest> {
  const { buildId } = artifact;
  const manifestBytes = await readManifestFile(folder, MANIFEST, buildId);
  if (manifestBytes === undefined) throw new RefusalError(`${buildId} has no ${MANIFEST}`);
  const modes = await readManifestFile(folder, MODES, buildId);
  const manifest = verifyManifest({ manifest: manifestBytes, modes }, artifact, context.config.publicKey);
  if (!isSameStamp(await readStamp(folder), artifact))
    throw new RefusalError(`${buildId}: ${STAMP} does not match the artifact`);
  return manifest;
}

async function readManifestFile(folder: string, name: string, buildId: string): Promise<Buffer | undefined> {
  const path = join(folder, name);
  const size = (await undefinedOnError(stat(path), 'ENOENT'))?.size;
  if (size === undefined) return undefined;
  if (size > MAX_MANIFEST_BYTES)
    throw new RefusalError(`${buildId}: ${name} has ${size} bytes, expected at most ${MAX_MANIFEST_BYTES}`);
  return readFile(path);
}

/** Ignores the signature, which may have been added later. */
function isSameStamp(found: Artifact | undefined, wanted: Artifact): boolean {
  const members = ['buildId', 'manifestSha256', 'files', 'bytes', 'createdAt'] as const;
  return found !== undefined && members.every((member) => found[member] === wanted[member]);
}

/** Restores the build from the trash if it is still there. */
async function assertBuildExists({ config }: StoreContext, store: Store, buildId: string): Promise<void> {
  const stats = await undefinedOnError(lstat(folders.build(store, buildId)), 'ENOENT');
  if (stats?.isDirectory()) return;
  if (stats)
    throw new RefusalError(`builds/${buildId} is not a folder: links among the builds are not followed`);
  if (!config.dryRun && (await restoreFromTrash(store, buildId))) return;
  const incoming = (await undefinedOnError(readdir(folders.incoming(store)), 'ENOENT')) ?? [];
  if (incoming.some((name) => name === buildId || name.startsWith(`${buildId}.`)))
    throw new RefusalError(`${buildId} is still being written to builds/.incoming`, 'RevisionUnavailable');
  throw new RefusalError(
    `${buildId} is not in the store: it was never stamped here, or was pruned`,
    'RevisionUnavailable',
  );
}

function canTrustFingerprint({ config }: StoreContext, { env, verify }: VerifyOptions): boolean {
  return verify === 'fingerprint' || (verify === 'auto' && !config.fullEnvironments.includes(env));
}

function compareOptions(
  { config, isOutOfTime }: StoreContext,
  { allowHardLinks = false, resume }: Pick<VerifyOptions, 'allowHardLinks' | 'resume'>,
): CompareOptions {
  return { allowLinks: config.symlinks === 'inside', allowHardLinks, resume, isOutOfTime };
}
