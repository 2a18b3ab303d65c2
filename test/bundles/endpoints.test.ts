import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { Plugin } from 'esbuild';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { slimming } from '../../build/slim.ts';
import { build } from '../../build.ts';
import { declareFunction, makeProject } from '../support/bundles/project.ts';
import { clientClass, type SdkClient } from '../support/bundles/schema-probe.ts';

interface Partition {
  readonly regions: Readonly<Record<string, unknown>>;
  readonly regionRegex: string;
}

type Clients = Readonly<Record<string, new (settings: object) => SdkClient>>;

const MODULES = join(import.meta.dirname, '../../node_modules/@aws-sdk');
const TABLE = 'core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js';
const names = readdirSync(MODULES).filter((name) => name.startsWith('client-'));
const { partitionsInfo } = await import(pathToFileURL(join(MODULES, TABLE)).href);
const partitions: readonly Partition[] = partitionsInfo.partitions;
const regions = partitions.flatMap((partition) => Object.keys(partition.regions));
// What a later SDK will know: its partition knows such a name already.
const futureRegions = partitions.map(({ regions: known, regionRegex }) => {
  const usual = Object.keys(known).find((region) => new RegExp(regionRegex).test(region));
  return String(usual).replace(/-[a-z]+-\d+$/, '-new-9');
});

let whole: Clients;
let slim: Clients;

beforeAll(async () => {
  whole = await load([]);
  slim = await load();
});

afterEach(() => {
  vi.unstubAllEnvs();
});

test('the Regions are those of all partitions', () => {
  expect(regions).toEqual(
    expect.arrayContaining(['eu-central-1', 'cn-north-1', 'us-gov-west-1', 'eusc-de-east-1']),
  );
  expect(futureRegions).toEqual(expect.arrayContaining(['cn-new-9', 'us-gov-new-9', 'eusc-de-new-9']));
});

describe.each(names)('%s', (name) => {
  const both = (parameters: object): readonly unknown[] =>
    [whole, slim].map((clients) => resolve(clients, name, parameters));

  test('goes to the same host from every Region of every partition', () => {
    for (const Region of regions) {
      for (const [UseFIPS, UseDualStack] of VARIANTS) {
        const [expected, actual] = both({ Region, UseFIPS, UseDualStack });
        expect(actual).toEqual(expected);
        // S3's rules refuse FIPS where a partition has none.
        if (!UseFIPS) expect(actual).toMatchObject({ url: expect.stringMatching(/^https:/) });
      }
    }
  });

  test('goes to the same host from a Region that the SDK does not know yet', () => {
    for (const Region of [...futureRegions, 'mars-north-1']) {
      for (const UseDualStack of [false, true]) {
        const [expected, actual] = both({ Region, UseFIPS: false, UseDualStack });
        expect(actual).toEqual(expected);
      }
    }
  });

  test('goes where it is told', () => {
    for (const Endpoint of [
      'http://127.0.0.1:5000',
      'https://vpce-1.ec2.eu-central-1.vpce.amazonaws.com/path',
    ]) {
      const [expected, actual] = both({
        Region: 'eu-central-1',
        Endpoint,
        UseFIPS: false,
        UseDualStack: false,
      });
      expect(actual).toEqual(expected);
      expect(actual).toMatchObject({ url: new URL(Endpoint).href });
    }
  });

  test('refuses what its rules refuse', () => {
    const Endpoint = 'http://127.0.0.1:5000';
    for (const [UseFIPS, UseDualStack] of VARIANTS.slice(1)) {
      const [expected, actual] = both({ Region: 'eu-central-1', Endpoint, UseFIPS, UseDualStack });
      expect(actual).toEqual(expected);
      expect(actual).toEqual(expect.any(String));
    }
    const [expected, actual] = both({ UseFIPS: false, UseDualStack: false });
    expect(actual).toEqual(expected);
    expect(actual).toMatch(/region/i);
  });

  test('heeds AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT', async () => {
    vi.stubEnv('AWS_REGION', 'us-gov-west-1');
    for (const [UseFIPS, UseDualStack] of VARIANTS) {
      vi.stubEnv('AWS_USE_FIPS_ENDPOINT', String(UseFIPS));
      vi.stubEnv('AWS_USE_DUALSTACK_ENDPOINT', String(UseDualStack));
      const { config } = clientOf(slim, name, {});
      const found = {
        Region: await config.region(),
        UseFIPS: await config.useFipsEndpoint(),
        UseDualStack: await config.useDualstackEndpoint(),
      };
      expect(found).toEqual({ Region: 'us-gov-west-1', UseFIPS, UseDualStack });
    }
  });
});

