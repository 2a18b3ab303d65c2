import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildShim, type Shim } from './shim.ts';
import { makeStore, type Tree } from './tree.ts';

const ROOT = join(import.meta.dirname, '../..');
const BUNDLE = join(ROOT, 'dist/BuildStore/index.mjs');
const ROUNDS = 5;
const LATENCIES_MS = [1, 3];

export interface Promotion {
  readonly files: number;
  readonly megabytes: number;
  /** Undefined where the program is not on this machine. */
  readonly seconds: {
    /** The check of the article: one process per file. */
    readonly findMd5sum: number | undefined;
    readonly sha256sumCheck: number | undefined;
    readonly rsyncChecksum: number | undefined;
    readonly zipAndUnzip: number | undefined;
    /** Node reads and hashes every byte on one thread. It compares nothing and lists no folder. */
    readonly floor: number;
    /** A complete promotion by the built function: manifest, list of files, every byte, history, link. */
    readonly full: number;
    /** The next stage, which compares attributes. */
    readonly fingerprint: number;
    /** `full`, if each open, read, listing and stat takes so many milliseconds. Empty without a C compiler. */
    readonly fullAtMs: Readonly<Record<string, number>>;
    readonly fingerprintAtMs: Readonly<Record<string, number>>;
  };
  readonly ratios: Readonly<Record<string, number>>;
}

