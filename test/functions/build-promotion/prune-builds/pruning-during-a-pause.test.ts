import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Interleaver, openInterleaver } from '../interleavings.ts';
import { type Answer, live, openSite, type Site } from '../site.ts';

// A request and pruning, which may take the request's build. One of them pauses once, before any of its file operations,
// while the other one runs to its end. Together with all orders of the operations that both share, in
// pruning-beside-promotion.test.ts, this finds races without chance: most of them need one pause.

let site: Site;
let saved: string;
let interleaver: Interleaver;
let artifact: Answer;

beforeAll(async () => {
  site = await openSite({ KEEP_PER_ENVIRONMENT: '1' });
  await site.promote('o-1');
  await site.promote('b-1');
  artifact = rewrite('builds/o-1/BUILD.json', { createdAt: '2020-01-01T00:00:00Z' });
  rewrite('envs/.history/dev/000001.json', { at: '2020-01-01T00:00:00.000Z', artifact });
  rewrite('envs/.history/dev/000002.json', { at: '2020-01-01T00:00:00.000Z' });
  rmSync(join(site.root, 'builds/.wanted'), { recursive: true, force: true });
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

/** Makes a build or a change look old. */
function rewrite(path: string, change: object): Answer {
  const old = JSON.parse(readFileSync(join(site.root, path), 'utf8'));
  const changed = { ...old, ...change };
  writeFileSync(join(site.root, path), JSON.stringify(changed));
  return changed;
}

interface Outcome {
  readonly outcome: string;
  readonly own: readonly [number, number];
  readonly isPruned: boolean;
}

/** `paused` does so many operations, then the other one all of its own, then `paused` the rest. */
async function runWithPause(request: object, paused: 0 | 1, after: number): Promise<Outcome> {
  site.empty();
  cpSync(saved, site.mount, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  let reply: Answer;
  let chosen = 0;
  const order = await interleaver.run(
    [
      async () => {
        reply = await site.store(request);
      },
      () => site.prune(),
    ],
    {
      isGate: () => true,
      choose: () => (chosen++ < after ? paused : paused === 0 ? 1 : 0),
      check: (done) => {
        if (!existsSync(join(site.root, 'envs/dev/index.html')))
          expect.unreachable(`the link leads nowhere after\n${done.join('\n')}`);
      },
    },
  );
  const count = (who: string): number => order.filter((one) => one.startsWith(who)).length;
  const isPruned = !existsSync(join(site.root, 'builds/o-1'));
  expect(live(site.root)['dev']).toBe(reply.outcome === 'switched' ? '../builds/o-1' : '../builds/b-1');
  return { outcome: reply.outcome, own: [count('first:'), count('second:')], isPruned };
}

describe.each([
  ['a promotion', { action: 'promote' }],
  ['a rollback', { action: 'rollback', to: 'o-1' }],
])('%s of an old build beside pruning', (_, action) => {
  const request = (): object => ({
    ...action,
    env: 'dev',
    key: 'job',
    ...(action.action === 'promote' && { artifact }),
  });

  it('pruning would take the build, and the request would get it', async () => {
    // First: pruning runs to its end before the request does anything. Second: the other way round.
    const [late, early] = [await runWithPause(request(), 0, 0), await runWithPause(request(), 1, 0)];
    expect([late.outcome, late.isPruned, early.outcome, early.isPruned]).toEqual([
      'switched',
      false,
      'switched',
      false,
    ]);
    // Without a request the build goes.
    site.empty();
    cpSync(saved, site.mount, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    expect((await site.prune())[0].pruned).toEqual(['o-1']);
  });

  it.each<['the request' | 'pruning', 0 | 1]>([
    ['the request', 0],
    ['pruning', 1],
  ])('the link leads to a build wherever %s pauses', { timeout: 600_000 }, async (_who, paused) => {
    const wrong: string[] = [];
    let after = 1;
    for (; ; after++) {
      const { own, outcome, isPruned } = await runWithPause(request(), paused, after);
      if (outcome !== 'switched' || isPruned)
        wrong.push(`${after}: ${outcome}, ${isPruned ? 'pruned' : 'kept'}`);
      if (after >= own[paused]) break;
    }
    expect(wrong).toEqual([]);
    expect(after).toBeGreaterThan(20);
  });
});
