import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuildResult, build } from '../../../build.ts';
import { type FlatWing, writeFlat } from '../../../local/stack/flat.ts';
import { evaluate } from '../../../local/stack/stack.ts';
import {
  defaultsOf,
  type Json,
  ofType,
  ROOT,
  readTemplate,
  readText,
  runPython,
  type Template,
} from '../../support/template.ts';
import { lint } from '../../support/templates/cfn-lint.ts';

const folder = mkdtempSync(join(tmpdir(), 'groundcrew-flat-'));
const wings = readdirSync(join(ROOT, 'functions'));
let built: BuildResult;
let flat: ReadonlyMap<string, FlatWing>;

beforeAll(async () => {
  built = await build({ outdir: folder });
  const written = await writeFlat(built, { root: ROOT, outdir: folder, progress: console.error });
  flat = new Map(written.map((one) => [one.wing, one]));
}, 600_000);

afterAll(() => rmSync(folder, { recursive: true }));

function wingOf(wing: string): FlatWing {
  return flat.get(wing) ?? expect.unreachable(`${wing} has no flat template`);
}

function textOf(wing: string): string {
  return readFileSync(wingOf(wing).template, 'utf8');
}

const templateOf = (wing: string): Template => JSON.parse(textOf(wing));
const sourceOf = (wing: string): Template => readTemplate(readText(`functions/${wing}/template.yaml`));

/** The functions as CloudFormation would create them with these parameters. */
function functionsIn(wing: string, parameters: Readonly<Record<string, string>>) {
  const names = {
    region: 'eu-central-1',
    accountId: '123456789012',
    stackName: 'trial',
    endpoint: 'http://127.0.0.1:1',
    httpUrl: 'http://127.0.0.1:2',
  };
  return evaluate(templateOf(wing) as Json, parameters, names).ofType('AWS::Lambda::Function');
}

it('there is a flat template for every wing, and none for the stack of all', () => {
  expect([...flat.keys()].sort()).toEqual(wings.toSorted());
  expect(
    readdirSync(folder)
      .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
      .sort(),
  ).toEqual(wings.map((wing) => `${wing}.json`).sort());
});

describe.each(wings)('the flat template of %s', (wing) => {
  it('has no transform and no resource of SAM', () => {
    expect(templateOf(wing)).not.toHaveProperty('Transform');
    expect(templateOf(wing)).not.toHaveProperty('Globals');
    expect(textOf(wing)).not.toContain('AWS::Serverless');
    expect(textOf(wing)).not.toContain('SkipBuild');
  });

  it('has the functions and outputs of the wing under their own names', () => {
    const functions = ofType(templateOf(wing), 'AWS::Lambda::Function').map(([id]) => id);
    const declared = ofType(sourceOf(wing), 'AWS::Serverless::Function').map(([id]) => id);
    expect(functions.sort()).toEqual(declared.sort());
    expect(Object.keys(templateOf(wing).Outputs)).toEqual(Object.keys(sourceOf(wing).Outputs));
  });

  it('keeps every parameter and rule, and adds where the code is', () => {
    const { CodeBucket, CodeBucketPerRegion, CodePrefix, ...own } = templateOf(wing).Parameters;
    expect(own).toEqual(sourceOf(wing).Parameters);
    expect([CodeBucket, CodeBucketPerRegion, CodePrefix].map(({ Default }) => Default)).toEqual([
      undefined,
      'false',
      'groundcrew/',
    ]);
    expect(templateOf(wing).Rules).toEqual(sourceOf(wing).Rules);
  });

  it('groups and labels every parameter for the console', () => {
    const { ParameterGroups: groups, ParameterLabels: labels } =
      templateOf(wing).Metadata['AWS::CloudFormation::Interface'];
    const names = Object.keys(templateOf(wing).Parameters).sort();
    expect(groups.flatMap(({ Parameters }: Json) => Parameters).sort()).toEqual(names);
    expect(Object.keys(labels).sort()).toEqual(names);
  });

  it('takes values at deployment: no default is written into a resource', async () => {
    const changed = sourceOf(wing);
    for (const parameter of Object.values(changed.Parameters)) parameter.Default = 'another';
    const path = join(folder, `${wing}-changed.yaml`);
    writeFileSync(path, JSON.stringify(changed));
    const { Resources } = JSON.parse(await runPython(join(ROOT, 'local/stack/transform.py'), path));
    const codeless = (resources: Json): Json =>
      JSON.parse(JSON.stringify(resources), (key, value) =>
        key === 'Code' || key === 'Metadata' ? undefined : value,
      );
    expect(codeless(templateOf(wing).Resources)).toEqual(codeless(Resources));
  });

  it.each([
    ['one bucket', {}, 'artifacts', 'groundcrew/'],
    ['one bucket per Region', { CodeBucketPerRegion: 'true' }, 'artifacts-eu-central-1', 'groundcrew/'],
    ['the top of a bucket', { CodePrefix: '' }, 'artifacts', ''],
    ['a folder of one’s own', { CodePrefix: 'a/b/' }, 'artifacts', 'a/b/'],
  ])('reads the packages that the build wrote from %s', (_, given, bucket, prefix) => {
    const code = functionsIn(wing, { ...requiredOf(wing), CodeBucket: 'artifacts', ...given }).map(
      ({ properties }) => properties.Code,
    );
    const keys = wingOf(wing).packages.map((path) => `${prefix}${basename(path)}`);
    expect(code).toEqual(keys.map((S3Key) => ({ S3Bucket: bucket, S3Key })));
  });

  it.each([{}, { CodeBucket: 'Not A Bucket' }, { CodeBucket: 'artifacts', CodePrefix: 'no-slash' }])(
    'refuses %j',
    (given) => {
      expect(() => functionsIn(wing, { ...requiredOf(wing), ...given })).toThrow(/Parameters: Code/);
    },
  );

  it('is small enough to be passed inline, or at least from S3', () => {
    // Where docs/operating.md says which ones must come from S3.
    const limit = wing === 'disk-alarms' ? 51_200 : 1_000_000;
    expect(Buffer.byteLength(textOf(wing))).toBeLessThanOrEqual(limit);
  });

  it('is one that cfn-lint has nothing to say about', async () => {
    expect(await lint(folder, templateOf(wing))).toEqual([]);
  });
});

