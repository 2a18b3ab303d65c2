import {
  cpSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import type {
  OnEndResult,
  OnLoadArgs,
  OnLoadOptions,
  OnLoadResult,
  OnResolveArgs,
  OnResolveOptions,
  Plugin,
  PluginBuild,
} from 'esbuild';
import { describe, expect, test } from 'vitest';
import { slimming } from '../../build/slim.ts';
import { build } from '../../build.ts';
import { declareFunction, makeProject, type Project } from '../support/bundles/project.ts';

const MODULES = join(import.meta.dirname, '../../node_modules');
const files = ['@aws-sdk', '@smithy', '@aws-lambda-powertools'].flatMap((scope) =>
  globSync(`${scope}/*/{dist-es,lib/esm}/**/*.js`, { cwd: MODULES }).concat(
    globSync(`${scope}/*/package.json`, { cwd: MODULES }),
  ),
);

// These know nothing of the SDK: there is no form that they could miss.
const GENERAL = ['error-classes', 'own-builtins', 'shared-strings'];
const plugins = slimming.filter(({ name }) => !GENERAL.includes(name));

describe.each(plugins.map((plugin) => [plugin.name, plugin] as const))('%s', (name, plugin) => {
  test('says by name that nothing in the bundles is for it any more', async () => {
    const { end } = await register(plugin);

    const said = (await end(files.map((file) => `node_modules/${file}`))).join('\n');

    expect(said).toContain(`${name} finds nothing to change any more`);
  });

  test('says nothing of bundles that it is not for', async () => {
    const { end } = await register(plugin);

    expect(await end(['functions/here/handler.ts', 'node_modules/zod/v4/mini/schemas.js'])).toEqual([]);
  });

  test('leaves a module of another form as it is, and names it', async () => {
    using scratch = makeScratch();
    const { loads, resolves } = await register(plugin);
    for (const { filter, run } of loads) {
      // A module like no other client's is nothing unusual, and S3's client may have any form.
      if (name === 'shared-boilerplate' || /S3Client/.test(filter.source)) continue;
      const file =
        files.find((one) => filter.test(join(MODULES, one)) && !one.includes('client-s3')) ??
        expect.unreachable(String(filter));
      const path = plant(
        scratch.root,
        file,
        file.endsWith('.json') ? '{ "versions": [] }' : 'export const moved = 1;\n',
      );
      expect(await run(path)).toMatchObject({
        warnings: [{ text: expect.stringContaining(relative(join(scratch.root, 'node_modules'), path)) }],
      });
      expect(await run(path)).not.toHaveProperty('contents');
    }
    for (const { path, run } of resolves) {
      const importer = plant(
        scratch.root,
        '@aws-sdk/client-ec2/dist-es/importer.js',
        `import { moved } from "${path}";\n`,
      );
      const found = await run(importer);
      expect(found).toMatchObject({
        warnings: [{ text: expect.stringContaining('client-ec2/dist-es/importer.js') }],
      });
      expect(found).not.toHaveProperty('path');
    }
  });
});

describe('a client whose layout is unknown', () => {
  test.each<[string, string, (client: string) => void]>([
    [
      'endpoint rules in another file',
      'small-endpoints',
      (client) => {
        renameSync(join(client, 'endpoint/bdd.js'), join(client, 'endpoint/rules.js'));
        change(client, 'endpoint/endpointResolver.js', /"\.\/bdd"/, '"./rules"');
      },
    ],
    [
      'endpoint rules that ask for more',
      'small-endpoints',
      (client) => change(client, 'endpoint/endpointResolver.js', /"Region"/, '"Region", "Planet"'),
    ],
    [
      'schemas in another form',
      'used-schemas',
      (client) => change(client, 'schemas/schemas_0.js', /^const (_\w+) = "([^"]*)";$/gm, `const $1 = '$2';`),
    ],
    [
      'errors that are registered otherwise',
      'used-schemas',
      (client) =>
        change(client, 'schemas/schemas_0.js', /^n0_registry\.registerError/gm, 'n0_registry .registerError'),
    ],
    [
      'errors that are declared otherwise',
      'short-errors',
      (client) => change(client, 'models/errors.js', /\$fault = "client";/g, "$fault = 'client';"),
    ],
  ])('with %s keeps its own, and is named', async (_, plugin, mutate) => {
    using project = makeCaller(mutate);

    const { functions, warnings } = await build({ root: project.root });

    expect(warnings).toEqual([
      expect.stringMatching(new RegExp(`^${plugin}: @aws-sdk/client-sns/dist-es/.* stays as it is$`)),
    ]);
    expect(await publish(project)).toBe('sns.eu-central-1.amazonaws.com');
    expect(functions[0]?.bytes).toBeGreaterThan(100_000);
  });

  test('without a table of partitions keeps its own rules, and is named', async () => {
    using project = makeCaller((_, modules) => {
      const folder = join(modules, '@aws-sdk/core/dist-es/submodules/client/util-endpoints');
      renameSync(join(folder, 'lib/aws/partitions.js'), join(folder, 'lib/aws/regions.js'));
      for (const file of globSync('**/*.js', { cwd: folder }))
        change(folder, file, /\/partitions"/g, '/regions"');
    });

    const { warnings } = await build({ root: project.root });

    expect(warnings).toEqual([
      expect.stringMatching(/^small-endpoints: @aws-sdk\/client-sns\/dist-es\/.* stays as it is$/),
    ]);
    expect(await publish(project)).toBe('sns.eu-central-1.amazonaws.com');
  });
});

interface Registered {
  readonly loads: readonly {
    readonly filter: RegExp;
    readonly run: (path: string) => Promise<OnLoadResult>;
  }[];
  readonly resolves: readonly {
    readonly path: string;
    readonly run: (importer: string) => Promise<unknown>;
  }[];
  /** The warnings at the end of a build of these modules. */
  readonly end: (inputs: readonly string[]) => Promise<readonly string[]>;
}

/** What a plugin registers with esbuild. */
async function register(plugin: Plugin): Promise<Registered> {
  const loads: { filter: RegExp; run: (path: string) => Promise<OnLoadResult> }[] = [];
  const resolves: { path: string; run: (importer: string) => Promise<unknown> }[] = [];
  const ends: ((result: object) => OnEndResult | undefined)[] = [];
  const recorder = {
    initialOptions: { minify: true, write: false },
    resolve: async (path: string) => ({ path }),
    onEnd: (run: (result: object) => OnEndResult | undefined) => ends.push(run),
    onLoad: ({ filter, namespace }: OnLoadOptions, run: (args: OnLoadArgs) => Promise<OnLoadResult>) =>
      namespace ??
      loads.push({
        filter,
        run: (path) => run({ path, namespace: 'file', suffix: '', pluginData: undefined, with: {} }),
      }),
    onResolve: ({ filter }: OnResolveOptions, run: (args: OnResolveArgs) => Promise<unknown>) => {
      const path = filter.source.replaceAll(/\\|[$^]/g, '');
      // Names that the build itself makes are not the SDK's.
      if (/^(@|\.)/.test(path))
        resolves.push({
          path,
          run: (importer) =>
            run({
              path,
              importer,
              namespace: 'file',
              resolveDir: dirname(importer),
              kind: 'import-statement',
              pluginData: undefined,
              with: {},
            }),
        });
    },
  };
  await plugin.setup(recorder as unknown as PluginBuild);
  return {
    loads,
    resolves,
    end: async (inputs) => {
      const metafile = { inputs: Object.fromEntries(inputs.map((path) => [path, {}])), outputs: {} };
      return ends.flatMap(
        (run) => run({ metafile, outputFiles: [] })?.warnings?.map(({ text = '' }) => text) ?? [],
      );
    },
  };
}

function makeScratch(): Project {
  return makeProject({});
}

/** Writes a module where the SDK would have it; the installed packages stay as they are. */
function plant(root: string, file: string, text: string): string {
  const modules = join(root, 'node_modules');
  rmSync(modules, { recursive: true, force: true });
  const path = join(modules, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const CALLER = `
  import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
  const requestHandler = { handle: async ({ hostname }) => { throw Object.assign(new Error(hostname), { name: 'Told' }); } };
  const client = new SNSClient({ maxAttempts: 1, region: 'eu-central-1', requestHandler, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  export const publish = () => client.send(new PublishCommand({ TopicArn: 'arn:aws:sns:eu-central-1:123456789012:t', Message: 'm' })).catch((error) => error.message);
`;

/** A project with an SNS client of its own, and an SDK of its own as far as the change needs one. */
function makeCaller(mutate: (client: string, modules: string) => void): Project {
  const project = makeProject({
    'template.yaml': declareFunction('Caller', 'caller.ts'),
    'caller.ts': CALLER,
  });
  const modules = join(project.root, 'node_modules');
  rmSync(modules);
  mkdirSync(modules);
  for (const name of readdirSync(MODULES))
    if (name !== '@aws-sdk') symlinkSync(join(MODULES, name), join(modules, name), 'junction');
  for (const name of readdirSync(join(MODULES, '@aws-sdk'))) {
    const [from, to] = [join(MODULES, '@aws-sdk', name), join(modules, '@aws-sdk', name)];
    if (name === 'client-sns' || name === 'core') cpSync(from, to, { recursive: true });
    else {
      mkdirSync(dirname(to), { recursive: true });
      symlinkSync(from, to, 'junction');
    }
  }
  mutate(join(modules, '@aws-sdk/client-sns/dist-es'), modules);
  return project;
}

function change(folder: string, file: string, from: RegExp, to: string): void {
  writeFileSync(join(folder, file), readFileSync(join(folder, file), 'utf8').replace(from, to));
}

/** The host that the bundle would send a message to. */
async function publish(project: Project): Promise<unknown> {
  const { publish: send } = createRequire(import.meta.url)(join(project.root, 'dist/Caller/index.mjs'));
  return send();
}
