import { execFile } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { build, buildIfStale } from '../../build.ts';
import vitestConfig from '../../vitest.config.ts';
import { declareFunction, makeProject, type Project } from '../support/bundles/project.ts';

const SETUP = 'test/support/vitest/build-stale.ts';

function makeWing(files: Readonly<Record<string, string>> = {}): Project {
  const CodeUri = '../../dist/Here/';
  return makeProject({
    'functions/here/template.yaml': declareFunction('Here', 'here/handler.ts', { CodeUri }),
    'functions/here/here/handler.ts': `export { answer as handler } from '../answer.ts';\n`,
    'functions/here/answer.ts': `export const answer = async (): Promise<string> => 'first';\n`,
    'package.json': '{ "type": "module" }',
    ...files,
  });
}

/** Files on disk have the time of their last write: those of a moment ago count as written during the build. */
function age(project: Project, ...paths: readonly string[]): void {
  for (const path of paths) utimesSync(join(project.root, path), 1_700_000_000, 1_700_000_000);
}

const SOURCES = [
  'functions/here/template.yaml',
  'functions/here/here/handler.ts',
  'functions/here/answer.ts',
  'package.json',
];

async function makeBuiltWing(files: Readonly<Record<string, string>> = {}): Promise<Project> {
  const project = makeWing(files);
  age(project, ...SOURCES);
  await build({ root: project.root });
  return project;
}

const isBuilt = async ({ root }: Project): Promise<boolean> => (await buildIfStale({ root })) !== undefined;

describe('a build of what is stale', { timeout: 600_000 }, () => {
  test('builds what was never built, and then nothing', async () => {
    using project = makeWing();
    age(project, ...SOURCES);

    expect([await isBuilt(project), await isBuilt(project)]).toEqual([true, false]);
  });

  test.each<[string, (project: Project) => void]>([
    [
      'an imported source says something else of the same length',
      ({ root }) => {
        const file = join(root, 'functions/here/answer.ts');
        writeFileSync(file, readFileSync(file, 'utf8').replace('first', 'other'));
      },
    ],
    ['a source is deleted', ({ root }) => rmSync(join(root, 'functions/here/answer.ts'))],
    [
      'a template changes',
      ({ root }) => appendFileSync(join(root, 'functions/here/template.yaml'), '\nConditions: {}\n'),
    ],
    [
      'a template is added',
      ({ root }) =>
        writeFileSync(join(root, 'template.yaml'), 'Resources: { Any: { Type: AWS::SNS::Topic } }'),
    ],
    [
      'a source is added that nothing imports yet',
      ({ root }) => writeFileSync(join(root, 'functions/here/new.ts'), ''),
    ],
    ['a setting of the project changes', ({ root }) => appendFileSync(join(root, 'package.json'), '\n')],
    ['a bundle is edited', ({ root }) => appendFileSync(join(root, 'dist/Here/index.mjs'), '//')],
    ['a bundle is gone', ({ root }) => rmSync(join(root, 'dist/Here'), { recursive: true })],
    ['dist is gone', ({ root }) => rmSync(join(root, 'dist'), { recursive: true })],
    [
      'the record of the last build is half written',
      ({ root }) => writeFileSync(join(root, 'dist/.build.json'), '{'),
    ],
  ])('builds when %s', async (_, change) => {
    using project = await makeBuiltWing();
    expect(await isBuilt(project)).toBe(false);

    change(project);

    await expect(isBuilt(project).catch((error: unknown) => String(error))).resolves.not.toBe(false);
  });

  test('does not build when a source was only touched', async () => {
    using project = await makeBuiltWing();

    utimesSync(join(project.root, 'functions/here/answer.ts'), 1_700_000_001, 1_700_000_001);

    expect(await isBuilt(project)).toBe(false);
  });

  test('builds again when a source changed during the build', async () => {
    using project = await makeBuiltWing();
    const later = Date.now() / 1000 + 3600;
    const file = join(project.root, 'functions/here/answer.ts');
    utimesSync(file, later, later);
    await build({ root: project.root });

    expect(await isBuilt(project)).toBe(true);
    age(project, 'functions/here/answer.ts');
    expect([await isBuilt(project), await isBuilt(project)]).toEqual([true, false]);
  });

  test('does not take bundles of a build without the usual plugins', async () => {
    using project = await makeBuiltWing();
    await build({ root: project.root, plugins: [] });

    expect(await isBuilt(project)).toBe(true);
  });

  test('tries again after a build that failed', async () => {
    using project = await makeBuiltWing();
    const file = join(project.root, 'functions/here/answer.ts');
    const { mtimeMs } = statSync(join(project.root, 'dist/Here/index.mjs'));
    const sound = readFileSync(file, 'utf8');
    writeFileSync(file, 'export const answer = ;');

    await expect(isBuilt(project)).rejects.toThrow('Unexpected ";"');
    await expect(isBuilt(project)).rejects.toThrow('Unexpected ";"');
    writeFileSync(file, sound);
    expect(await isBuilt(project)).toBe(false);
    expect(statSync(join(project.root, 'dist/Here/index.mjs')).mtimeMs).toBe(mtimeMs);
  });
});

describe('a run of tests', () => {
  test('of the project builds what is stale first', () => {
    expect(vitestConfig.test?.globalSetup).toContain(SETUP);
  });

  test('of one file sees a source that was changed after the last build', { timeout: 600_000 }, async () => {
    using project = await makeBuiltWing({
      'here.test.ts': `
        import { expect, test } from 'vitest';
        import { handler } from './dist/Here/index.mjs';
        test('the bundle answers', async () => expect(await handler()).toBe('first'));
      `,
      'vitest.config.ts': `export default { test: { globalSetup: ['${join(import.meta.dirname, '../..', SETUP)}'] } };`,
    });
    const run = async (): Promise<string> => {
      const vitest = join(project.root, 'node_modules/vitest/vitest.mjs');
      const args = [vitest, 'run', 'here.test.ts', '--reporter=verbose'];
      const options = { cwd: project.root, env: { ...process.env, NO_COLOR: '1' } };
      return promisify(execFile)(process.execPath, args, options).then(
        ({ stdout, stderr }) => stdout + stderr,
        ({ stdout, stderr }) => stdout + stderr,
      );
    };

    expect(await run()).toMatch(/Tests +1 passed/);
    const handler = join(project.root, 'functions/here/answer.ts');
    writeFileSync(handler, `export const answer = async () => { throw new Error('no longer'); };\n`);
    const after = await run();
    expect(after).toMatch(/Built 1 functions: their bundles were stale/);
    expect(after).toMatch(/Error: no longer/);
    expect(after).toMatch(/Tests +1 failed/);
  });
});
