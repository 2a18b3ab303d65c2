import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { commitChange } from '../../../../functions/build-promotion/build-store/commit-change.ts';
import {
  type Answer,
  layInRestoreFolder,
  live,
  meanwhile,
  openSite,
  putInTrash,
  type Site,
} from '../site.ts';

// What others do to builds and links while a request is at work, between two requests, or behind the wing's back.

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
beforeEach(() => site.empty());
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});
afterAll(() => {
  site.remove();
  vi.unstubAllEnvs();
});

const HOUR = 3_600_000;
const trash = (): string => join(site.root, 'builds/.trash');
const copy = (): string => join(site.mount, 'live/web');

function promote(artifact: Answer, more: object = {}): Promise<Answer> {
  return site.store({ action: 'promote', env: 'dev', key: `k ${artifact.buildId}`, artifact, ...more });
}

function promoteCopy(artifact: Answer, key: string): Promise<Answer> {
  return promote(artifact, { copyTo: 'live/web', env: 'prod', verify: 'full', key });
}

/** Stamped so long ago that pruning may take it. */
function stampOld(buildId: string): Answer {
  site.stamp(buildId, { 'index.html': buildId });
  return makeOld(buildId);
}

function makeOld(buildId: string): Answer {
  const path = join(site.root, 'builds', buildId, 'BUILD.json');
  const stamp = { ...JSON.parse(fs.readFileSync(path, 'utf8')), createdAt: '2020-01-01T00:00:00Z' };
  fs.writeFileSync(path, JSON.stringify(stamp));
  return stamp;
}

/** What lies in the trash has lain there for its hour. */
function ageTrash(): void {
  for (const name of fs.readdirSync(trash()))
    fs.renameSync(join(trash(), name), join(trash(), name.replace(/^\d{13}/, String(Date.now() - 2 * HOUR))));
}

const gone = (buildId: string): void =>
  fs.rmSync(join(site.root, 'builds', buildId), { recursive: true, force: true });

describe('an existing copy', () => {
  it('is verified before it goes live again, and copied again if it does not match its stamp', async () => {
    const one = site.stamp('b-1');
    await promoteCopy(one, '1');
    await promoteCopy(site.stamp('b-2', { 'index.html': 'b-2' }), '2');
    fs.writeFileSync(join(copy(), 'builds/b-1/index.html'), 'changed');
    fs.writeFileSync(join(copy(), 'builds/b-1/more.php'), 'put there');
    expect(await promoteCopy(one, '3')).toMatchObject({ outcome: 'switched', verified: 'full' });
    expect(fs.readFileSync(join(copy(), 'envs/prod/index.html'), 'utf8')).toBe('home');
    expect(fs.existsSync(join(copy(), 'envs/prod/more.php'))).toBe(false);
  });

  it('that is live is not replaced, and the reply says what is wrong with it', async () => {
    const one = site.stamp('b-1');
    await promoteCopy(one, '1');
    fs.writeFileSync(join(copy(), 'builds/b-1/index.html'), 'changed');
    expect(await promoteCopy(one, '2')).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(/changed "index.html"/),
    });
    expect(live(copy())).toEqual({ prod: '../builds/b-1' });
  });
});

describe('a rollback that waits for a restore', () => {
  async function wait(): Promise<Answer> {
    for (const buildId of ['b-1', 'b-2', 'b-3']) await site.promote(buildId);
    await site.store({ action: 'mark-bad', buildId: 'b-2' });
    fs.renameSync(join(site.root, 'builds/b-1'), join(site.mount, 'kept'));
    const back = { action: 'rollback', env: 'dev', restore: true, key: 'job' };
    const { progress } = await site.store(back);
    return { ...back, progress };
  }

  const comesBack = (): void => fs.renameSync(join(site.mount, 'kept'), join(site.root, 'builds/b-1'));

  it('continues when the build is restored', async () => {
    const back = await wait();
    comesBack();
    expect(await site.store(back)).toMatchObject({ outcome: 'switched', from: 'b-3', to: 'b-1' });
  });

  it('is refused after another promotion', async () => {
    const back = await wait();
    await site.promote('b-4');
    comesBack();
    expect(await site.store(back)).toMatchObject({
      outcome: 'refused',
      failure: 'RevisionOutOfSync',
      reason: 'another request changed dev in the meantime: generation 4 is b-4',
    });
    expect(live(site.root)).toEqual({ dev: '../builds/b-4' });
  });
});

