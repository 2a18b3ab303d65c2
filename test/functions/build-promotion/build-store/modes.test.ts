import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Answer, openSite, type Site } from '../site.ts';

// Who can read, change and execute what a build holds, and folders, which have no hash.

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

/** A build with an executable file and an empty folder. */
function stamp(buildId: string, isExecutable = true): Answer {
  const from = join(site.mount, 'work-modes');
  fs.mkdirSync(join(from, 'empty'), { recursive: true });
  fs.writeFileSync(join(from, 'run'), '#!/bin/sh\n', { mode: isExecutable ? 0o755 : 0o644 });
  fs.writeFileSync(join(from, 'index.html'), buildId);
  const artifact = site.stampFolder(buildId, from);
  fs.rmSync(from, { recursive: true });
  return artifact;
}

const inBuild = (path: string): string => join(site.root, 'builds/b-1', path);
const isRoot = process.getuid?.() === 0;

const tamperings: readonly (readonly [name: string, tamper: () => void, reason: string])[] = [
  [
    'a file that hosts cannot read',
    () => fs.chmodSync(inBuild('index.html'), 0o640),
    'unreadable "index.html"',
  ],
  ['a folder that hosts cannot enter', () => fs.chmodSync(inBuild('empty'), 0o754), 'unreadable "empty/"'],
  ['a build that hosts cannot enter', () => fs.chmodSync(inBuild('.'), 0o700), 'unreadable "/"'],
  ['a lost executable bit', () => fs.chmodSync(inBuild('run'), 0o644), 'mode "run"'],
  ['a file that everybody can change', () => fs.chmodSync(inBuild('index.html'), 0o666), 'mode "index.html"'],
  ['a folder that everybody can change', () => fs.chmodSync(inBuild('empty'), 0o777), 'mode "empty/"'],
  ['a setuid bit', () => fs.chmodSync(inBuild('run'), 0o4755), 'setuid "run"'],
  ['a setgid bit', () => fs.chmodSync(inBuild('run'), 0o2755), 'setuid "run"'],
  ['a missing folder', () => fs.rmdirSync(inBuild('empty')), 'missing "empty/"'],
  ['an extra folder', () => fs.mkdirSync(inBuild('uploads')), 'extra "uploads/"'],
  ...(isRoot
    ? [
        ['a file of another user', () => fs.chownSync(inBuild('run'), 1000, 1000), 'owner "run"'] as const,
        [
          'a folder of another user',
          () => fs.chownSync(inBuild('empty'), 1000, 1000),
          'owner "empty/"',
        ] as const,
      ]
    : []),
];

describe.each(['full', 'fingerprint'])('a build that was verified before, verified again (%s)', (verify) => {
  it.each(tamperings)('is refused: %s', async (_, tamper, reason) => {
    const artifact = stamp('b-1');
    await site.store({ action: 'promote', env: 'test', key: 'first', artifact });
    tamper();

    expect(
      await site.store({ action: 'promote', env: 'dev', key: 'second', artifact, verify }),
    ).toMatchObject({
      outcome: 'refused',
      reason: `b-1: one file does not match the manifest: ${reason}`,
    });
  });

  it('is promoted if nothing changed', async () => {
    const artifact = stamp('b-1');
    await site.store({ action: 'promote', env: 'test', key: 'first', artifact });

    expect(
      await site.store({ action: 'promote', env: 'dev', key: 'second', artifact, verify }),
    ).toMatchObject({
      outcome: 'switched',
      verified: verify,
    });
  });
});

it('a change of the list of modes is found', async () => {
  const artifact = stamp('b-1');
  fs.writeFileSync(inBuild('MANIFEST.modes'), 'd empty\n');

  expect(await site.store({ action: 'promote', env: 'dev', key: 'k', artifact })).toMatchObject({
    outcome: 'refused',
    reason: expect.stringMatching(/MANIFEST\.modes has the hash/),
  });
});

describe('a copy', () => {
  const copyOf = (buildId: string): string => join(site.mount, 'live/web/builds', buildId);
  const modeOf = (path: string): number => fs.statSync(path).mode & 0o7777;
  const promoteCopy = (artifact: Answer): Promise<Answer> =>
    site.store({ action: 'promote', env: 'web', key: artifact.buildId, artifact, copyTo: 'live/web' });

  it('has the same modes and folders', async () => {
    expect(await promoteCopy(stamp('b-1'))).toMatchObject({ outcome: 'switched' });

    expect(modeOf(join(copyOf('b-1'), 'run'))).toBe(0o755);
    expect(modeOf(join(copyOf('b-1'), 'index.html'))).toBe(0o644);
    expect(modeOf(join(copyOf('b-1'), 'empty'))).toBe(0o755);
  });

  it('shares no file with the last release if its executable bit differs', async () => {
    await promoteCopy(stamp('b-1', false));

    expect(await promoteCopy(stamp('b-2', true))).toMatchObject({ outcome: 'switched' });

    expect([modeOf(join(copyOf('b-1'), 'run')), modeOf(join(copyOf('b-2'), 'run'))]).toEqual([0o644, 0o755]);
  });
});

it('a build that was stamped without modes is promoted if hosts can read it', async () => {
  const stamped = site.stamp('b-1', { 'index.html': 'home' });
  const lines = fs.readFileSync(inBuild('MANIFEST.sha256'), 'utf8').split('\n');
  fs.writeFileSync(
    inBuild('MANIFEST.sha256'),
    lines.filter((line) => !line.endsWith('MANIFEST.modes')).join('\n'),
  );
  fs.rmSync(inBuild('MANIFEST.modes'));
  const manifestSha256 = createHash('sha256')
    .update(fs.readFileSync(inBuild('MANIFEST.sha256')))
    .digest('hex');
  const artifact = { ...stamped, manifestSha256 };
  fs.writeFileSync(inBuild('BUILD.json'), JSON.stringify(artifact));

  expect(await site.store({ action: 'promote', env: 'dev', key: 'k', artifact })).toMatchObject({
    outcome: 'switched',
  });

  fs.chmodSync(inBuild('index.html'), 0o600);
  expect(await site.store({ action: 'promote', env: 'test', key: 'l', artifact })).toMatchObject({
    outcome: 'refused',
  });
});
