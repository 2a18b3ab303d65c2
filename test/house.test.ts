import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GOOD, OFFENCES } from './support/lint/cases.ts';
import { findDecisionsInAws, findUpwardImports, type Imports } from './support/lint/directions.ts';
import { ROOT, readText } from './support/template.ts';

describe('lint refuses', () => {
  // The real path: where the folder for temporary files is a link, Biome reports paths behind it.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'groundcrew-house-')));
  let found: ReadonlyMap<string, readonly string[]>;

  beforeAll(async () => {
    for (const file of ['biome.json', 'package.json']) cpSync(join(ROOT, file), join(folder, file));
    for (const name of ['@aws-sdk/client-sns', '@smithy/core', '@smithy/types']) copyTypes(name, folder);
    for (const [path, code] of [...OFFENCES.map(([, , path, code]) => [path, code] as const), ...GOOD]) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), `${code}\n`);
    }
    found = await lint(folder);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  for (const [what, rule, path] of OFFENCES) {
    it(what, () => {
      expect(found.get(path) ?? []).toContain(`lint/${rule}`);
    });
  }

  it('nothing that is in order', () => {
    const offences = GOOD.flatMap(([path]) => (found.get(path) ?? []).map((rule) => `${path} ${rule}`));
    expect(offences).toEqual(['shared/z.ts lint/suspicious/noImportCycles']);
  });
});

/** Biome reads types of packages where it finds them, and follows no links: the declarations alone are copied. */
function copyTypes(name: string, folder: string): void {
  const from = join(ROOT, 'node_modules', name);
  for (const part of ['package.json', 'dist-types']) {
    cpSync(join(from, part), join(folder, 'node_modules', name, part), { recursive: true });
  }
}

/** The errors of a lint over the folder, by file. */
async function lint(folder: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const args = ['lint', '--reporter=json', '--max-diagnostics=none', '--diagnostic-level=error'];
  const output = await new Promise<string>((resolve) => {
    execFile(join(ROOT, 'node_modules/.bin/biome'), args, { cwd: folder, maxBuffer: 1 << 26 }, (_, stdout) =>
      resolve(stdout),
    );
  });
  const found = new Map<string, string[]>();
  for (const { category, location } of JSON.parse(output).diagnostics) {
    found.set(location.path, [...(found.get(location.path) ?? []), category]);
  }
  return found;
}

interface Source {
  readonly path: string;
  readonly text: string;
}

const AREAS = ['functions', 'shared', 'local', 'bench', 'build', 'test'];

const SOURCES: readonly Source[] = [
  ...AREAS.flatMap(filesIn),
  ...readdirSync(ROOT).filter((name) => name.endsWith('.ts')),
]
  .filter((path) => /\.(ts|mjs|cjs|py)$/.test(path))
  .map((path) => ({ path, text: readText(path) }));

const WINGS = readdirSync(join(ROOT, 'functions'));

/** `cordon-instances` for a function CordonInstances of the wing's template. */
function functionFolders(wing: string): string[] {
  const template = readText(`functions/${wing}/template.yaml`);
  return [...template.matchAll(/^ {2}(\w+):\n {4}Type: AWS::Serverless::Function$/gm)].map(([, id = '']) =>
    id.replace(/(?<=[a-z])[A-Z]/g, '-$&').toLowerCase(),
  );
}

function filesIn(area: string): string[] {
  if (!existsSync(join(ROOT, area))) return [];
  return readdirSync(join(ROOT, area), { recursive: true, encoding: 'utf8' }).map((path) =>
    normalize(`${area}/${path}`).replaceAll('\\', '/'),
  );
}

