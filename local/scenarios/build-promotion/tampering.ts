import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../../scenario-kit/world.ts';
import { type Stamp, setBuildArtifact, stampBuild, storeFolder, writeStoreFile } from './builds.ts';
import {
  actionMessage,
  createReleasePipeline,
  PIPELINE,
  runPipeline,
  scenario,
  stateOf,
} from './pipeline.ts';
import { createZip } from './zip.ts';

/** Tampers with the build in its folder. Returns the artifact for the pipeline. */
type Tampering = (world: World, build: string, artifact: Stamp) => Stamp | Buffer;
type StoreChange = (build: string, world: World) => void;

const OUTSIDE = '../../envs';

const changesInStore: Readonly<Record<string, readonly [change: StoreChange, expected: RegExp]>> = {
  'a changed byte': [
    (build) => writeStoreFile(join(build, 'index.html'), '<h1>B-1</h1>\n'),
    /changed "index.html"/,
  ],
  'an extra file': [
    (build) => writeStoreFile(join(build, 'assets/.htaccess'), 'x'),
    /extra "assets\/.htaccess"/,
  ],
  'a missing file': [(build) => rmSync(join(build, 'assets/app.js')), /missing "assets\/app.js"/],
  'a file replaced by a link': [
    (build) => {
      rmSync(join(build, 'assets/logo.svg'));
      symlinkSync('img/a b\\c.txt', join(build, 'assets/logo.svg'));
    },
    /linked "assets\/logo.svg"/,
  ],
  'a folder replaced by a link': [
    (build) => {
      rmSync(join(build, 'assets'), { recursive: true });
      symlinkSync(OUTSIDE, join(build, 'assets'));
    },
    /6 files do not match the manifest: linked "assets", missing "assets\/", missing "assets\/app.js"/,
  ],
  'a hard link to a file': [
    (build, world) => linkSync(join(build, 'index.html'), join(storeFolder(world), 'elsewhere.html')),
    /linked "index.html"/,
  ],
  'a file that hosts cannot read': [
    (build) => chmodSync(join(build, 'index.html'), 0o600),
    /unreadable "index.html"/,
  ],
  'a file with an executable bit': [
    (build) => chmodSync(join(build, 'assets/app.js'), 0o755),
    /mode "assets\/app.js"/,
  ],
  'a file with a setuid bit': [
    (build) => chmodSync(join(build, 'assets/app.js'), 0o4644),
    /setuid "assets\/app.js"/,
  ],
  'an extra folder': [(build) => mkdirSync(join(build, 'uploads')), /extra "uploads\/"/],
  'eleven extra files': [
    (build) => {
      for (let at = 10; at <= 20; at++) writeStoreFile(join(build, `x${at}`), '');
    },
    /11 files do not match the manifest: extra "x10".*extra "x19", and 1 more$/,
  ],
};

const linesInManifest: Readonly<Record<string, readonly [line: string, expected: RegExp]>> = {
  'a path outside the build': ['../../etc/passwd', /line 6 has the invalid path "\.\.\/\.\.\/etc\/passwd"/],
  'an absolute path': ['/etc/passwd', /line 6 has the invalid path "\/etc\/passwd"/],
  'a duplicate path': ['index.html', /line 6 lists "index.html" twice/],
  'the manifest itself': ['MANIFEST.sha256', /line 6 lists MANIFEST.sha256 itself/],
};

const invalidArchives: Readonly<
  Record<string, readonly [make: (artifact: string) => Buffer, expected: RegExp]>
> = {
  'two entries': [
    (text) =>
      createZip([
        ['build.json', text],
        ['x', ''],
      ]),
    /has 2 entries, expected one/,
  ],
  'an entry with a path outside': [
    (text) => createZip([['../build.json', text]]),
    /contains "..\/build.json"/,
  ],
  'an entry with two names': [
    (text) => createZip([['build.json', text]], { localName: 'other.json' }),
    /two names/,
  ],
  'a larger entry than declared': [
    (text) => createZip([['build.json', text]], { size: 10 }),
    /unpacks to \d+ bytes but declares 10/,
  ],
  'data before the first entry': [
    (text) => createZip([['build.json', text]], { prefix: Buffer.from('#!/bin/sh\n') }),
    /has extra bytes before its entry/,
  ],
  'an entry that is too large': [
    () => createZip([['build.json', 'x'.repeat(70_000)]]),
    /unpacks to 70000 bytes, expected at most 65536/,
  ],
  'not a zip file': [() => Buffer.alloc(70_000), /has 70000 bytes, expected at most 65536/],
  'a build id with a path': [
    (text) => createZip([['build.json', text.replace('b-1', '../b-1')]]),
    /buildId must match .*, got "..\/b-1"/,
  ],
};

/** Adds a line to the manifest. Returns an artifact that matches the changed manifest. */
function withManifestLine(build: string, artifact: Stamp, path: string): Stamp {
  const file = join(build, 'MANIFEST.sha256');
  const text = `${readFileSync(file, 'utf8')}${'0'.repeat(64)}  ${path}\n`;
  writeFileSync(file, text);
  const changed = { ...artifact, files: 5, manifestSha256: createHash('sha256').update(text).digest('hex') };
  writeFileSync(join(build, 'BUILD.json'), JSON.stringify(changed));
  return changed;
}

function changingStore(change: StoreChange): Tampering {
  return (world, build, artifact) => {
    change(build, world);
    return artifact;
  };
}

const tamperings: readonly (readonly [name: string, tamper: Tampering, expected: RegExp])[] = [
  ...Object.entries(changesInStore).map(
    ([name, [change, expected]]) => [name, changingStore(change), expected] as const,
  ),
  ...Object.entries(linesInManifest).map(
    ([name, [line, expected]]) =>
      [
        `in the manifest: ${name}`,
        (_: World, build: string, artifact: Stamp) => withManifestLine(build, artifact, line),
        expected,
      ] as const,
  ),
  ...Object.entries(invalidArchives).map(
    ([name, [make, expected]]) =>
      [
        `in the archive: ${name}`,
        (_: World, __: string, artifact: Stamp) => make(JSON.stringify(artifact)),
        expected,
      ] as const,
  ),
];

export const tamperingScenarios = tamperings.map(([name, tamper, expected]) =>
  scenario(`a build is tampered with: ${name}`, {
    async arrange(world) {
      await createReleasePipeline(world, PIPELINE, [{ env: 'prod' }]);
      await setBuildArtifact(world, PIPELINE, stampBuild(world, 'b-0'));
      await runPipeline(world);
      const artifact = stampBuild(world, 'b-1');
      await setBuildArtifact(
        world,
        PIPELINE,
        tamper(world, join(storeFolder(world), 'builds/b-1'), artifact),
      );
      return undefined;
    },
    act: (world) => runPipeline(world),
    // The same calls and result as in the scenario where a file changes between two stages.
    sweep: false,
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).live, { prod: '../builds/b-0' });
      assert.match(actionMessage(outcome, 'To-prod'), /^Failed: (JobFailed|ConfigurationError): /);
      assert.match(actionMessage(outcome, 'To-prod'), expected);
    },
  }),
);
