import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { handleStoreRequest } from '../../../../functions/build-promotion/build-store/build-store.ts';
import { readStoreConfig } from '../../../../functions/build-promotion/config.ts';
import { fakeInvocation } from '../../../support/handlers/invocation.ts';
import {
  type Answer,
  contents,
  history,
  layInRestoreFolder,
  live,
  meanwhile,
  openSite,
  putInTrash,
  type Site,
} from '../site.ts';

let site: Site;

beforeAll(async () => {
  site = await openSite();
});

beforeEach(() => site.empty());

afterAll(() => {
  site.remove();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const promote = (artifact: Answer, more: object = {}): Promise<Answer> =>
  site.store({ action: 'promote', env: 'dev', key: `k ${artifact.buildId}`, artifact, ...more });

describe('a build', () => {
  it('may have any name without a line break', async () => {
    const names = ['a b', 'ünï/çødé', 'quo\'te"s', 'back\\slash', '..a/...b', '-rf', '*', '\u{1F600}'];
    const artifact = site.stamp('b-1', Object.fromEntries(names.map((name) => [name, name])));
    expect(await promote(artifact)).toMatchObject({
      outcome: 'switched',
      files: names.length,
      verified: 'full',
    });
  });

  it('with a name that is not valid UTF-8 is refused', async () => {
    const artifact = site.stamp('b-1');
    fs.writeFileSync(Buffer.concat([Buffer.from(join(site.root, 'builds/b-1/x')), Buffer.from([0xff])]), '');
    expect((await promote(artifact)).reason).toMatch(
      /one file does not match the manifest: special "x\uFFFD"/,
    );
  });

  it('with a pipe in it is refused without waiting', async () => {
    const { execFileSync } = await import('node:child_process');
    const artifact = site.stamp('b-1');
    fs.rmSync(join(site.root, 'builds/b-1/index.html'));
    execFileSync('mkfifo', [join(site.root, 'builds/b-1/index.html')]);
    expect((await promote(artifact)).reason).toMatch(/special "index.html"/);
  });

  it('with a hard-linked file is refused', async () => {
    const artifact = site.stamp('b-1');
    fs.linkSync(join(site.root, 'builds/b-1/index.html'), join(site.mount, 'elsewhere'));
    expect((await promote(artifact)).reason).toMatch(
      /one file does not match the manifest: linked "index.html"/,
    );
  });

  it('of large and of empty files is read to the end', async () => {
    const large = 'x'.repeat(262_144);
    const artifact = site.stamp('b-1', { empty: '', exact: large, more: `${large}y`, twice: large + large });
    expect(await promote(artifact)).toMatchObject({ outcome: 'switched', bytes: 262_144 * 4 + 1 });
    fs.writeFileSync(join(site.root, 'builds/b-1/twice'), `${large}${large.slice(1)}z`);
    expect((await promote(artifact, { env: 'prod', key: 'x' })).reason).toMatch(/changed "twice"/);
  });

  it('with another stamp than the artifact is refused', async () => {
    const artifact = site.stamp('b-1');
    expect((await promote({ ...artifact, createdAt: '2020-01-01T00:00:00Z' })).reason).toMatch(
      /BUILD.json does not match the artifact/,
    );
    expect((await promote({ ...artifact, bytes: 1 })).reason).toMatch(
      /BUILD.json does not match the artifact|has 10 bytes/,
    );
  });
});

describe('links within a build', () => {
  let lenient: Site;
  beforeAll(async () => {
    lenient = await openSite({ SYMLINKS: 'inside' });
  });
  afterAll(() => lenient.remove());
  beforeEach(() => lenient.empty());

  const withLink = (target: string): Answer => {
    const work = join(lenient.mount, 'linked');
    fs.mkdirSync(join(work, 'a'), { recursive: true });
    fs.writeFileSync(join(work, 'a/one'), 'one');
    fs.writeFileSync(join(work, 'two'), 'two');
    fs.symlinkSync('a/one', join(work, 'link'));
    const artifact = join(lenient.mount, 'build.json');
    stampFolder(lenient, '-l', work, artifact);
    const link = join(lenient.root, 'builds/b-l/link');
    fs.rmSync(link);
    fs.symlinkSync(target, link);
    return JSON.parse(fs.readFileSync(artifact, 'utf8'));
  };

  it.each([
    ['a/one', 'switched'],
    ['./a/../a/one', 'switched'],
    ['two', 'refused'],
    ['a', 'refused'],
    ['../b-l/a/one', 'refused'],
    ['/etc/passwd', 'refused'],
    ['nowhere', 'refused'],
  ])('count when they lead to what was stamped: %s is %s', async (target, outcome) => {
    const artifact = withLink(target);
    const reply = await lenient.store({ action: 'promote', env: 'dev', key: 'k', artifact });
    expect(reply.outcome).toBe(outcome);
  });

  it('are refused where none are allowed', async () => {
    const artifact = withLink('a/one');
    fs.cpSync(lenient.root, site.root, { recursive: true, verbatimSymlinks: true });
    expect((await promote(artifact)).reason).toMatch(/linked "link"/);
  });
});

function stampFolder(of: Site, option: string, folder: string, artifact: string): void {
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  const tool = join(import.meta.dirname, '../../../../tools/stamp-build');
  execFileSync('sh', [tool, option, of.root, 'b-l', folder, artifact]);
}

describe('an environment', () => {
  it('with a directory in its place is refused, with the way out', async () => {
    fs.mkdirSync(join(site.root, 'envs/dev'), { recursive: true });
    const reply = await promote(site.stamp('b-1'));
    expect(reply).toMatchObject({ outcome: 'refused', failure: 'ConfigurationError' });
    expect(reply.reason).toContain('mv envs/dev envs/dev.before');
  });

  it('with a foreign link takes it over, and records its target', async () => {
    fs.mkdirSync(join(site.root, 'envs'), { recursive: true });
    fs.symlinkSync('/srv/old', join(site.root, 'envs/dev'));
    expect(await promote(site.stamp('b-1'))).toMatchObject({ outcome: 'switched', from: '/srv/old' });
    expect(live(site.root)).toEqual({ dev: '../builds/b-1' });
  });

  it('is compared with expectCurrent', async () => {
    await site.promote('b-1');
    const artifact = site.stamp('b-2');
    for (const expectCurrent of ['none', 'b-0']) {
      const reply = await promote(artifact, { expectCurrent });
      expect(reply).toMatchObject({
        failure: 'RevisionOutOfSync',
        reason: `dev is at b-1, expected ${expectCurrent}`,
      });
    }
    expect((await promote(artifact, { expectCurrent: 'b-1' })).outcome).toBe('switched');
  });

  it('that shows the build already stays unchanged', async () => {
    await site.promote('b-1');
    const artifact = JSON.parse(fs.readFileSync(join(site.root, 'builds/b-1/BUILD.json'), 'utf8'));
    expect(await promote(artifact, { key: 'another job' })).toMatchObject({
      outcome: 'unchanged',
      generation: 1,
    });
    expect(history(site.root, 'dev')).toEqual(['1 promote none -> b-1']);
  });

  it('rolls back once for a key, however often it is requested', async () => {
    for (const buildId of ['b-1', 'b-2', 'b-3']) await site.promote(buildId);
    const ask = () => site.store({ action: 'rollback', env: 'dev', key: 'execution' });
    const replies = [await ask(), await ask(), await ask()];
    expect(replies.map(({ outcome, to }) => `${outcome} ${to}`)).toEqual(Array(3).fill('switched b-2'));
    expect(live(site.root)).toEqual({ dev: '../builds/b-2' });
  });

  it('accepts one of ten concurrent promotions, and refuses the others', async () => {
    await site.promote('b-0');
    const artifacts = Array.from({ length: 10 }, (_, n) => site.stamp(`c-${n}`));
    const replies = await Promise.all(
      artifacts.map((artifact) => promote(artifact, { expectCurrent: 'b-0' })),
    );
    const winners = replies.filter(({ outcome }) => outcome === 'switched');
    expect(winners.map(({ to }) => `../builds/${to}`)).toEqual([live(site.root).dev]);
    expect(replies.filter(({ failure }) => failure === 'RevisionOutOfSync').length).toBe(9);
    expect(history(site.root, 'dev').length).toBe(2);
  });

  it('ignores a process that was delayed between its number and its link', async () => {
    await site.promote('b-1');
    const [late, quick] = [site.stamp('b-late'), site.stamp('b-quick')];
    let overtake: Promise<Answer> | undefined;
    meanwhile('symlink', () => {
      overtake = promote(quick);
      return overtake;
    });
    const told = await promote(late);
    expect((await overtake)?.outcome).toBe('switched');
    expect(told).toMatchObject({ outcome: 'refused', failure: 'RevisionOutOfSync' });
    expect(live(site.root)).toEqual({ dev: '../builds/b-quick' });
    // A repeat of the late one is told the same, and changes nothing.
    expect(await promote(late)).toMatchObject({ outcome: 'refused', failure: 'RevisionOutOfSync' });
    expect(live(site.root)).toEqual({ dev: '../builds/b-quick' });
  });

  it('restores a build from the trash that was pruned during its promotion', async () => {
    await site.promote('b-1');
    const artifact = site.stamp('b-2');
    meanwhile('symlink', () => {
      putInTrash(site, 'b-2');
      return promote(artifact);
    });
    const reply = await promote(artifact);
    expect(reply.outcome).toBe('switched');
    expect(live(site.root)).toEqual({ dev: '../builds/b-2' });
  });

  it('goes back automatically when the build no longer exists', async () => {
    await site.promote('b-1');
    const artifact = site.stamp('b-2');
    const gone = () => fs.rmSync(join(site.root, 'builds/b-2'), { recursive: true });
    meanwhile('symlink', gone);
    const reply = await promote(artifact);
    expect(reply.reason).toMatch(
      /b-2 was pruned while it was promoted to dev; the link was moved back to b-1/,
    );
    expect(live(site.root)).toEqual({ dev: '../builds/b-1' });
    expect(history(site.root, 'dev').at(-1)).toBe('3 undo b-2 -> b-1');
    expect(await site.store({ action: 'rollback', env: 'dev', key: 'r' })).toMatchObject({
      outcome: 'refused',
    });
  });
});

describe('a build that outlasts an invocation', () => {
  const many = Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`f${n}`, `${n}`]));

  /** Time for so many files on any machine: the function asks how much is left before each of them. */
  function timeForFiles(count: number): () => number {
    let asked = 0;
    return () => (asked++ < count ? 60_000 : 0);
  }

  it('continues where it stopped, and moves the link at the end', async () => {
    const artifact = site.stamp('b-1', many);
    const seen: string[] = [];
    let progress: Answer;
    for (let call = 0; call < 100; call++) {
      const request = {
        action: 'promote',
        env: 'dev',
        key: 'k',
        artifact,
        ...(progress && { progress }),
      };
      // What was read before is looked at again first: 150 more files than last time are new ones.
      // The fourth has no time for that, and leaves everything as it is.
      const count = call === 3 ? 10 : 150 * (call + 1);
      const reply = await site.store(request, timeForFiles(count));
      seen.push(reply.outcome);
      if (reply.outcome !== 'unfinished') break;
      if (call === 3) expect(reply.progress).toEqual(progress);
      else if (progress) expect(reply.progress.done).toBeGreaterThan(progress.done);
      expect(reply.percent).toBeLessThan(100);
      progress = reply.progress;
    }
    expect(seen.at(-1)).toBe('switched');
    expect(seen.length).toBeGreaterThan(10);
  });

  it('reads changed files again', async () => {
    const artifact = site.stamp('b-1', { a: 'a', b: 'b' });
    const progress = { phase: 'verify', done: 2, fingerprint: 'f'.repeat(64), generation: 0 };
    fs.writeFileSync(join(site.root, 'builds/b-1/a'), 'A');
    expect((await promote(artifact, { progress })).reason).toMatch(/changed "a"/);
  });

  it('is refused if another request changed the environment', async () => {
    await site.promote('b-1');
    const artifact = site.stamp('b-2');
    const progress = { phase: 'verify', done: 0, fingerprint: '', generation: 0 };
    expect(await promote(artifact, { progress })).toMatchObject({ failure: 'RevisionOutOfSync' });
  });
});

