import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Json, ROOT, readText } from './support/template.ts';

const workflows = readdirSync(join(ROOT, '.github/workflows'));
const manifest = JSON.parse(readText('package.json'));
const runtime = /Runtime: nodejs(\d+)\.x/.exec(readText('functions/spot-cordon/template.yaml'))?.[1];

/** Actions that are not pinned to a commit with the version next to it. */
function unpinned(workflow: string): readonly string[] {
  const uses = workflow.match(/(?<=uses: ).*/g) ?? [];
  return uses.filter((one) => !/^\.\/|^[\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(one));
}

describe('a workflow', () => {
  it.each(workflows)('%s pins every action to a commit', (name) => {
    const text = readText(`.github/workflows/${name}`);
    expect(text).toContain('uses: ');
    expect(unpinned(text)).toEqual([]);
  });

  it.each([
    'actions/checkout@v7',
    'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1',
    'a/b@main # v1.0.0',
  ])('that uses %s is noticed', (action) =>
    expect(unpinned(`steps:\n  - uses: ${action}\n`)).toEqual([action]),
  );

  it('pins an action to one commit everywhere', () => {
    const uses = workflows.flatMap(
      (name) => readText(`.github/workflows/${name}`).match(/[\w-]+\/[\w./-]+@[0-9a-f]{40}/g) ?? [],
    );
    const actions = new Set(uses.map((one) => one.split('@')[0]));
    expect(new Set(uses).size).toBe(actions.size);
  });

  it.each(workflows)('%s gives no job more than it names', (name) => {
    const { permissions, jobs } = parse(readText(`.github/workflows/${name}`));
    expect(permissions).toEqual({});
    for (const job of Object.values<Json>(jobs)) expect(job.permissions).toBeDefined();
  });

  it.each(workflows)('%s runs only scripts that exist', (name) => {
    const scripts = [...readText(`.github/workflows/${name}`).matchAll(/npm run ([\w:-]+)/g)];
    for (const [, script = ''] of scripts) expect(manifest.scripts).toHaveProperty([script]);
  });
});

describe('the Node of', () => {
  it('.nvmrc, the dev container and the project is the one of the functions', () => {
    const { image } = JSON.parse(readText('.devcontainer/devcontainer.json'));
    const brought = Object.values<string>(manifest.optionalDependencies).map((one) => one.split('.')[0]);
    expect(readText('.nvmrc').trim()).toBe(runtime);
    expect(image).toContain(`:${runtime}-`);
    expect(new Set(brought)).toEqual(new Set([runtime]));
  });
});

describe('dependencies', () => {
  const { updates } = parse(readText('.github/dependabot.yml'));

  it('are exact versions', () => {
    const sections = ['dependencies', 'devDependencies', 'optionalDependencies'];
    const versions = sections.flatMap((section) => Object.values<string>(manifest[section]));
    expect(versions.filter((one) => !/^\d+\.\d+\.\d+$/.test(one))).toEqual([]);
    const tools = ['judges', 'ministack', 'sam'].map((name) => `test/deploy/tools/${name}.txt`);
    const python = ['local/python/requirements.txt', ...tools].flatMap((file) =>
      readText(file)
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#')),
    );
    expect(python.filter((line) => !/^[\w.[\]-]+==[\d.]+$/.test(line))).toEqual([]);
  });

  it('are raised by somebody: packages, Python packages and actions, in groups', () => {
    const places = updates.map((one: Json) => `${one['package-ecosystem']} ${one.directory}`);
    expect(places.sort()).toEqual([
      'github-actions /',
      'npm /',
      'pip /local/python',
      'pip /test/deploy/tools',
    ]);
    for (const update of updates) expect(Object.keys(update.groups).length).toBeGreaterThan(0);
    expect(updates.find((one: Json) => one['package-ecosystem'] === 'npm')['versioning-strategy']).toBe(
      'increase',
    );
  });
});

describe('issue forms', () => {
  const wings = readdirSync(join(ROOT, 'functions'));

  it.each(['bug', 'feature'])(
    '%s names every wing, and each field has an id and a label of its own',
    (name) => {
      const { body } = parse(readFileSync(join(ROOT, `.github/ISSUE_TEMPLATE/${name}.yml`), 'utf8'));
      const fields = body.filter(({ type }: Json) => type !== 'markdown');
      for (const key of [(one: Json) => one.id, (one: Json) => one.attributes.label]) {
        expect(new Set(fields.map(key)).size).toBe(fields.length);
      }
      expect(fields.find(({ id }: Json) => id === 'wing').attributes.options).toEqual(
        expect.arrayContaining(wings),
      );
    },
  );
});
