import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';
import { expectMatches, unknownForm } from './plugins.ts';
import type { EndpointParameters, ResolvedEndpoint } from './small-resolver.ts';

interface Partition {
  readonly id: string;
  readonly regionRegex: string;
  readonly regions: Readonly<Record<string, unknown>>;
  readonly outputs: { readonly dnsSuffix: string; readonly dualStackDnsSuffix: string };
}

/** Decides by a client's own rules; throws where those refuse. */
type Decide = (parameters: EndpointParameters) => ResolvedEndpoint;

// S3's rules decide by the form of a bucket's name.
const KEPT = /@aws-sdk[\\/]client-s3[\\/]/;
const RULES = /@aws-sdk[\\/]client-[\w-]+[\\/].*[\\/]endpoint[\\/]endpointResolver\.js$/;
const RESOLVER = JSON.stringify(join(import.meta.dirname, 'small-resolver.ts'));

// What small-resolver.ts reads or refuses, and three that only name an account or a table of DynamoDB's.
const KNOWN =
  /^(Region|Endpoint|UseFIPS|UseDualStack|UseGlobalEndpoint|EndpointId|IsSearchOperation|Account\w+|ResourceArn\w*)$/;

/**
 * A client's endpoint rules, up to 5 KB each, and the evaluator and table of Regions below them say in nearly all
 * clients `https://<prefix>.<region>.<suffix>`. The rules are asked here, at build time, for every Region of every
 * partition, with and without FIPS and dual stack. A few answers of another kind, such as those for `aws-global`, go
 * into a table. A client with more of them keeps its own rules, with a warning, and so does one whose rules are not
 * where or what they were.
 */
export const smallEndpoints: Plugin = {
  name: 'small-endpoints',
  setup(build) {
    const matched = expectMatches(build, 'small-endpoints', { filter: RULES });
    build.onLoad({ filter: RULES }, async ({ path }) => {
      matched();
      if (KEPT.test(path)) return undefined;
      const contents = await writeResolver(path).catch(() => undefined);
      return contents ? { contents, resolveDir: import.meta.dirname } : unknownForm(path);
    });
    build.onResolve({ filter: /^partition-suffixes$/ }, ({ path, importer }) => ({
      path,
      namespace: 'small-endpoints',
      pluginData: importer,
    }));
    build.onLoad({ filter: /./, namespace: 'small-endpoints' }, async ({ pluginData: importer }) => ({
      contents: writeSuffixes(await readPartitions(importer)),
    }));
  },
};

async function writeResolver(path: string): Promise<string | undefined> {
  const asked = (await readFile(path, 'utf8')).match(/(?<=")[A-Z]\w+(?=")/g) ?? [];
  const partitions = await readPartitions(path);
  const rule = asked.every((name) => KNOWN.test(name)) && findRule(await loadRules(path), partitions);
  return rule
    ? [
        `import { smallResolver } from ${RESOLVER};`,
        `import { suffixes } from 'partition-suffixes';`,
        `export const defaultEndpointResolver = smallResolver(suffixes, ${rule});`,
      ].join('\n')
    : undefined;
}

/** More of them would take the place of the rules that they save. */
const MAX_SPECIAL = 8;

/**
 * The arguments of smallResolver, as text: the prefix, the Regions (with dual stack: Region and +) whose FIPS host is
 * the usual one, and the special answers.
 */
function findRule(decide: Decide, partitions: readonly Partition[]): string | undefined {
  const prefix = hostOf(decide, { Region: 'us-east-1' })?.split('.')[0] ?? '';
  const plainFips: string[] = [];
  const special: string[] = [];
  for (const { rest, key, regionRegex, ...parameters } of partitions.flatMap(listVariants)) {
    const host = hostOf(decide, parameters);
    if (host === `${prefix}${parameters.UseFIPS ? '-fips' : ''}${rest}`) continue;
    if (host === prefix + rest) plainFips.push(key);
    else special.push(writeSpecial(decide(parameters), parameters, regionRegex));
  }
  if (special.length > MAX_SPECIAL) return undefined;
  return `${JSON.stringify(prefix)}, ${JSON.stringify(plainFips)}, [${special.join(', ')}]`;
}

/** What is said of a partition's only Region is said of its later Regions too; of `aws-global`, of no other. */
function writeSpecial(
  { properties, url }: ResolvedEndpoint,
  { Region = '', UseDualStack, UseFIPS }: EndpointParameters,
  regionRegex: string,
): string {
  const regions = new RegExp(regionRegex).test(Region) ? regionRegex : `^${Region}$`;
  const answer = [url.href.replace(Region, '*'), properties];
  return `[/${regions}/, ${UseFIPS}, ${UseDualStack}, ${JSON.stringify(answer).slice(1, -1)}]`;
}

interface Variant {
  readonly regionRegex: string;
  readonly Region: string;
  readonly UseFIPS: boolean;
  readonly UseDualStack: boolean;
  readonly rest: string;
  readonly key: string;
}

function listVariants({
  regionRegex,
  regions,
  outputs: { dnsSuffix, dualStackDnsSuffix },
}: Partition): readonly Variant[] {
  return Object.keys(regions).flatMap((Region) => {
    const usual = { Region, UseDualStack: false, rest: `.${Region}.${dnsSuffix}`, key: Region };
    const dual = { Region, UseDualStack: true, rest: `.${Region}.${dualStackDnsSuffix}`, key: `${Region}+` };
    return [usual, dual].flatMap((one) => [false, true].map((UseFIPS) => ({ ...one, UseFIPS, regionRegex })));
  });
}

/** Undefined when the rules refuse, or say more than a host. */
function hostOf(decide: Decide, parameters: EndpointParameters): string | undefined {
  try {
    const { url, properties, headers } = decide(parameters);
    const isBare = Object.keys({ ...properties, ...headers }).length === 0;
    return isBare && url.href === `https://${url.host}/` ? url.host : undefined;
  } catch {
    return undefined;
  }
}

async function loadRules(resolverPath: string): Promise<Decide> {
  const client = createRequire(resolverPath); // the SDK's own packages are the client's dependencies, not the pack's
  const { customEndpointFunctions, decideEndpoint } = client('@smithy/core/endpoints');
  customEndpointFunctions.aws = client('@aws-sdk/core/client').awsEndpointFunctions;
  const { bdd } = await import(pathToFileURL(join(resolverPath, '../bdd.js')).href);
  return (endpointParams) => decideEndpoint(bdd, { endpointParams });
}

async function readPartitions(importer: string): Promise<readonly Partition[]> {
  const core = createRequire(importer).resolve('@aws-sdk/core/package.json');
  const table = join(core, '../dist-es/submodules/client/util-endpoints/lib/aws/partitions.js');
  const { partitionsInfo } = await import(pathToFileURL(table).href);
  return partitionsInfo.partitions;
}

/** Without `aws`, and without partitions that end their hosts as it does: those are what is left. */
function writeSuffixes(partitions: readonly Partition[]): string {
  const usual = partitions.find(({ id }) => id === 'aws')?.outputs.dnsSuffix;
  const rows = partitions
    .filter(({ outputs }) => outputs.dnsSuffix !== usual)
    .map(({ regionRegex, regions, outputs }) => {
      const odd = Object.keys(regions).filter((region) => !new RegExp(regionRegex).test(region));
      const pattern = [regionRegex, ...odd.map((region) => `^${region}$`)].join('|');
      return `[/${pattern}/, ${JSON.stringify(outputs.dnsSuffix)}, ${JSON.stringify(outputs.dualStackDnsSuffix)}]`;
    });
  return `export const suffixes = [${rows.join(', ')}];`;
}