describe('a copy', () => {
  const copy = () => join(site.mount, 'live/web');
  const promoteTo = (artifact: Answer) => promote(artifact, { copyTo: 'live/web' });

  it('shares no byte with a live release that was tampered with', async () => {
    await promoteTo(site.stamp('b-1'));
    fs.writeFileSync(join(copy(), 'builds/b-1/a/one.txt'), 'ONE');
    expect((await promoteTo(site.stamp('b-2', { 'a/one.txt': 'one', 'index.html': 'b-2' }))).outcome).toBe(
      'switched',
    );
    expect(contents(copy())['builds/b-2/a/one.txt']).toBe('one');
  });

  it('never writes through a hard link of an earlier attempt', async () => {
    await promoteTo(site.stamp('b-1', { 'index.html': 'b-1' }));
    const artifact = site.stamp('b-2', { 'index.html': 'b-2' });
    const suffix = createHash('sha256').update('k b-2').digest('hex').slice(0, 12);
    const draft = join(copy(), `builds/.incoming/b-2.${suffix}`);
    fs.mkdirSync(draft, { recursive: true });
    fs.linkSync(join(copy(), 'builds/b-1/index.html'), join(draft, 'index.html'));
    expect((await promoteTo(artifact)).outcome).toBe('switched');
    const found = ['b-1', 'b-2'].map((buildId) => contents(copy())[`builds/${buildId}/index.html`]);
    expect(found).toEqual(['b-1', 'b-2']);
  });

  it('goes only to configured folders', async () => {
    const reply = await promote(site.stamp('b-1'), { copyTo: 'live/else' });
    expect(reply).toMatchObject({ failure: 'ConfigurationError' });
    expect(reply.reason).toContain(
      'copyTo: expected one of the folders for copies (live/web), got live/else',
    );
  });

  it('is rolled back where it is, with a history of its own', async () => {
    await promoteTo(site.stamp('b-1'));
    await promoteTo(site.stamp('b-2', { 'index.html': 'b-2' }));
    const reply = await site.store({ action: 'rollback', env: 'dev', copyTo: 'live/web', key: 'r' });
    expect(reply).toMatchObject({ outcome: 'switched', to: 'b-1' });
    expect([live(copy()), live(site.root)]).toEqual([{ dev: '../builds/b-1' }, {}]);
  });
});

