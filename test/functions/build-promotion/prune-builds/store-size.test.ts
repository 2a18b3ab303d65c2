import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PruneConfig } from '../../../../functions/build-promotion/config.ts';
import { pruneBuilds } from '../../../../functions/build-promotion/prune-builds/prune-builds.ts';
import { fakeInvocation } from '../../../support/handlers/invocation.ts';

let mount: string;

beforeEach(() => {
  mount = mkdtempSync(join(tmpdir(), 'groundcrew-size-'));
});

afterEach(() => rmSync(mount, { recursive: true }));

const NOW = Date.parse('2026-06-30T00:00:00Z');
const GIB = 2 ** 30;

function write(path: string, text: string): void {
  mkdirSync(dirname(join(mount, path)), { recursive: true });
  writeFileSync(join(mount, path), text);
}

/** A stamp alone: nothing else of a build is read. */
function stamp(folder: string, buildId: string, bytes: number, createdAt = '2026-06-29T00:00:00Z'): void {
  const text = { v: 1, buildId, manifestSha256: '0'.repeat(64), files: 0, bytes, createdAt };
  write(`${folder}/builds/${buildId}/BUILD.json`, JSON.stringify(text));
}

const config = (given: Partial<PruneConfig> = {}): PruneConfig => ({
  mount,
  path: '/site',
  copies: ['live/web'],
  dryRun: false,
  prune: true,
  keepDays: 7,
  keepPerEnvironment: 3,
  maxBuilds: 1000,
  keepMs: 7 * 86_400_000,
  ...given,
});

it.each([
  [false, 3, 0.9],
  [true, 7, 2.1],
])('each run tells what is left in all stores, and its price (dry run: %s)', async (dryRun, gib, usd) => {
  stamp('site', 'b-new', 2 * GIB);
  stamp('site', 'b-old', 4 * GIB, '2026-01-01T00:00:00Z');
  stamp('live/web', 'b-new', GIB);
  const { invocation, book } = fakeInvocation({ now: () => NOW });

  const results = await pruneBuilds(config({ dryRun }), invocation);

  const main = (dryRun ? 6 : 2) * GIB;
  expect(results.map(({ storedBytes }) => storedBytes)).toEqual([main, GIB]);
  expect(book.lines[0]?.fields).toMatchObject({ storedBytes: main, monthlyUsd: ((main / GIB) * 30) / 100 });
  expect(book.counts).toMatchObject({ StoredBytes: gib * GIB, MonthlyUsd: usd });
});

it('tells no size if a store cannot be read, and zero for an empty one', async () => {
  const empty = fakeInvocation({ now: () => NOW });
  await pruneBuilds(config(), empty.invocation);
  expect(empty.book.counts).toEqual({ StoredBytes: 0, MonthlyUsd: 0 });

  stamp('site', 'b-new', GIB);
  write('site/envs/prod/index.html', 'a folder where a link should be');
  const held = fakeInvocation({ now: () => NOW });
  await expect(pruneBuilds(config(), held.invocation)).rejects.toThrow(
    'pruning failed for at least one store',
  );
  expect(held.book.counts).toEqual({ PruneHeld: 1 });
});