describe('a change', () => {
  it.each([
    ['before its number', true],
    ['between its number and its link', false],
  ])('that was given up %s does not happen afterwards', async (_, isEarly) => {
    await site.promote('b-1');
    const artifact = site.stamp('b-2', { 'index.html': '2' });
    const [known = ''] = fs.readdirSync(join(site.root, 'envs/.history/dev'));
    const first = JSON.parse(fs.readFileSync(join(site.root, 'envs/.history/dev', known), 'utf8'));
    const wish = { ...first, generation: 2, from: 'b-1', to: 'b-2', key: 'job', artifact };
    const doors = new AbortController();
    if (isEarly) doors.abort(new Error('time ran out'));
    else meanwhile('link', () => doors.abort(new Error('time ran out')));
    const change = commitChange({ root: site.root }, wish, [first], doors.signal);
    await expect(change).rejects.toThrow('time ran out');
    expect(live(site.root)).toEqual({ dev: '../builds/b-1' });
    // Asked again it happens, once.
    expect(await promote(artifact, { key: 'job' })).toMatchObject({ outcome: 'switched', generation: 2 });
    expect(live(site.root)).toEqual({ dev: '../builds/b-2' });
  });

  it('sees a change that happened during its verification', async () => {
    // The first run has its number and dies; its repeat ends while another request verifies.
    await site.promote('b-1');
    const [first, other] = [
      site.stamp('b-2', { 'index.html': '2' }),
      site.stamp('b-3', { 'index.html': '3' }),
    ];
    meanwhile('symlink', () => {
      throw Object.assign(new Error('killed'), { code: 'EIO' });
    });
    await promote(first).catch(() => {});
    let told: Answer;
    meanwhile('stat', async () => {
      told = await promote(first);
    });
    expect(await promote(other, { expectCurrent: 'b-1' })).toMatchObject({
      outcome: 'refused',
      reason: 'dev is at b-2, expected b-1',
    });
    expect([told.outcome, live(site.root)]).toEqual(['switched', { dev: '../builds/b-2' }]);
  });

  it('whose build was pruned right after it went live restores it when repeated', async () => {
    await site.promote('b-1');
    const artifact = site.stamp('b-2');
    await promote(artifact);
    putInTrash(site, 'b-2');
    expect(await promote(artifact)).toMatchObject({ outcome: 'switched' });
    expect(live(site.root)).toEqual({ dev: '../builds/b-2' });
  });

  it('whose build no longer exists is undone, and its repeat says so', async () => {
    await site.promote('b-1');
    const artifact = site.stamp('b-2');
    meanwhile('symlink', () => gone('b-2'));
    for (const reason of [/b-2 was pruned while .* the link was moved back to b-1/, /b-2 was pruned while/])
      expect(await promote(artifact)).toMatchObject({
        outcome: 'refused',
        reason: expect.stringMatching(reason),
      });
    expect(live(site.root)).toEqual({ dev: '../builds/b-1' });
  });

  it('whose build no longer exists, without an earlier build, says that the link points to a missing build', async () => {
    const artifact = site.stamp('b-2');
    meanwhile('symlink', () => gone('b-2'));
    expect(await promote(artifact)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(/the link points to a missing build/),
    });
  });

  it('is known by its key after a hundred others', async () => {
    const artifact = site.stamp('b-0', { 'index.html': '0' });
    await promote(artifact);
    for (let n = 1; n <= 30; n++) await promote(site.stamp(`b-${n}`, { 'index.html': `${n}` }));
    expect(await promote(artifact)).toMatchObject({ outcome: 'switched', to: 'b-0', generation: 1 });
    expect(live(site.root)).toEqual({ dev: '../builds/b-30' });
  });

  it('with the key of another build is refused', async () => {
    await promote(site.stamp('b-1'), { key: 'release' });
    expect(await promote(site.stamp('b-2', { 'index.html': '2' }), { key: 'release' })).toMatchObject({
      outcome: 'refused',
      reason: 'key: release was already used for b-1, not for b-2',
    });
    expect(live(site.root)).toEqual({ dev: '../builds/b-1' });
  });

  it('to a build that is a link is refused', async () => {
    const artifact = site.stamp('b-1');
    fs.renameSync(join(site.root, 'builds/b-1'), join(site.mount, 'elsewhere'));
    fs.symlinkSync(join(site.mount, 'elsewhere'), join(site.root, 'builds/b-1'));
    expect(await promote(artifact)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(/builds\/b-1 is not a folder/),
    });
  });

  it('to a build that was pruned within the hour restores it from the trash', async () => {
    const artifact = site.stamp('b-1');
    putInTrash(site, 'b-1');
    expect(await promote(artifact)).toMatchObject({ outcome: 'switched' });
    expect(live(site.root)).toEqual({ dev: '../builds/b-1' });
  });
});