describe('a copy that was pruned', () => {
  it('is made again for a rollback, and known to a restore', async () => {
    const [first, second] = [site.stamp('b-1'), site.stamp('b-2', { 'index.html': 'b-2' })];
    for (const artifact of [first, second]) await promote(artifact, { copyTo: 'live/web' });
    fs.rmSync(join(site.mount, 'live/web/builds/b-1'), { recursive: true });
    const back = { action: 'rollback', env: 'dev', copyTo: 'live/web', restore: true };
    expect(await site.store({ ...back, key: 'r' })).toMatchObject({ outcome: 'switched', to: 'b-1' });
    expect(live(join(site.mount, 'live/web'))).toEqual({ dev: '../builds/b-1' });
    for (const root of ['site', 'live/web'])
      fs.rmSync(join(site.mount, root, 'builds/b-2'), { recursive: true });
    expect(await site.store({ ...back, to: 'b-2', key: 's' })).toMatchObject({
      outcome: 'pruned',
      buildId: 'b-2',
    });
    expect(await site.store({ action: 'open-restore', buildId: 'b-2' })).toMatchObject({
      outcome: 'restoring',
    });
  });
});

describe('what AWS Backup restored', () => {
  it('is discarded for good if it does not match the history', async () => {
    for (const buildId of ['b-1', 'b-2']) await site.promote(buildId);
    fs.appendFileSync(join(layInRestoreFolder(site, 'b-1'), 'index.html'), '!');
    const { token } = await site.store({ action: 'open-restore', buildId: 'b-1' });
    await site.store({ action: 'save-restore-job', buildId: 'b-1', token, jobId: 'j', recoveryPoint: 'p' });
    const ended = await site.store({ action: 'finish-restore', buildId: 'b-1', jobId: 'j', restored: true });
    expect(ended).toMatchObject({
      outcome: 'missing',
      reason: expect.stringMatching(/changed "index.html"/),
    });
    expect(fs.readdirSync(site.mount).filter((name) => name.startsWith('aws-backup'))).toEqual([]);
    expect(await site.store({ action: 'rollback', env: 'dev', key: 'r' })).toMatchObject({
      outcome: 'refused',
    });
    const again = await site.store({ action: 'open-restore', buildId: 'b-1' });
    expect(again).toMatchObject({ outcome: 'restoring', tried: ['p'] });
    expect(again.jobId).toBeUndefined();
  });
});