/** What each area may import besides itself. A wing is an area of its own. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  functions: ['shared'],
  shared: ['package.json'],
  local: ['build', 'package.json'],
  bench: ['build', 'local', 'package.json'],
  build: ['package.json'],
  'vitest.config': ['test'],
};

describe('in the tree as it is', () => {
  it('every area imports what it may', () => {
    const offences = SOURCES.filter(({ path }) => areaOf(path) !== 'test').flatMap(({ path, text }) =>
      importsOf(text)
        .filter((name) => name.startsWith('.'))
        .map((name) => normalize(join(dirname(path), name)).replaceAll('\\', '/'))
        .filter((target) => wingOrArea(target) !== wingOrArea(path))
        .filter((target) => !(MAY_IMPORT[areaOf(path)] ?? []).includes(areaOf(target)))
        .map((target) => `${path} imports ${target}`),
    );
    expect(offences).toEqual([]);
  });

  it('no function folder of a wing imports another, and every other room imports only what lies below it', () => {
    const offences = WINGS.flatMap((wing) =>
      findUpwardImports(importsIn(wing)).map((offence) => `${wing}: ${offence}`),
    );
    expect(offences).toEqual([]);
  });

  it('aws/ decides nothing', () => {
    const offences = WINGS.flatMap((wing) =>
      findDecisionsInAws(importsIn(wing)).map((offence) => `${wing}: ${offence}`),
    );
    expect(offences).toEqual([]);
  });

  it.each([
    ["import { isOver } from '../domain/a.ts';", ['isOver']],
    ["import { type Thing, LIMIT, isOver } from '../domain/a.ts';", ['isOver']],
    ["export { isOver } from '../domain/a.ts';", ['isOver']],
    ["import * as domain from '../domain/a.ts';", ['* as domain']],
    ["import type { Thing } from '../domain/a.ts';", []],
    ["import { LIMIT, tagKeys } from '../domain/a.ts';", []],
    ["import { isOver } from './other.ts';", []],
  ])('notices a decision in aws/: %s', (text, names) => {
    const found = findDecisionsInAws([toImports('wing', { path: 'wing/aws/b.ts', text })]);
    expect(found).toEqual(names.map((name) => `aws/b.ts imports ${name} of domain/a.ts`));
  });

  it.each(['local', 'test/support'])('no two folders of %s import each other', (area) => {
    const pairs = SOURCES.filter(({ path }) => path.startsWith(`${area}/`)).flatMap(({ path, text }) =>
      importsOf(text)
        .filter((name) => name.startsWith('.'))
        .map((name) => [path, normalize(join(dirname(path), name))].map((one) => folderIn(area, one)))
        .filter(([from, to]) => from && to && from !== to)
        .map(([from, to]) => `${from} imports ${to}`),
    );
    const circles = pairs.filter((pair) => pairs.includes(pair.split(' ').toReversed().join(' ')));
    expect([...new Set(circles)]).toEqual([]);
  });

  it.each([
    ['a function folder that imports another', 'land-planes/a.ts', 'watch-sky/a.ts'],
    ['a domain file that imports a function folder', 'domain/a.ts', 'land-planes/a.ts'],
    ['aws/ that imports messages/', 'aws/a.ts', 'messages/mail.ts'],
    ['messages/ that imports the context', 'messages/a.ts', 'context.ts'],
    ['a shared step that imports a function folder', 'evaluate-policy.ts', 'land-planes/a.ts'],
  ])('notices %s', (_, path, target) => {
    expect(findUpwardImports([{ path, targets: [target] }])).toEqual([`${path} imports ${target}`]);
    expect(
      findUpwardImports([{ path: 'land-planes/a.ts', targets: ['domain/b.ts', 'land-planes/c.ts'] }]),
    ).toEqual([]);
  });

  it('every wing has the same anatomy', () => {
    for (const wing of WINGS) {
      const entries = readdirSync(join(ROOT, 'functions', wing), { withFileTypes: true });
      const names = entries.map(({ name }) => name);
      expect(names, wing).toEqual(
        expect.arrayContaining(['README.md', 'template.yaml', 'config.ts', 'domain', 'aws']),
      );
      const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
      if (folders.includes('messages'))
        expect(readdirSync(join(ROOT, 'functions', wing, 'messages')), wing).toContain('mail.ts');
      const functions = functionFolders(wing);
      expect(functions, wing).not.toEqual([]);
      expect(folders, wing).toEqual(expect.arrayContaining(functions));
      for (const folder of functions) {
        const files = readdirSync(join(ROOT, 'functions', wing, folder));
        expect(files, `${wing}/${folder}`).toEqual(
          expect.arrayContaining(['handler.ts', 'event.ts', `${folder}.ts`]),
        );
        const parsers = ['handler.ts', `${folder}.ts`].map((file) =>
          importsOf(readText(`functions/${wing}/${folder}/${file}`)),
        );
        expect(parsers.flat(), `${wing}/${folder} parses its event`).toContain('./event.ts');
      }
      const scenarios = join(ROOT, 'local/scenarios', wing, 'index.ts');
      expect(existsSync(scenarios), `${wing} has scenarios`).toBe(true);
    }
  });

  it('a decision that answers yes or no says so in its name', () => {
    const unclear = SOURCES.filter(({ path }) => /^functions\/[^/]+\/domain\//.test(path)).flatMap(
      ({ path, text }) => unclearPredicates(text).map((name) => `${path}: ${name}`),
    );
    expect(unclear).toEqual([]);
  });

  it.each([
    ['function lacksTag(tags: Tags): boolean {', ['lacksTag']],
    ['export async function wantsMail({ a }: A): Promise<boolean> {', ['wantsMail']],
    ['function keeps(one: unknown): one is string {', ['keeps']],
    ['const fits = (size: number): boolean => size < 3;', ['fits']],
    ['function isOver(a: number, b: (c: number) => void): boolean {', []],
    ['function describe(a: number): string {', []],
  ])('notices a name that hides a yes or no: %s', (text, names) => {
    expect(unclearPredicates(text)).toEqual(names);
  });

  it('a rule is silenced only where a value is parsed', () => {
    const silenced = SOURCES.filter(({ path }) => !path.startsWith('test/')).flatMap(({ path, text }) =>
      [...text.matchAll(/biome-ignore(?:-\w+)? (\S+?):|@ts-\w+/g)].map(
        ([what, rule]) => `${path}: ${rule ?? what}`,
      ),
    );
    expect(silenced.filter((line) => !line.endsWith('noUnsafeTypeAssertion'))).toEqual([]);
  });

  it('no test replaces a module of the project', () => {
    const replaced = SOURCES.filter(
      ({ path, text }) => path.endsWith('.test.ts') && /\bvi\.(do)?[mM]ock\(\s*'\./.test(text),
    );
    expect(replaced.map(({ path }) => path)).toEqual([]);
  });

  it('nothing is left for later', () => {
    const left = SOURCES.filter(
      ({ path, text }) => path !== 'test/house.test.ts' && /\b(TODO|FIXME|XXX)\b/.test(text),
    );
    expect(left.map(({ path }) => path)).toEqual([]);
  });

  it('every dependency is pinned, and the lock file names no registry', () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(readText('package.json'));
    const versions = Object.values({ ...dependencies, ...devDependencies, ...optionalDependencies });
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(String(version)))).toEqual([]);
    const hosts = [...readText('package-lock.json').matchAll(/"resolved": "(\w+:\/\/[^/"]*)/g)].map(
      ([, host]) => host,
    );
    expect(hosts.filter((host) => host !== 'https://registry.npmjs.org')).toEqual([]);
  });
});

/** The folder, or the file at the root: build.ts and build/ are one. */
function areaOf(path: string): string {
  return path.split('/')[0]?.replace(/\.ts$/, '') ?? '';
}

