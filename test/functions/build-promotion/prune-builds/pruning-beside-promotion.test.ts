import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { EveryOrder, type Interleaver, openInterleaver } from '../interleavings.ts';
import { type Answer, live, openSite, type Site } from '../site.ts';

// A promotion of an old build beside pruning, which may take that build.

let site: Site;
let saved: string;
let artifact: Answer;
let interleaver: Interleaver;

beforeAll(async () => {
  site = await openSite({ KEEP_PER_ENVIRONMENT: '1' });
  await site.promote('b-1');
  site.stamp('o-1', { 'index.html': 'o-1' });
  const path = join(site.root, 'builds/o-1/BUILD.json');
  artifact = { ...JSON.parse(readFileSync(path, 'utf8')), createdAt: '2020-01-01T00:00:00Z' };
  writeFileSync(path, JSON.stringify(artifact));
  saved = mkdtempSync(join(tmpdir(), 'groundcrew-saved-'));
  cpSync(site.mount, saved, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  interleaver = openInterleaver(site.root);
});

afterAll(() => {
  interleaver.restore();
  site.remove();
  rmSync(saved, { recursive: true });
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

interface Outcome {
  readonly order: readonly string[];
  readonly promoted: string;
  readonly pruned: boolean;
}

/** Runs both once. Fails at the first operation after which the link leads nowhere. */
async function runBoth(
  isGate: (operation: string, who: 0 | 1) => boolean,
  choose: () => 0 | 1,
): Promise<Outcome> {
  site.empty();
  cpSync(saved, site.mount, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  let reply: Answer;
  const order = await interleaver.run(
    [
      async () => {
        reply = await site.store({ action: 'promote', env: 'dev', key: 'job', artifact });
      },
      () => site.prune(),
    ],
    {
      isGate,
      choose,
      check: (done) => {
        if (!existsSync(join(site.root, 'envs/dev/index.html')))
          expect.unreachable(`the link leads nowhere after\n${done.join('\n')}`);
      },
    },
  );
  const isLive = live(site.root)['dev'] === '../builds/o-1';
  expect(isLive).toBe(reply.outcome === 'switched');
  return { order, promoted: reply.outcome, pruned: !existsSync(join(site.root, 'builds/o-1')) };
}

const promotionGates =
  /^writeFile \/builds\/\.wanted\/|^readdir \/builds\/\.trash$|^(rmdir|rename) .*\/builds\/\.trash\/|^rename .* \/envs\/dev$/;
const pruningGates =
  /^mkdir \/builds\/\.trash\/|^readdir \/(builds\/\.wanted|envs\/\.history\/dev)$|^readlink \/envs\/dev$|^rename \/builds\/o-1 |^rmdir/;

/** The operations by which one sees or hinders the other; for pruning, from the announcement to the move. */
function sharedOperations(): (operation: string, who: 0 | 1) => boolean {
  let isAnnounced = false;
  let isOver = false;
  return (operation, who) => {
    if (who === 0) return promotionGates.test(operation);
    isAnnounced ||= operation.startsWith('mkdir /builds/.trash/');
    if (!isAnnounced || isOver || !pruningGates.test(operation)) return false;
    isOver = /^(rename|rmdir)/.test(operation);
    return true;
  };
}

it('the link leads to a build in every order of the operations that both share', {
  timeout: 600_000,
}, async () => {
  const every = new EveryOrder();
  const ways = new Set<string>();
  let orders = 0;
  do {
    every.begin();
    const { order, promoted, pruned } = await runBoth(sharedOperations(), () => every.choose());
    expect([promoted, pruned]).toEqual(['switched', false]);
    ways.add(wayOut(order));
    orders += 1;
  } while (every.advance());
  expect([...ways].sort()).toEqual(['cancelled', 'restored', 'withdrawn']);
  expect(orders).toBeGreaterThan(100);
});

/** How the two came to terms. */
function wayOut(order: readonly string[]): string {
  const has = (start: string): boolean => order.some((one) => one.startsWith(start));
  if (has('first: rename /builds/.trash/')) return 'restored';
  return has('second: rename /builds/o-1 ') ? 'cancelled' : 'withdrawn';
}

it('the link leads to a build in random orders of all operations', { timeout: 600_000 }, async () => {
  let state = 20_261_129;
  const random = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  for (let n = 0; n < 25; n++) {
    const bias = random();
    const { order, promoted } = await runBoth(
      () => true,
      () => (random() < bias ? 0 : 1),
    );
    expect(promoted).toBe('switched');
    expect(order.length).toBeGreaterThan(50);
  }
});