describe('a dry run', () => {
  let dry: Site;
  beforeAll(async () => {
    dry = await openSite({ DRY_RUN: 'true' });
  });
  afterAll(() => dry.remove());

  it('verifies, reports and writes nothing', async () => {
    for (const buildId of ['b-1', 'b-2']) await site.promote(buildId);
    fs.rmSync(join(site.root, 'builds/.checks'), { recursive: true });
    const artifact = site.stamp('b-3');
    fs.renameSync(join(site.root, 'builds/b-1'), join(site.root, 'builds/b-gone'));
    fs.cpSync(site.mount, dry.mount, { recursive: true, verbatimSymlinks: true });
    const before = fs.readdirSync(dry.mount, { recursive: true }).sort();
    const replies = [
      await dry.store({ action: 'promote', env: 'dev', key: 'k', artifact }),
      await dry.store({ action: 'promote', env: 'dev', key: 'k', artifact, copyTo: 'live/web' }),
      await dry.store({ action: 'rollback', env: 'dev', key: 'k', to: 'b-2' }),
      await dry.store({ action: 'mark-bad', buildId: 'b-2' }),
      await dry.store({ action: 'open-restore', buildId: 'b-1' }),
    ];
    expect(replies.map(({ outcome }) => outcome)).toEqual([
      'planned',
      'planned',
      'unchanged',
      'planned',
      'planned',
    ]);
    await dry.prune();
    expect(fs.readdirSync(dry.mount, { recursive: true }).sort()).toEqual(before);
  });
});

