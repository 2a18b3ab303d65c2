import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { linkSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../../pack/world.ts';
import { zipOf } from './archive.ts';
import { folderOf, offer, put, type Stamp, stamp } from './builds.ts';
import { createRelease, PIPELINE, release, saidBy, scenario, stateOf } from './pipeline.ts';

/** Gives the artifact that the pipeline carries, after doing to the build in its folder what nobody should. */
type Trick = (world: World, build: string, artifact: Stamp) => Stamp | Buffer;
type Damage = (build: string, world: World) => void;

const OUTSIDE = '../../envs';

const onDisk: Readonly<Record<string, readonly [damage: Damage, told: RegExp]>> = {
  'a byte': [(build) => put(join(build, 'index.html'), '<h1>B-1</h1>\n'), /changed "index.html"/],
  'an extra file': [(build) => put(join(build, 'assets/.htaccess'), 'x'), /extra "assets\/.htaccess"/],
  'a missing file': [(build) => rmSync(join(build, 'assets/app.js')), /missing "assets\/app.js"/],
  'a file swapped for a link': [
    (build) => {
      rmSync(join(build, 'assets/logo.svg'));
      symlinkSync('img/a b\nc.txt', join(build, 'assets/logo.svg'));
    },
    /linked "assets\/logo.svg"/,
  ],
  'a folder swapped for a link': [
    (build) => {
      rmSync(join(build, 'assets'), { recursive: true });
      symlinkSync(OUTSIDE, join(build, 'assets'));
    },
    /4 files are not as stamped: linked "assets", missing "assets\/app.js"/,
  ],
  'a second name for a file': [
    (build, world) => linkSync(join(build, 'index.html'), join(folderOf(world), 'elsewhere.html')),
    /linked "index.html"/,
  ],
  'eleven extra files': [
    (build) => {
      for (let at = 10; at <= 20; at++) put(join(build, `x${at}`), '');
    },
    /11 files are not as stamped: extra "x10".*extra "x19", and 1 more$/,
  ],
};

const inManifest: Readonly<Record<string, readonly [line: string, told: RegExp]>> = {
  'a way out': ['../../etc/passwd', /line 5 has the path "\.\.\/\.\.\/etc\/passwd"/],
  'an absolute path': ['/etc/passwd', /line 5 has the path "\/etc\/passwd"/],
  'a path twice': ['index.html', /line 5 lists "index.html" twice/],
  'the manifest itself': ['MANIFEST.sha256', /line 5 lists MANIFEST.sha256 itself/],
};

const inArchive: Readonly<Record<string, readonly [make: (artifact: string) => Buffer, told: RegExp]>> = {
  'two entries': [
    (text) =>
      zipOf([
        ['build.json', text],
        ['x', ''],
      ]),
    /holds 2 entries, expected one/,
  ],
  'a name that leads elsewhere': [(text) => zipOf([['../build.json', text]]), /holds "..\/build.json"/],
  'two names for one entry': [
    (text) => zipOf([['build.json', text]], { localName: 'other.json' }),
    /two names/,
  ],
  'more than it says': [
    (text) => zipOf([['build.json', text]], { size: 10 }),
    /unpacks to \d+ bytes and says 10/,
  ],
  'something in front': [
    (text) => zipOf([['build.json', text]], { before: Buffer.from('#!/bin/sh\n') }),
    /has something before its entry/,
  ],
  'a whole build': [
    () => zipOf([['build.json', 'x'.repeat(70_000)]]),
    /unpacks to 70000 bytes, at most 65536/,
  ],
  'no archive': [() => Buffer.alloc(70_000), /has 70000 bytes, at most 65536/],
  'a build id with a path': [
    (text) => zipOf([['build.json', text.replace('b-1', '../b-1')]]),
    /buildId must match .*, got "..\/b-1"/,
  ],
};

/** The manifest with a line more, and an artifact that vouches for it. */
function withLine(build: string, artifact: Stamp, path: string): Stamp {
  const file = join(build, 'MANIFEST.sha256');
  const text = `${readFileSync(file, 'utf8')}${'0'.repeat(64)}  ${path}\n`;
  writeFileSync(file, text);
  const changed = { ...artifact, files: 5, manifestSha256: createHash('sha256').update(text).digest('hex') };
  writeFileSync(join(build, 'BUILD.json'), JSON.stringify(changed));
  return changed;
}

function damaging(damage: Damage): Trick {
  return (world, build, artifact) => {
    damage(build, world);
    return artifact;
  };
}

const tricks: readonly (readonly [name: string, trick: Trick, told: RegExp])[] = [
  ...Object.entries(onDisk).map(([name, [damage, told]]) => [name, damaging(damage), told] as const),
  ...Object.entries(inManifest).map(
    ([name, [line, told]]) =>
      [
        `in the manifest: ${name}`,
        (_: World, build: string, artifact: Stamp) => withLine(build, artifact, line),
        told,
      ] as const,
  ),
  ...Object.entries(inArchive).map(
    ([name, [make, told]]) =>
      [
        `in the archive: ${name}`,
        (_: World, __: string, artifact: Stamp) => make(JSON.stringify(artifact)),
        told,
      ] as const,
  ),
];

export const tampering = tricks.map(([name, trick, told]) =>
  scenario(`a build is tampered with: ${name}`, {
    async arrange(world) {
      await createRelease(world, PIPELINE, [{ env: 'prod' }]);
      await offer(world, PIPELINE, stamp(world, 'b-0'));
      await release(world);
      const artifact = stamp(world, 'b-1');
      await offer(world, PIPELINE, trick(world, join(folderOf(world), 'builds/b-1'), artifact));
      return undefined;
    },
    act: (world) => release(world),
    // The same calls and the same answer as where a byte was changed between two stages.
    sweep: false,
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).live, { prod: '../builds/b-0' });
      assert.match(saidBy(outcome, 'To-prod'), /^Failed: (JobFailed|ConfigurationError): /);
      assert.match(saidBy(outcome, 'To-prod'), told);
    },
  }),
);