/** Times the article's methods and ours on the same files, in one run. Only the ratios are comparable between machines. */
export function measurePromotion(): Promotion {
  const folder = mkdtempSync(join(roomy(), 'groundcrew-promotion-'));
  try {
    const tree = makeStore(folder);
    const { floor, full, fingerprint } = timeOurs(tree);
    const shim = buildShim(folder);
    const at = (stage: string): Record<string, number> =>
      shim ? Object.fromEntries(LATENCIES_MS.map((ms) => [ms, promote(tree, stage, { shim, ms })])) : {};
    const seconds = {
      findMd5sum: time(tree, `find . -type f -exec md5sum {} \\; > /dev/null`),
      sha256sumCheck: time(tree, 'sha256sum --quiet -c MANIFEST.sha256'),
      rsyncChecksum: has('rsync')
        ? time(tree, `cp -R . ../copy && :`) && time(tree, 'rsync -rcn . ../copy/')
        : undefined,
      zipAndUnzip:
        has('zip') && has('unzip')
          ? time(tree, 'zip -qr ../a.zip . && unzip -qo ../a.zip -d ../unzipped')
          : undefined,
      floor,
      full,
      fingerprint,
      fullAtMs: at('full'),
      fingerprintAtMs: at('fingerprint'),
    };
    return { files: tree.files, megabytes: Math.round(tree.bytes / 1e6), seconds, ratios: ratiosOf(seconds) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function formatPromotion({ files, megabytes, ratios, seconds }: Promotion): string {
  const say = (value: number | undefined): string =>
    value === undefined ? 'not here' : `${value.toFixed(2)} s`;
  const { fingerprintAtMs, fullAtMs, ...plain } = seconds;
  return [
    `A promotion of ${files} files, ${megabytes} MB`,
    ...Object.entries(plain).map(([name, value]) => `${name.padEnd(24)}${say(value).padStart(10)}`),
    ...Object.entries(fullAtMs).map(
      ([ms, value]) => `${`full, ${ms} ms a call`.padEnd(24)}${say(value).padStart(10)}`,
    ),
    ...Object.entries(fingerprintAtMs).map(
      ([ms, value]) => `${`fingerprint, ${ms} ms a call`.padEnd(24)}${say(value).padStart(10)}`,
    ),
    ...Object.entries(ratios).map(([name, value]) => `${name}: ${value} x`),
  ].join('\n');
}

function ratiosOf(seconds: Promotion['seconds']): Record<string, number> {
  const over = (name: string, value: number | undefined): [string, number][] =>
    value === undefined ? [] : [[name, Number((value / seconds.full).toFixed(2))]];
  return Object.fromEntries([
    ...over('findMd5sumOverFull', seconds.findMd5sum),
    ...over('sha256sumCheckOverFull', seconds.sha256sumCheck),
    ...over('rsyncChecksumOverFull', seconds.rsyncChecksum),
    ...over('zipAndUnzipOverFull', seconds.zipAndUnzip),
    ['fullOverFloor', Number((seconds.full / seconds.floor).toFixed(2))],
    ['fullOverFingerprint', Number((seconds.full / seconds.fingerprint).toFixed(2))],
  ]);
}

/** Measures all of them in every round, so that a slow moment of the machine affects all. */
function timeOurs(tree: Tree): { floor: number; full: number; fingerprint: number } {
  const rounds = Array.from({ length: ROUNDS }, () => ({
    floor: readFloor(tree),
    full: promote(tree, 'full'),
    fingerprint: promote(tree, 'fingerprint'),
  }));
  const median = (pick: (round: (typeof rounds)[number]) => number): number =>
    rounds.map(pick).toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
  return {
    floor: median(({ floor }) => floor),
    full: median(({ full }) => full),
    fingerprint: median(({ fingerprint }) => fingerprint),
  };
}

const floorScript = `
  import { hash } from 'node:crypto';
  import { readFileSync, readdirSync } from 'node:fs';
  const files = readdirSync(process.argv[1], { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => entry.parentPath + '/' + entry.name);
  const begun = performance.now();
  for (const file of files) hash('sha256', readFileSync(file));
  console.log((performance.now() - begun) / 1000);
`;

function readFloor({ build }: Tree): number {
  return run(['--input-type=module', '-e', floorScript, build], {});
}

const promoteScript = `
  const { handler } = await import(process.argv[1]);
  const event = JSON.parse(process.argv[2]);
  const end = Date.now() + 600_000;
  const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => end - Date.now() };
  console.log = () => {};
  const begun = performance.now();
  const reply = await handler(event, context);
  const seconds = (performance.now() - begun) / 1000;
  if (reply.outcome !== 'switched' || reply.verified !== event.verify) throw new Error(JSON.stringify(reply));
  process.stderr.write(String(seconds));
`;

interface Slow {
  readonly shim: Shim;
  readonly ms: number;
}

/** Each promotion goes to a new environment. */
let promotions = 0;

function promote(tree: Tree, verify: string, slow?: Slow): number {
  promotions += 1;
  const event = {
    action: 'promote',
    env: `e${promotions}`,
    key: `k${promotions}`,
    verify,
    artifact: tree.artifact,
  };
  const settings = {
    AWS_REGION: 'eu-west-1',
    POWERTOOLS_SERVICE_NAME: 'BuildStore',
    POWERTOOLS_METRICS_NAMESPACE: 'Groundcrew',
    POWERTOOLS_METRICS_DISABLED: 'true',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    UV_THREADPOOL_SIZE: '64',
    MOUNT_PATH: tree.mount,
    STORE_PATH: '/site',
    DRY_RUN: 'false',
    FULL_ENVIRONMENTS: 'prod',
    SYMLINKS: 'refuse',
    ...slow?.shim.environment(tree.mount, slow.ms),
  };
  return run(['--input-type=module', '-e', promoteScript, BUNDLE, JSON.stringify(event)], settings, 'stderr');
}

function run(args: readonly string[], env: object, from: 'stdout' | 'stderr' = 'stdout'): number {
  const done = spawnSync(process.execPath, [...args], { env: { ...process.env, ...env }, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`The measured process failed: ${done.stderr}`);
  return Number(done[from]);
}

function time({ build }: Tree, command: string): number {
  const begun = performance.now();
  const { status, stderr } = spawnSync('sh', ['-c', command], { cwd: build, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
  return (performance.now() - begun) / 1000;
}

function has(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

/** Memory if there is enough, because otherwise the speed of the disk would be measured. */
function roomy(): string {
  const needed = 4e9;
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    return bavail * bsize > needed ? '/dev/shm' : tmpdir();
  } catch {
    return tmpdir();
  }
}