test('endpoints of another kind are refused, not ignored', () => {
  const at = { Region: 'eu-central-1', UseFIPS: false, UseDualStack: false };
  expect(resolve(slim, 'client-eventbridge', { ...at, EndpointId: 'abc.veo' })).toMatch(
    /^EndpointId abc.veo: .*left out/,
  );
  expect(resolve(slim, 'client-dynamodb', { ...at, IsSearchOperation: true })).toMatch(
    /^search operations: .*left out/,
  );
  expect(resolve(slim, 'client-dynamodb', { ...at, AccountIdEndpointMode: 'required' })).toMatch(
    /^AWS_ACCOUNT_ID_ENDPOINT_MODE=required: .*left out/,
  );
  expect(resolve(slim, 'client-sts', { ...at, UseGlobalEndpoint: true })).toMatch(
    /^the global endpoint: .*left out/,
  );
});

test('clients keep their rules that answer otherwise than by prefix and Region, and no others', async () => {
  using project = makeClients();
  const { functions } = await build({ root: project.root });
  const kept = Object.entries(functions[0]?.inputs ?? {})
    .filter(([path, bytes]) => bytes > 0 && path.endsWith('/endpoint/bdd.js'))
    .map(([path]) => /client-[\w-]+/.exec(path)?.[0]);
  expect(kept.sort()).toEqual(names.filter((name) => !answersUsually(name)).sort());
  expect(kept).toContain('client-s3');
  expect(kept).not.toContain('client-health');
  expect(kept).not.toContain('client-ec2');
});

const BUCKETS = [
  'groundcrew-bucket',
  'with.dots',
  'UPPER',
  'arn:aws:s3:eu-central-1:123456789012:accesspoint/mine',
  'groundcrew--euc1-az1--x-s3',
];

describe.each(names.filter((name) => name === 'client-s3'))('%s', (name) => {
  test.each(BUCKETS)('goes to the same host for the bucket %s', (Bucket) => {
    for (const Region of regions) {
      for (const [UseFIPS, UseDualStack] of VARIANTS) {
        const [expected, actual] = [whole, slim].map((clients) =>
          resolve(clients, name, { Region, UseFIPS, UseDualStack, Bucket }),
        );
        expect(actual).toEqual(expected);
      }
    }
  });
});

// A proof that could not fail would be none.
test('breaking the table of partitions is noticed', async () => {
  const broken = await load([breakSuffixes, ...slimming]);
  const differs = (Region: string): boolean => {
    const [expected, actual] = [whole, broken].map((clients) => resolve(clients, 'client-ec2', { Region }));
    return !isDeepStrictEqual(actual, expected);
  };
  expect(regions.filter(differs)).toContain('cn-north-1');
});

const VARIANTS = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

/** Whether the client's own rules say nothing but `https://<prefix>.<Region>.<suffix>`, or nearly so. */
function answersUsually(name: string): boolean {
  const prefix = /^https:\/\/([\w-]+)\./.exec(urlIn(name, 'us-east-1', false))?.[1] ?? '';
  const special = regions.filter((Region) =>
    [false, true].some((UseFIPS) => {
      const url = urlIn(name, Region, UseFIPS);
      return ![prefix, `${prefix}-fips`].some((host) => url.startsWith(`https://${host}.${Region}.`));
    }),
  );
  return special.length <= 4;
}

/** Empty when the answer says more than a host. */
function urlIn(name: string, Region: string, UseFIPS: boolean): string {
  const { url, properties, headers } = Object(resolve(whole, name, { Region, UseFIPS, UseDualStack: false }));
  return Object.keys({ ...properties, ...headers }).length === 0 ? String(url) : '';
}

const breakSuffixes: Plugin = {
  name: 'break-suffixes',
  setup(build) {
    build.onResolve({ filter: /^partition-suffixes$/ }, ({ path }) => ({ path, namespace: 'broken' }));
    build.onLoad({ filter: /./, namespace: 'broken' }, () => ({ contents: 'export const suffixes = [];' }));
  },
};

function resolve(clients: Clients, name: string, parameters: object): unknown {
  try {
    const { url, ...rest } = clientOf(clients, name, { region: 'eu-central-1' }).config.endpointProvider(
      parameters,
    );
    return { url: url.href, ...rest };
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
}

function clientOf(clients: Clients, name: string, settings: object): SdkClient {
  const Client = clients[name];
  if (!Client) throw new Error(`${name} is not in the bundle`);
  return new Client(settings);
}

async function load(plugins?: readonly Plugin[]): Promise<Clients> {
  using project = makeClients();
  await build({ root: project.root, ...(plugins && { plugins }) });
  return createRequire(import.meta.url)(join(project.root, 'dist/Clients/index.mjs')).clients;
}

function makeClients(): ReturnType<typeof makeProject> {
  const imports = names.map(
    (name, index) => `import { ${clientClass(name)} as C${index} } from '@aws-sdk/${name}';`,
  );
  const entries = names.map((name, index) => `'${name}': C${index}`);
  return makeProject({
    'template.yaml': declareFunction('Clients', 'clients.ts'),
    'clients.ts': [...imports, `export const clients = { ${entries.join(', ')} };`].join('\n'),
  });
}