function importsIn(wing: string): Imports[] {
  const folder = `functions/${wing}`;
  return SOURCES.filter(({ path }) => path.startsWith(`${folder}/`)).map((source) =>
    toImports(folder, source),
  );
}

function toImports(folder: string, { path, text }: Source): Imports {
  const targetOf = (name: string): string => relative(folder, join(dirname(path), name));
  const named = text.matchAll(/\b(?:import|export)\s+(\{[^}]*\}|\* as \w+)\s+from\s+'(\.[^']+)'/g);
  return {
    path: relative(folder, path),
    targets: importsOf(text)
      .filter((name) => name.startsWith('.'))
      .map(targetOf),
    values: [...named].map(([, what = '', name = '']) => ({
      target: targetOf(name),
      names: what
        .replace(/[{}]/g, '')
        .split(',')
        .map((one) => one.trim())
        .filter((one) => one !== '' && !one.startsWith('type ')),
    })),
  };
}

/** The folder right below the area; empty for a file in the area itself and for one outside. */
function folderIn(area: string, path: string): string {
  const [folder = '', ...rest] = path.startsWith(`${area}/`) ? path.slice(area.length + 1).split('/') : [];
  return rest.length > 0 ? folder : '';
}

function wingOrArea(path: string): string {
  return areaOf(path) === 'functions' ? path.split('/').slice(0, 2).join('/') : areaOf(path);
}

/** Functions that return a boolean, and whose names do not begin as a question does. */
function unclearPredicates(text: string): string[] {
  const result = String.raw`(?:Promise<boolean>|boolean|\w+ is [^{=]+?)`;
  const parameters = String.raw`(?:<[^>]*>)?\((?:[^()]|\([^()]*\))*\)`;
  const declared = text.matchAll(new RegExp(String.raw`\bfunction (\w+)${parameters}: ${result} \{`, 'g'));
  const assigned = text.matchAll(
    new RegExp(String.raw`\bconst (\w+) = (?:async )?${parameters}: ${result} =>`, 'g'),
  );
  const names = [...declared, ...assigned].map(([, name = '']) => name);
  return names.filter((name) => !/^(?:is|has|can|should|may)[A-Z]/.test(name));
}

/** Every module that a source imports, whatever way: import, export ... from, import(), require(). */
function importsOf(text: string): string[] {
  const found = text.matchAll(/\bfrom\s+['"]([^'"]+)['"]|\b(?:import|require)\s*\(?\s*['"]([^'"]+)['"]/g);
  return [...found].map(([, from, called]) => from ?? called ?? '');
}
