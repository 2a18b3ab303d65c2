import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, posix } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuildResult, build } from '../../../build.ts';
import { writeArchives } from '../../../local/release/archives.ts';
import { type FlatWing, writeFlat } from '../../../local/stack/flat.ts';
import { ofType, ROOT, readTemplate } from '../../support/template.ts';

const folder = mkdtempSync(join(tmpdir(), 'groundcrew-release-'));
const wings = readdirSync(join(ROOT, 'functions'));
const options = { root: ROOT, folder: join(folder, 'release'), version: '1.2.0' };
let built: BuildResult;
let flat: readonly FlatWing[];
let paths: readonly string[];

beforeAll(async () => {
  built = await build({ outdir: folder });
  flat = await writeFlat(built, { root: ROOT, outdir: folder, progress: console.error });
  paths = writeArchives(built, flat, options);
}, 600_000);

afterAll(() => rmSync(folder, { recursive: true }));

/** The files of an archive, as text. */
function filesIn(name: string): ReadonlyMap<string, string> {
  const files = unzipSync(readFileSync(join(folder, 'release', name)));
  return new Map(Object.entries(files).map(([path, content]) => [path, strFromU8(content)]));
}

it('there are two archives for each wing', () => {
  const expected = wings.flatMap((wing) => [`${wing}-1.2.0-sam.zip`, `${wing}-1.2.0-flat.zip`]);
  expect(paths.map((path) => basename(path)).sort()).toEqual(expected.sort());
  expect(readdirSync(options.folder).sort()).toEqual(expected.sort());
});

describe.each(wings)('the archives of %s', (wing) => {
  it('hold the template as it is written, and every bundle where it looks for it', () => {
    const files = filesIn(`${wing}-1.2.0-sam.zip`);
    const path = `functions/${wing}/template.yaml`;
    const source = readFileSync(join(ROOT, path), 'utf8');
    expect(files.get(path)).toBe(source);
    expect([...files.keys()]).toEqual(
      expect.arrayContaining(['LICENSE', 'samconfig.toml', `functions/${wing}/README.md`]),
    );

    const functions = ofType(readTemplate(source), 'AWS::Serverless::Function');
    const bundles = functions.map(([, { CodeUri }]) => posix.join(posix.dirname(path), CodeUri, 'index.mjs'));
    expect([...files.keys()].filter((name) => name.startsWith('dist/')).sort()).toEqual(bundles.sort());
    for (const { id, file } of built.functions.filter(({ template }) => template === path)) {
      expect(files.get(`dist/${id}/index.mjs`)).toBe(readFileSync(file, 'utf8'));
    }
  });

  it('hold the template without a transform, and every package that it names', () => {
    const files = filesIn(`${wing}-1.2.0-flat.zip`);
    const template = files.get(`${wing}.json`) ?? '';
    const keys = [...template.matchAll(/\$\{CodePrefix\}([\w.-]+\.zip)/g)].map(([, name]) => `flat/${name}`);
    expect(keys.length).toBeGreaterThan(0);
    expect([...files.keys()].filter((name) => name.endsWith('.zip')).sort()).toEqual(keys.sort());
  });
});

it('the same files give the same archives', () => {
  const before = paths.map((path) => readFileSync(path));
  writeArchives(built, flat, options);
  expect(paths.every((path, at) => before[at]?.equals(readFileSync(path)))).toBe(true);
});