/** Values for the wing's own parameters that have no default. */
function requiredOf(wing: string): Readonly<Record<string, string>> {
  const without = Object.entries(defaultsOf(sourceOf(wing))).filter(([, value]) => value === 'undefined');
  return Object.fromEntries(without.map(([name]) => [name, 'given']));
}

describe('a package', () => {
  it('holds the bundle alone, readable by every user', () => {
    for (const { id, file } of built.functions) {
      const [path] = packagesOf(id);
      const files = unzipSync(readFileSync(path));
      expect(Object.keys(files)).toEqual(['index.mjs']);
      expect(strFromU8(files['index.mjs'] ?? new Uint8Array())).toBe(readFileSync(file, 'utf8'));
      expect(modeOf(readFileSync(path)).toString(8)).toBe('100644');
    }
  });

  it('has the same name for the same bundle, and another for a changed one', async () => {
    const name = basename(packagesOf('CordonInstances')[0]);
    const { template, packages } = wingOf('spot-cordon');
    const before = readFileSync(template, 'utf8');
    const again = await writeFlat(built, { root: ROOT, outdir: folder, progress: console.error });
    expect(again.find(({ wing }) => wing === 'spot-cordon')?.packages).toEqual(packages);

    const [cordon] = built.functions.filter(({ id }) => id === 'CordonInstances');
    const bundle = readFileSync(cordon?.file ?? '');
    writeFileSync(cordon?.file ?? '', `${bundle}\n//`);
    await writeFlat(built, { root: ROOT, outdir: folder, progress: console.error });
    const changed = packagesOf('CordonInstances').map((path) => basename(path));
    expect(changed).toEqual([expect.not.stringContaining(name)]);
    expect(readFileSync(template, 'utf8')).toBe(before.replaceAll(name, changed[0] ?? ''));
  });
});

function packagesOf(id: string): [string, ...string[]] {
  const paths = readdirSync(join(folder, 'flat'))
    .filter((name) => name.startsWith(`${id}-`))
    .map((name) => join(folder, 'flat', name));
  const [first, ...others] = paths;
  if (first === undefined) throw new Error(`${id} has no package`);
  return [first, ...others];
}

/** Of the archive's only entry: the high half of the external attributes in the central directory. */
function modeOf(archive: Buffer): number {
  return archive.readUInt16LE(archive.indexOf('PK\x01\x02', 0, 'latin1') + 40);
}
