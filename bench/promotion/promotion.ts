import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findRoomyFolder, hasProgram } from '../machine.ts';
import { formatRatio, type MeasuredSubject, measureRatios, type Progress } from '../measure-ratios.ts';
import type { Report } from '../output/report.ts';
import type { Summary } from '../statistics.ts';
import { buildShim, type Shim } from './shim.ts';
import { makeStore, type Tree } from './tree.ts';

const ROOT = join(import.meta.dirname, '../..');
const BUNDLE = join(ROOT, 'dist/BuildStore/index.mjs');
const LATENCIES_MS = [1, 3];

/**
 * Times a promotion by the built function, and what people use today, on the same files. A promotion verifies every byte:
 * manifest, list of files, content, history, link.
 */
export async function measurePromotion(progress: Progress): Promise<Report> {
  const folder = mkdtempSync(join(findRoomyFolder(), 'groundcrew-promotion-'));
  try {
    progress('writing 20,000 files');
    const tree = makeStore(folder);
    const shim = buildShim(folder);
    const { subjects, missing } = listSubjects(tree, shim);
    const baseline = { name: 'promotion', run: () => promote(tree, 'full') };
    const { byName, notes } = await measureRatios(subjects, {
      baseline,
      progress,
      warmUps: 0,
      minRounds: 5,
      maxRounds: 11,
    });
    return describe(tree, byName, [...missing, ...notes]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Subjects {
  readonly subjects: readonly MeasuredSubject[];
  /** A sentence for each program that is not on this machine. */
  readonly missing: readonly string[];
}

function listSubjects(tree: Tree, shim: Shim | undefined): Subjects {
  const commands = COMMANDS.map((one) => ({ ...one, absent: one.needs.filter((name) => !hasProgram(name)) }));
  const slow = (ms: number): MeasuredSubject[] =>
    shim ? [{ name: `promotion, ${ms} ms a call`, run: () => promote(tree, 'full', { shim, ms }) }] : [];
  return {
    subjects: [
      ...commands
        .filter(({ absent }) => absent.length === 0)
        .map(({ name, prepare, command }) => ({ name, run: () => time(tree, command, prepare) })),
      { name: 'read and hash every byte', run: () => readFloor(tree) },
      { name: 'promotion, attributes only', run: () => promote(tree, 'fingerprint') },
      ...LATENCIES_MS.flatMap(slow),
    ],
    missing: [
      ...commands.flatMap(({ name, absent }) =>
        absent.length > 0
          ? [`${name}: skipped, because ${absent.join(' and ')} is not on this machine.`]
          : [],
      ),
      ...(shim ? [] : ['Slow file systems: skipped, because there is no C compiler on this machine.']),
    ],
  };
}

interface Command {
  readonly name: string;
  /** Programs that it needs. */
  readonly needs: readonly string[];
  /** Run before, and not timed. */
  readonly prepare?: string;
  readonly command: string;
}

const COMMANDS: readonly Command[] = [
  // The check of the article: one process per file.
  { name: 'find -exec md5sum', needs: ['md5sum'], command: `find . -type f -exec md5sum {} \\; > /dev/null` },
  { name: 'sha256sum -c', needs: ['sha256sum'], command: 'sha256sum --quiet -c MANIFEST.sha256' },
  {
    name: 'rsync -c',
    needs: ['rsync'],
    prepare: '[ -d ../copy ] || cp -R . ../copy',
    command: 'rsync -rcn . ../copy/',
  },
  {
    name: 'zip and unzip',
    needs: ['zip', 'unzip'],
    prepare: 'rm -rf ../a.zip ../unzipped',
    command: 'zip -qr ../a.zip . && unzip -qo ../a.zip -d ../unzipped',
  },
];

function describe(tree: Tree, byName: ReadonlyMap<string, Summary>, notes: readonly string[]): Report {
  const rows = [...byName];
  return {
    title: `A promotion of ${tree.files.toLocaleString('en')} files, ${Math.round(tree.bytes / 1e6)} MB, next to other ways to check and copy them`,
    columns: ['way', 'times a promotion'],
    rows: [['promotion, every byte verified', '1'], ...rows.map(([name, one]) => [name, formatRatio(one)])],
    notes: [
      'A promotion checks every byte against the manifest, writes the history and moves the link.',
      '"attributes only" is a later stage of the same build. "ms a call" makes each file operation as slow as on a file server.',
      ...notes,
    ],
    chart: {
      title: 'Promotion',
      unit: 'times a promotion',
      series: ['time'],
      groups: [
        { label: 'promotion', values: [1] },
        ...rows.map(([name, one]) => ({ label: name, values: [one.median] })),
      ],
    },
    data: Object.fromEntries(rows),
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

function time({ build }: Tree, command: string, prepare = ':'): number {
  sh(build, prepare);
  const begun = performance.now();
  sh(build, command);
  return (performance.now() - begun) / 1000;
}

function sh(cwd: string, command: string): void {
  const { status, stderr } = spawnSync('sh', ['-c', command], { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
}