describe('pruning', () => {
  it('keeps a build that goes live during the run', async () => {
    await site.promote('b-1');
    for (const buildId of ['o-1', 'o-2']) stampOld(buildId);
    const artifact = stampOld('o-3');
    const seen: boolean[] = [];
    meanwhile('rename', async () => {
      await promote(artifact);
      const { rename } = fs.promises;
      vi.spyOn(fs.promises, 'rename').mockImplementation(async (from, to) => {
        await rename(from, to);
        seen.push(fs.existsSync(join(site.root, 'envs/dev/index.html')));
      });
      syncBuiltinESMExports();
    });
    const [pruned] = await site.prune();
    expect([pruned.pruned, live(site.root)]).toEqual([['o-1', 'o-2'], { dev: '../builds/o-3' }]);
    expect([seen.length > 0, seen.includes(false)]).toEqual([true, false]);
  });

  it('restores what a dead run left in the trash, even if another environment cannot be read', async () => {
    await site.promote('b-1');
    putInTrash(site, 'b-1');
    fs.mkdirSync(join(site.root, 'envs/test'));
    await expect(site.prune()).rejects.toThrow('pruning failed for at least one store');
    expect(fs.existsSync(join(site.root, 'envs/dev/index.html'))).toBe(true);
  });

  it('keeps the last good builds; bad ones do not count', async () => {
    for (const id of ['g-1', 'x-2', 'x-3', 'x-4']) await site.promote(id);
    for (const id of ['x-2', 'x-3', 'x-4']) await site.store({ action: 'mark-bad', buildId: id });
    for (const id of ['g-1', 'x-2', 'x-3', 'x-4']) makeOld(id);
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 2 * HOUR);
    const [first] = await site.prune();
    expect(first.pruned.toSorted()).toEqual(['x-2', 'x-3']);
    expect(fs.existsSync(join(site.root, 'builds/g-1'))).toBe(true);
  });

  it('keeps what was live within the last hour, even if it is bad and old', async () => {
    for (const buildId of ['b-1', 'b-2']) await site.promote(buildId);
    await site.store({ action: 'mark-bad', buildId: 'b-2' });
    await site.store({ action: 'rollback', env: 'dev', key: 'back' });
    makeOld('b-2');
    const [early] = await site.prune();
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + HOUR + 60_000);
    const [late] = await site.prune();

    expect([early.pruned, late.pruned]).toEqual([[], ['b-2']]);
  });

  it('follows no link out of the store, neither among the builds nor among the leftovers', async () => {
    await site.promote('b-1');
    stampOld('b-old');
    const archive = join(site.mount, 'archive');
    fs.mkdirSync(archive);
    fs.renameSync(join(site.root, 'builds/b-old'), join(archive, 'b-old'));
    fs.symlinkSync(join(archive, 'b-old'), join(site.root, 'builds/b-old'));
    fs.mkdirSync(join(site.root, 'builds/.incoming'), { recursive: true });
    fs.symlinkSync(archive, join(site.root, 'builds/.incoming/b-x'));
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 25 * HOUR);
    const [pruned] = await site.prune();
    expect(pruned).toMatchObject({ pruned: [], unknown: ['b-old'] });
    expect(fs.existsSync(join(archive, 'b-old/index.html'))).toBe(true);
    expect(fs.readdirSync(join(site.root, 'builds/.incoming'))).toEqual([]);
    expect(fs.readdirSync(trash())).toEqual([]);
  });

  it('deletes names that are not valid UTF-8', async () => {
    await site.promote('b-1');
    stampOld('b-n');
    const odd = Buffer.from([0xff, 0xfe]);
    const folder = Buffer.concat([Buffer.from(join(site.root, 'builds/b-n/')), odd]);
    fs.mkdirSync(folder);
    fs.writeFileSync(Buffer.concat([folder, Buffer.from('/'), odd]), 'x');
    await site.prune();
    ageTrash();
    const [pruned] = await site.prune();
    expect([pruned.inTrash, fs.readdirSync(trash())]).toEqual([0, []]);
  });
});

