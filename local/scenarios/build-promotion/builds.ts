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
import type { World } from '../../pack/world.ts';
import { setArtifactLocation } from '../../scenario-kit/pipelines.ts';
import { zipOf } from './archive.ts';

// What CodeBuild would do: builds, stamped with the tool that a buildspec calls.

export type Files = Readonly<Record<string, string>>;

/** The artifact's members. */
export interface Stamp {
  readonly v: number;
  readonly buildId: string;
  readonly manifestSha256: string;
  readonly files: number;
  readonly bytes: number;
  readonly createdAt: string;
}

const tool = join(import.meta.dirname, '../../../tools/stamp-build');
const BUCKET = 'pipeline-artifacts';

export function folderOf(world: World): string {
  return join(world.folderOf('BuildStore'), 'site');
}

/** Some files, one of them with a name that needs escaping. */
export function filesOf(build: string): Files {
  return {
    'index.html': `<h1>${build}</h1>\n`,
    'assets/app.js': `console.log('${build}')\n`,
    'assets/logo.svg': '<svg/>\n',
    'assets/img/a b\nc.txt': 'kept\n',
  };
}

/** Stamps a build into the store. */
export function stamp(world: World, buildId: string, files: Files = filesOf(buildId)): Stamp {
  const work = mkdtempSync(join(tmpdir(), 'groundcrew-build-'));
  try {
    for (const [path, content] of Object.entries(files)) put(join(work, 'out', path), content);
    const artifact = join(work, 'build.json');
    execFileSync('sh', [tool, folderOf(world), buildId, join(work, 'out'), artifact]);
    return withTime(world, JSON.parse(readFileSync(artifact, 'utf8')));
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** The tool looks at the machine's clock, the pack at one that turns: the stamp says the pack's time. */
function withTime(world: World, stamped: Stamp): Stamp {
  const createdAt = new Date(world.clock.now()).toISOString();
  const told = { ...stamped, createdAt };
  writeFileSync(join(folderOf(world), 'builds', stamped.buildId, 'BUILD.json'), `${JSON.stringify(told)}\n`);
  return told;
}

/** Changes what lies in the store, as somebody with access to it could. */
export function put(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** Has a pipeline's build stage make this artifact. */
export async function offer(world: World, pipeline: string, artifact: Stamp | Buffer): Promise<void> {
  const s3 = world.client(S3Client);
  const Body = Buffer.isBuffer(artifact) ? artifact : zipOf([['build.json', JSON.stringify(artifact)]]);
  const Key = `${pipeline}/Build/archive.zip`;
  const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration })).catch(unlessThere);
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
  setArtifactLocation(world, pipeline, 'Build', { bucket: BUCKET, key: Key });
}

function unlessThere(error: unknown): void {
  if (!(error instanceof Error && error.name === 'BucketAlreadyOwnedByYou')) throw error;
}

/** What each environment of a store shows: the first line that a reader gets by its link. */
export function live(root: string): Record<string, string> {
  const envs = join(root, 'envs');
  const names = existsSync(envs) ? readdirSync(envs).filter((name) => !name.startsWith('.')) : [];
  return Object.fromEntries(names.sort().map((env) => [env, describeLink(join(envs, env))]));
}

function describeLink(path: string): string {
  if (!lstatSync(path).isSymbolicLink()) return 'no link';
  const target = readlinkSync(path);
  return existsSync(path) ? target : `${target}, which is gone`;
}

/** The history of an environment: what each change went to. */
export function history(root: string, env: string): string[] {
  const folder = join(root, 'envs/.history', env);
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  return files.map((file) => {
    const { action, from, to } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    return `${Number.parseInt(file, 10)} ${action}: ${from ?? 'none'} -> ${to}`;
  });
}

/** Builds by name, and what lies beside them under names that say no time and nothing random. */
export function contents(root: string): Record<string, string[]> {
  const list = (folder: string): string[] => {
    const path = join(root, folder);
    return existsSync(path) ? readdirSync(path).sort() : [];
  };
  return {
    builds: list('builds').filter((name) => !name.startsWith('.')),
    incoming: list('builds/.incoming'),
    trash: list('builds/.trash').map((name) => name.replace(/\d{13}-/, '')),
    drafts: list('envs/.drafts'),
  };
}
