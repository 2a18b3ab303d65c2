import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type FileFault, type FileFaults, openFileFaults } from './file-faults.ts';
import { type Answer, contents, history, layInRestoreFolder, live, openSite, type Site } from './site.ts';

let site: Site;
let faults: FileFaults;
let saved: string;

beforeAll(async () => {
  site = await openSite({ KEEP_PER_ENVIRONMENT: '1' });
  saved = mkdtempSync(join(tmpdir(), 'groundcrew-saved-'));
  faults = openFileFaults(site.mount);
});

afterAll(() => {
  faults.restore();
  site.remove();
  rmSync(saved, { recursive: true });
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

interface Case {
  readonly name: string;
  arrange(): Promise<void>;
  act(): Promise<Answer>;
  /** What a repeat must lead to. */
  state(): unknown;
  /** What holds at any moment: an environment shows a whole build, the old one or the new one. */
  readonly shows: readonly string[];
}

const env = (root = site.root): string => live(root)['dev'] ?? 'none';
let artifact: Answer;

const cases: readonly Case[] = [
  {
    name: 'promoting',
    arrange: async () => {
      await site.promote('b-1');
      artifact = site.stamp('b-2');
    },
    act: () => site.store({ action: 'promote', env: 'dev', key: 'job', artifact }),
    state: () => [live(site.root), history(site.root, 'dev'), contents(site.root)],
    shows: ['../builds/b-1', '../builds/b-2'],
  },
  {
    name: 'promoting for the first time',
    arrange: async () => {
      artifact = site.stamp('b-2');
    },
    act: () => site.store({ action: 'promote', env: 'dev', key: 'job', artifact }),
    state: () => [live(site.root), history(site.root, 'dev'), contents(site.root)],
    shows: ['none', '../builds/b-2'],
  },
  {
    name: 'rolling back',
    arrange: async () => {
      for (const buildId of ['b-1', 'b-2', 'b-3']) await site.promote(buildId);
    },
    act: () => site.store({ action: 'rollback', env: 'dev', key: 'job' }),
    state: () => [live(site.root), history(site.root, 'dev'), contents(site.root)],
    shows: ['../builds/b-3', '../builds/b-2'],
  },
  {
    name: 'copying',
    arrange: async () => {
      artifact = site.stamp('b-1');
      await site.store({ action: 'promote', env: 'dev', key: 'first', artifact, copyTo: 'live/web' });
      artifact = site.stamp('b-2', { 'a/one.txt': 'one', 'index.html': 'b-2' });
    },
    act: () => site.store({ action: 'promote', env: 'dev', key: 'job', artifact, copyTo: 'live/web' }),
    state: () => {
      const copy = join(site.mount, 'live/web');
      return [live(copy), history(copy, 'dev'), contents(copy)];
    },
    shows: ['none'],
  },
  {
    name: 'pruning',
    arrange: async () => {
      for (const buildId of ['b-1', 'b-2', 'b-3']) await site.promote(buildId);
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 30 * 86_400_000 });
      await site.prune();
      vi.setSystemTime(Date.now() + 86_400_000);
      await site.promote('b-4');
    },
    act: () => site.prune(),
    state: () => [
      live(site.root),
      readdirSync(join(site.root, 'builds')).sort(),
      readdirSync(join(site.root, 'builds/.trash')).map((name) => name.replace(/-[0-9a-f]{8}-/, '-')),
    ],
    shows: ['../builds/b-4'],
  },
  {
    name: 'taking in what was restored',
    arrange: async () => {
      for (const buildId of ['b-1', 'b-2']) await site.promote(buildId);
      layInRestoreFolder(site, 'b-1');
      const { token } = await site.store({ action: 'open-restore', buildId: 'b-1' });
      await site.store({ action: 'save-restore-job', buildId: 'b-1', token, jobId: 'j', recoveryPoint: 'p' });
    },
    act: () => site.store({ action: 'finish-restore', buildId: 'b-1', jobId: 'j', restored: true }),
    state: () => [
      readdirSync(site.mount).filter((name) => name.startsWith('aws-backup')),
      existsSync(join(site.root, 'builds/b-1/index.html')),
      contents(join(site.root, 'builds/b-1')),
    ],
    shows: ['../builds/b-2'],
  },
];

// A process that dies after a read has done no more than one that died before it.
const ofReads: readonly FileFault[] = ['ESTALE'];
const ofWrites: readonly FileFault[] = ['killed', 'replayed', 'ENOSPC', 'EIO'];

describe.each(cases)('$name, whatever file operation fails', (one) => {
  it('ends as if nothing had happened when it is repeated', { timeout: 600_000 }, async () => {
    faults.clear();
    site.empty();
    await one.arrange();
    save();
    // From the same state as each try: files that were copied back are read again.
    bringBack();
    faults.clear();
    await one.act();
    const operations = [...faults.operations()];
    const expected = one.state();
    const wrong: string[] = [];
    for (const operation of operations) {
      const kinds = /^(open|read|lstat|stat|fstat)/.test(operation) ? ofReads : ofWrites;
      for (const kind of kinds) {
        const told = await strike(one, { operation, kind }, expected);
        wrong.push(...told.map((trouble) => `${kind} at ${operation}: ${trouble}`));
      }
    }
    vi.useRealTimers();
    expect(wrong).toEqual([]);
    expect(operations.filter((operation) => operation.startsWith('rename')).length).toBeGreaterThan(0);
  });
});

async function strike(
  { act, shows, state }: Case,
  { operation, kind }: { readonly operation: string; readonly kind: FileFault },
  expected: unknown,
): Promise<string[]> {
  bringBack();
  faults.inject(operation, kind);
  const answer = await act().catch((error: unknown) => error);
  const isStruck = faults.operations().includes(operation);
  faults.clear();
  const wrong = shows.includes(env()) ? [] : [`shows ${env()}`];
  if (!isStruck) wrong.push('was not reached');
  if (kind === 'replayed' && isFailure(answer)) wrong.push(String(answer));
  await act();
  const found = state();
  if (JSON.stringify(found) !== JSON.stringify(expected)) wrong.push(`left ${JSON.stringify(found)}`);
  return wrong;
}

function isFailure(answer: Answer): boolean {
  return answer instanceof Error || answer.outcome === 'refused';
}

// Hard links and times survive: builds are moved about, and compared by inode and ctime.
function save(): void {
  rmSync(saved, { recursive: true, force: true });
  cpSync(site.mount, saved, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
}

function bringBack(): void {
  site.empty();
  cpSync(saved, site.mount, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
}
