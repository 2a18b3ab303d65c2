import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { setArtifactLocation } from '../../scenario-kit/pipelines.ts';
import type { World } from '../../scenario-kit/world.ts';
import { createZip } from './zip.ts';

// Builds, stamped with the same tool that a buildspec calls in CodeBuild.

export type Files = Readonly<Record<string, string>>;

/** The content of the artifact. */
export interface Stamp {
  readonly v: number;
  readonly buildId: string;
  readonly manifestSha256: string;
  readonly files: number;
  readonly bytes: number;
  readonly createdAt: string;
}

const stampTool = join(import.meta.dirname, '../../../tools/stamp-build');
const BUCKET = 'pipeline-artifacts';

export function storeFolder(world: World): string {
  return join(world.folderOf('BuildStore'), 'site');
}

/** Some files. The name of one of them needs escaping. */
function sampleFiles(build: string): Files {
  return {
    'index.html': `<h1>${build}</h1>\n`,
    'assets/app.js': `console.log('${build}')\n`,
    'assets/logo.svg': '<svg/>\n',
    'assets/img/a b\\c.txt': 'kept\n',
  };
}

/** Adds a build to the store and stamps it. */
export function stampBuild(world: World, buildId: string, files: Files = sampleFiles(buildId)): Stamp {
  const work = mkdtempSync(join(tmpdir(), 'groundcrew-build-'));
  try {
    for (const [path, content] of Object.entries(files)) writeStoreFile(join(work, 'out', path), content);
    const artifact = join(work, 'build.json');
    execFileSync('sh', [stampTool, storeFolder(world), buildId, join(work, 'out'), artifact]);
    return withPackTime(world, JSON.parse(readFileSync(artifact, 'utf8')));
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** The tool uses the machine's clock, so the stamp gets the time on the pack's clock here. */
function withPackTime(world: World, stamped: Stamp): Stamp {
  const createdAt = new Date(world.clock.now()).toISOString();
  const updated = { ...stamped, createdAt };
  writeFileSync(
    join(storeFolder(world), 'builds', stamped.buildId, 'BUILD.json'),
    `${JSON.stringify(updated)}\n`,
  );
  return updated;
}

/** Writes a file to the store, as somebody with access to it could. */
export function writeStoreFile(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** Sets the artifact that the build stage of a pipeline produces. */
export async function setBuildArtifact(
  world: World,
  pipeline: string,
  artifact: Stamp | Buffer,
): Promise<void> {
  const s3 = world.client(S3Client);
  const Body = Buffer.isBuffer(artifact) ? artifact : createZip([['build.json', JSON.stringify(artifact)]]);
  const Key = `${pipeline}/Build/archive.zip`;
  const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };
  await s3
    .send(new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration }))
    .catch(ignoreExistingBucket);
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
  setArtifactLocation(world, pipeline, 'Build', { bucket: BUCKET, key: Key });
}

function ignoreExistingBucket(error: unknown): void {
  if (!(error instanceof Error && error.name === 'BucketAlreadyOwnedByYou')) throw error;
}

/** The target of the link of each environment of a store. */
export function readLinks(root: string): Record<string, string> {
  const envs = join(root, 'envs');
  const names = existsSync(envs) ? readdirSync(envs).filter((name) => !name.startsWith('.')) : [];
  return Object.fromEntries(names.sort().map((env) => [env, describeLink(join(envs, env))]));
}

function describeLink(path: string): string {
  if (!lstatSync(path).isSymbolicLink()) return 'no link';
  const target = readlinkSync(path);
  return existsSync(path) ? target : `${target}, which is gone`;
}

/** The history of an environment, one line per change. */
export function readHistory(root: string, env: string): string[] {
  const folder = join(root, 'envs/.history', env);
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  return files.map((file) => {
    const { action, from, to } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    return `${Number.parseInt(file, 10)} ${action}: ${from ?? 'none'} -> ${to}`;
  });
}

/** The content of a store, without times and random parts of names. */
export function listStore(root: string): Record<string, string[]> {
  const list = (folder: string): string[] => {
    const path = join(root, folder);
    return existsSync(path) ? readdirSync(path).sort() : [];
  };
  return {
    builds: list('builds').filter((name) => !name.startsWith('.')),
    incoming: list('builds/.incoming'),
    trash: list('builds/.trash')
      .map((name) => name.replace(/\d{13}-[0-9a-f]{8}-/, ''))
      .sort(),
    drafts: list('envs/.drafts'),
  };
}
