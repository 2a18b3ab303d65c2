import { lstat, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Work } from '../context.ts';
import type { Artifact } from '../domain/artifact.ts';
import { MANIFEST_LIMIT, type Manifest, readManifest } from '../domain/manifest.ts';
import { describeFindings } from '../domain/manifest-diff.ts';
import { MANIFEST, STAMP } from '../domain/names.ts';
import { Refused } from '../domain/refusal.ts';
import { type Inspection, type InspectOptions, inspect } from '../filesystem/compare-with-manifest.ts';
import { exists, folders, type Store, unless } from '../filesystem/layout.ts';
import { readStamp } from '../filesystem/stamp.ts';
import { takeBack } from '../filesystem/trash.ts';
import { keepCheck, readCheck } from '../filesystem/verified-builds.ts';

export type Mode = 'full' | 'fingerprint';

export interface CheckOptions {
  /** `auto` reads everything where nobody has yet, and in the environments that the configuration names. */
  readonly verify: 'auto' | Mode;
  readonly env: string;
  readonly resume?: { readonly done: number; readonly digest: string } | undefined;
  /** For copies, whose files may share their bytes with the release before. */
  readonly allowNames?: boolean;
}

export type Checked =
  | { readonly isWhole: true; readonly mode: Mode; readonly manifest: Manifest }
  | { readonly isWhole: false; readonly inspection: Inspection };

/** Compares a build with its stamp. @throws Refused naming what is not as stamped */
export async function checkBuild(
  work: Work,
  store: Store,
  artifact: Artifact,
  options: CheckOptions,
): Promise<Checked> {
  const { buildId, manifestSha256 } = artifact;
  await demandBuild(work, store, buildId);
  const folder = folders.build(store, buildId);
  const manifest = await readStamped(work, folder, artifact);
  const known = await readCheck(store, buildId);
  if (!options.resume && mayTrust(work, options) && known?.manifestSha256 === manifestSha256) {
    const quick = await inspect(folder, manifest, { ...inspectOptions(work, options), attributesOnly: true });
    const isSame = quick.findings.length === 0 && quick.digest === known.fingerprint;
    if (isSame) return { isWhole: true, mode: 'fingerprint', manifest };
  }
  const inspection = await inspectFolder(work, folder, artifact, { ...options, manifest });
  if (inspection.done < inspection.files) return { isWhole: false, inspection };
  if (!work.config.dryRun)
    await keepCheck(store, buildId, { manifestSha256, fingerprint: inspection.digest });
  return { isWhole: true, mode: 'full', manifest };
}

/** Reads every file of a folder that holds the build, wherever it lies. @throws Refused */
export async function inspectFolder(
  work: Work,
  folder: string,
  { buildId, bytes }: Artifact,
  { manifest, ...options }: Pick<CheckOptions, 'allowNames' | 'resume'> & { readonly manifest: Manifest },
): Promise<Inspection> {
  const inspection = await inspect(folder, manifest, inspectOptions(work, options));
  if (inspection.findings.length > 0) throw new Refused(describeFindings(buildId, inspection.findings));
  if (inspection.done === inspection.files && inspection.bytes !== bytes)
    throw new Refused(`${buildId} has ${inspection.bytes} bytes, the artifact says ${bytes}`);
  return inspection;
}

/** The manifest beside a build's files, when it and the stamp are those of the artifact. @throws Refused */
export async function readStamped(work: Work, folder: string, artifact: Artifact): Promise<Manifest> {
  const { buildId } = artifact;
  const path = join(folder, MANIFEST);
  const size = (await unless(stat(path), 'ENOENT'))?.size;
  if (size === undefined) throw new Refused(`${buildId} has no ${MANIFEST}`);
  if (size > MANIFEST_LIMIT)
    throw new Refused(`${buildId}: ${MANIFEST} has ${size} bytes, at most ${MANIFEST_LIMIT} are read`);
  const manifest = readManifest(await readFile(path), artifact, work.config.publicKey);
  if (!isSameStamp(await readStamp(folder), artifact))
    throw new Refused(`${buildId}: ${STAMP} is not that of the artifact`);
  return manifest;
}

/** But for the signature, which may have been made afterwards. */
function isSameStamp(found: Artifact | undefined, wanted: Artifact): boolean {
  const members = ['buildId', 'manifestSha256', 'files', 'bytes', 'createdAt'] as const;
  return found !== undefined && members.every((member) => found[member] === wanted[member]);
}

/** Also out of the trash, where it lies for an hour. */
async function demandBuild({ config }: Work, store: Store, buildId: string): Promise<void> {
  const stats = await unless(lstat(folders.build(store, buildId)), 'ENOENT');
  if (stats?.isDirectory()) return;
  if (stats) throw new Refused(`builds/${buildId} is no folder: what it leads to is not the store's`);
  if (!config.dryRun && (await takeBack(store, buildId))) return;
  if (await exists(join(folders.incoming(store), buildId)))
    throw new Refused(`${buildId} is still being written: it is in builds/.incoming`, 'RevisionUnavailable');
  throw new Refused(`${buildId} is not in the store: never stamped here, or pruned`, 'RevisionUnavailable');
}

function mayTrust({ config }: Work, { env, verify }: CheckOptions): boolean {
  return verify === 'fingerprint' || (verify === 'auto' && !config.fullEnvironments.includes(env));
}

function inspectOptions(
  { config, stop }: Work,
  { allowNames = false, resume }: Pick<CheckOptions, 'allowNames' | 'resume'>,
): InspectOptions {
  return { allowLinks: config.symlinks === 'inside', allowNames, resume, stop };
}