describe('a restore', () => {
  async function begin(buildId: string): Promise<object> {
    const { token } = await site.store({ action: 'open-restore', buildId });
    await site.store({ action: 'save-restore-job', buildId, token, jobId: 'j', recoveryPoint: 'p' });
    return { action: 'finish-restore', buildId, jobId: 'j', restored: true };
  }

  it('finds a build that was live many changes ago', async () => {
    await site.promote('b-1');
    const folder = join(site.root, 'envs/.history/dev');
    const first = JSON.parse(fs.readFileSync(join(folder, '000001.json'), 'utf8'));
    for (let n = 2; n <= 260; n++) {
      const more = { generation: n, from: `x-${n - 1}`, to: `x-${n}`, key: `k${n}` };
      const entry = { ...first, ...more, artifact: { ...first.artifact, buildId: `x-${n}` } };
      fs.writeFileSync(join(folder, `${String(n).padStart(6, '0')}.json`), JSON.stringify(entry));
    }
    gone('b-1');
    expect(await site.store({ action: 'open-restore', buildId: 'b-1' })).toMatchObject({
      outcome: 'restoring',
    });
  });

  it('finds a build of an environment without a link', async () => {
    await site.promote('b-1');
    gone('b-1');
    fs.unlinkSync(join(site.root, 'envs/dev'));
    expect(await site.store({ action: 'open-restore', buildId: 'b-1' })).toMatchObject({
      outcome: 'restoring',
    });
  });

  it('ignores restores of other people, older ones or larger ones', async () => {
    for (const buildId of ['b-1', 'b-2']) await site.promote(buildId);
    const copyOf = (buildId: string, at: number): string => {
      const folder = layInRestoreFolder(site, buildId, at);
      fs.cpSync(folder, join(site.root, 'builds', buildId), { recursive: true });
      return folder;
    };
    const earlier = copyOf('b-1', Date.now() - HOUR);
    const later = Date.now() + HOUR;
    const whole = copyOf('b-1', later);
    copyOf('b-2', later);
    const own = layInRestoreFolder(site, 'b-1');
    const end = await begin('b-1');
    expect(await site.store(end)).toEqual({ outcome: 'restored', buildId: 'b-1' });
    expect([earlier, whole, own].map((folder) => fs.existsSync(folder))).toEqual([true, true, false]);
    expect(fs.readFileSync(join(site.root, 'builds/b-1/index.html'), 'utf8')).toBe('b-1');
  });

  it('imports nothing in a dry run', async () => {
    for (const buildId of ['b-1', 'b-2']) await site.promote(buildId);
    const folder = layInRestoreFolder(site, 'b-1');
    const end = await begin('b-1');
    const dry = await openSite({ DRY_RUN: 'true', MOUNT_PATH: site.mount });
    expect(await dry.store(end)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(/dry run/),
    });
    expect(fs.existsSync(folder)).toBe(true);
    dry.remove();
  });
});

it('an invalid public key is named when the function starts', async () => {
  await expect(openSite({ PUBLIC_KEY: 'AAAAAAAAAAAA' })).rejects.toThrow(
    /PUBLIC_KEY is "AAAAAAAAAAAA", expected a public key/,
  );
});