describe('requests of people', () => {
  it('get the history, and whether the live build matches its stamp', async () => {
    for (const buildId of ['b-1', 'b-2']) await site.promote(buildId);
    const told = await site.store({ action: 'history', env: 'dev' });
    expect(told.live).toBe('b-2');
    expect(told.history.map(({ to }: Answer) => to)).toEqual(['b-1', 'b-2']);
    expect((await site.store({ action: 'verify', env: 'dev' })).outcome).toBe('verified');
    fs.appendFileSync(join(site.root, 'builds/b-2/index.html'), '!');
    expect((await site.store({ action: 'verify', env: 'dev' })).reason).toMatch(/changed "index.html"/);
  });

  it('set off an alarm if the live build was changed', async () => {
    await site.promote('b-1');
    const verify = async () => {
      const { invocation, book } = fakeInvocation({ remainingMs: () => 60_000 });
      const config = { ...readStoreConfig(process.env), mount: site.mount };
      const reply = await handleStoreRequest({ action: 'verify', env: 'dev' }, config, invocation);
      return [reply, book.counts['LiveReleaseChanged']];
    };
    expect(await verify()).toMatchObject([{ outcome: 'verified' }, undefined]);
    fs.appendFileSync(join(site.root, 'builds/b-1/index.html'), '!');
    expect(await verify()).toMatchObject([{ outcome: 'refused' }, 1]);
  });

  it('mark a build as bad until the mark is removed', async () => {
    await site.promote('b-1');
    const artifact = site.stamp('b-2');
    await site.store({ action: 'mark-bad', buildId: 'b-2', reason: 'broken login' });
    expect((await promote(artifact)).reason).toBe('b-2 is marked bad: broken login');
    await site.store({ action: 'mark-good', buildId: 'b-2' });
    expect((await promote(artifact)).outcome).toBe('switched');
  });
});
