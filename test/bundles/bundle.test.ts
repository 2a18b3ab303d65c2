import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuildResult, type BuiltFunction, build } from '../../build.ts';
import { declareFunction, makeProject } from '../support/bundles/project.ts';

const ROOT = join(import.meta.dirname, '../..');
const templates = readdirSync(join(ROOT, 'functions')).map((wing) =>
  readFileSync(join(ROOT, 'functions', wing, 'template.yaml'), 'utf8'),
);
const ids = templates.flatMap((template) =>
  [...template.matchAll(/^ {2}(\w+):\n {4}Type: AWS::Serverless::Function$/gm)].map(([, id = '']) => id),
);

describe('the bundles of the pack', () => {
  // Next to dist/, not into it, because other tests run the bundles there.
  const scratch = makeProject({});
  let result: BuildResult;

  beforeAll(async () => {
    result = await build({ outdir: scratch.root });
  });

  afterAll(() => scratch[Symbol.dispose]());

  test('the slimming knows every module that it is for', () => {
    expect(result.warnings, 'see "A new version of the SDK" in CONTRIBUTING.md').toEqual([]);
  });

  test("there is one for every function of the wings' templates", () => {
    expect(result.functions.map(({ id }) => id)).toEqual(ids);
  });

  describe.each(ids)('%s', (id) => {
    const built = (): BuiltFunction =>
      result.functions.find((one) => one.id === id) ?? expect.unreachable(id);

    test('is what dist/ holds', () => {
      const current = readFileSync(join(ROOT, 'dist', id, 'index.mjs'));
      expect(current.equals(readFileSync(built().file)), 'dist/ is stale: npm run build').toBe(true);
    });

    test('keeps within its budget', () => {
      expect(built().bytes, 'npm run build -- --report names what weighs').toBeLessThanOrEqual(
        built().budgetBytes,
      );
    });

    test('holds no credential provider but the environment', () => {
      const unwanted =
        /node_modules.*(credential-provider-(?!env)|client-(sso|cognito)|nested-clients|token-providers)/;
      expect(inputsOf(built()).filter((path) => unwanted.test(path))).toEqual([]);
    });

    test('holds little of client-ec2', () => {
      expect(bytesOf(built(), /@aws-sdk\/client-ec2\//)).toBeLessThan(60 * 1024);
    });

    test('holds zod as mini, without its locales', () => {
      expect(inputsOf(built()).filter((path) => /zod\/.*(classic|locales)\//.test(path))).toEqual([]);
    });

    test('boots as Lambda boots it', async () => {
      const [type, parameters] = await load(
        built().file,
        built().variables,
        '[typeof handler, handler.length]',
      );
      expect(type).toBe('function');
      expect(parameters, 'Node 24 refuses handlers that take a callback').toBeLessThanOrEqual(2);
    });
  });
});

describe('a build', () => {
  test('clears the bundles of functions no longer declared, and nothing else', async () => {
    using project = makeProject({ 'template.yaml': declareFunction('Here', 'here.ts'), 'here.ts': HANDLER });
    for (const file of [
      'dist/Gone/index.mjs',
      'dist/Theirs/index.mjs',
      'dist/Theirs/notes.txt',
      'dist/loose.txt',
    ]) {
      mkdirSync(join(project.root, file, '..'), { recursive: true });
      writeFileSync(join(project.root, file), '');
    }
    await build({ root: project.root });
    const kept = ['Here/index.mjs', 'Gone', 'Theirs/notes.txt', 'loose.txt'].map((name) =>
      existsSync(join(project.root, 'dist', name)),
    );
    expect(kept).toEqual([true, false, true, true]);
  });

  test('takes the functions of every wing, from the folder of its template', async () => {
    const CodeUri = (id: string): string => `../../dist/${id}/`;
    using project = makeProject({
      'template.yaml': declareFunction('Top', 'functions/top.ts'),
      'functions/top.ts': HANDLER,
      'functions/b/template.yaml': declareFunction('Lower', 'lower/handler.ts', {
        CodeUri: CodeUri('Lower'),
      }),
      'functions/b/lower/handler.ts': HANDLER,
      'functions/a/template.yaml': declareFunction('Low', 'low/handler.ts', { CodeUri: CodeUri('Low') }),
      'functions/a/low/handler.ts': HANDLER,
      'functions/c/notes.txt': '',
    });
    const { functions } = await build({ root: project.root });
    expect(functions.map(({ id, entry, template }) => ({ id, entry, template }))).toEqual([
      { id: 'Top', entry: 'functions/top.ts', template: 'template.yaml' },
      { id: 'Low', entry: 'functions/a/low/handler.ts', template: 'functions/a/template.yaml' },
      { id: 'Lower', entry: 'functions/b/lower/handler.ts', template: 'functions/b/template.yaml' },
    ]);
    expect(functions.every(({ file }) => existsSync(file))).toBe(true);
  });

  test('refuses two functions of one name, whose bundles would lie in one place', async () => {
    const declared = declareFunction('Here', 'handler.ts', { CodeUri: '../../dist/Here/' });
    using project = makeProject({
      'functions/a/template.yaml': declared,
      'functions/a/handler.ts': HANDLER,
      'functions/b/template.yaml': declared,
      'functions/b/handler.ts': HANDLER,
    });
    await expect(build({ root: project.root })).rejects.toThrow(
      'Here is declared in functions/a/template.yaml and functions/b/template.yaml: give one another name',
    );
  });

  test('refuses a folder without templates', async () => {
    using project = makeProject({ 'handler.ts': HANDLER });
    await expect(build({ root: project.root })).rejects.toThrow('There is no template.yaml in');
  });

  test('takes the budget from the template', async () => {
    const declare = (changes: Record<string, string>): string => declareFunction('Here', 'here.ts', changes);
    using usual = makeProject({ 'template.yaml': declare({}), 'here.ts': HANDLER });
    using own = makeProject({ 'template.yaml': declare({ BudgetKB: '320' }), 'here.ts': HANDLER });
    const budgets = [await build({ root: usual.root }), await build({ root: own.root })];
    expect(budgets.map(({ functions: [one] }) => one?.budgetBytes)).toEqual([300 * 1024, 320 * 1024]);
  });

  test.each([
    ['no Entry', { Entry: '' }, 'Here has no Metadata.Entry'],
    ['an Entry that is no file', { Entry: 'gone.ts' }, 'Here is built from gone.ts, which does not exist'],
    ['another CodeUri', { CodeUri: 'src/' }, 'Here needs CodeUri: dist/Here/, not src/'],
    ['another Handler', { Handler: 'app.main' }, 'Here needs Handler: index.handler, not app.main'],
    ['a budget of nothing', { BudgetKB: '0' }, 'Here needs a positive number as Metadata.BudgetKB, not 0'],
  ])('refuses %s', async (_, changes, message) => {
    const declared = declareFunction('Here', 'here.ts', changes);
    using project = makeProject({ 'template.yaml': declared, 'here.ts': HANDLER });
    await expect(build({ root: project.root })).rejects.toThrow(message);
  });
});

describe('a bundled client', () => {
  const CALLER = `
    import { DescribeRegionsCommand, EC2Client } from '@aws-sdk/client-ec2';
    const client = new EC2Client({ maxAttempts: 1 });
    export const handler = () => client.config.credentials().catch((error) => error.message);
    export const call = () => client.send(new DescribeRegionsCommand()).catch((error) => error.name);
  `;
  const project = makeProject({
    'template.yaml': declareFunction('Caller', 'caller.ts'),
    'caller.ts': CALLER,
  });
  const file = join(project.root, 'dist/Caller/index.mjs');
  const environment = {
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'session',
    AWS_CREDENTIAL_EXPIRATION: '2999-01-01T00:00:00.000Z',
    AWS_ACCOUNT_ID: '123456789012',
  };

  beforeAll(() => build({ root: project.root }));

  afterAll(() => project[Symbol.dispose]());

  test('takes its credentials from the environment', async () => {
    expect(await load(file, environment, 'await handler()')).toMatchObject({
      accessKeyId: 'AKIDEXAMPLE',
      secretAccessKey: 'secret',
      sessionToken: 'session',
      expiration: '2999-01-01T00:00:00.000Z',
      accountId: '123456789012',
    });
  });

  test('says so when the environment has none', async () => {
    expect(await load(file, {}, 'await handler()')).toBe('Unable to find environment variable credentials.');
  });

  test('goes where AWS_ENDPOINT_URL points', async () => {
    const server = createServer((_, answer) => {
      answer.writeHead(418).end('<Response><Errors><Error><Code>HereIAm</Code></Error></Errors></Response>');
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const AWS_ENDPOINT_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await load(file, { ...environment, AWS_ENDPOINT_URL }, 'await call()')).toBe('HereIAm');
    server.close();
  });
});

const HANDLER = 'export const handler = async (): Promise<void> => {};\n';

function inputsOf(built: BuiltFunction): readonly string[] {
  return Object.entries(built.inputs).flatMap(([path, bytes]) => (bytes > 0 ? [path] : []));
}

function bytesOf(built: BuiltFunction, pattern: RegExp): number {
  return Object.entries(built.inputs).reduce(
    (sum, [path, bytes]) => (pattern.test(path) ? sum + bytes : sum),
    0,
  );
}

/** Imports the bundle in a process that has nothing but this environment, and tells what the expression gives there. */
async function load(file: string, environment: Readonly<Record<string, string>>, expression: string) {
  const script = `
    const { handler, call } = await import(${JSON.stringify(pathToFileURL(file).href)});
    console.log(JSON.stringify(${expression}));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: { AWS_REGION: 'eu-central-1', ...environment },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}
