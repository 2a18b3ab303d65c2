import { Resolver } from 'node:dns/promises';

// AWS Health has one active and one passive endpoint per partition, and none in other Regions. The global name is an
// alias of the active one. AWS advises to resolve it before a workflow; the passive endpoint lags behind.
// https://docs.aws.amazon.com/health/latest/ug/health-api.html#endpoints

const ALIAS = 'global.health.amazonaws.com';
const CACHE_MS = 60_000;

const partitions = [
  { prefix: 'cn-', regions: ['cn-northwest-1', 'cn-north-1'], hasAlias: false },
  { prefix: 'us-gov-', regions: ['us-gov-west-1'], hasAlias: false },
  { prefix: 'eusc-', regions: ['eusc-de-east-1'], hasAlias: false },
  { prefix: '', regions: ['us-east-1', 'us-east-2'], hasAlias: true },
] as const;

export type DnsLookup = (name: string) => Promise<readonly string[]>;

let cachedAlias: { readonly region: string | undefined; readonly at: number } | undefined;

/** The Regions to ask, the active one first. If the alias cannot be resolved, the default order is used. */
export async function healthRegions(
  ownRegion: string,
  now: number,
  lookUp: DnsLookup = resolveAlias,
): Promise<string[]> {
  const partition = partitions.find(({ prefix }) => ownRegion.startsWith(prefix)) ?? partitions[3];
  if (!partition.hasAlias) return [...partition.regions];
  const isKnown = cachedAlias !== undefined && now >= cachedAlias.at && now - cachedAlias.at < CACHE_MS;
  if (!isKnown) cachedAlias = { region: await activeRegion(lookUp), at: now };
  return [...new Set([cachedAlias?.region ?? partition.regions[0], ...partition.regions])];
}

async function activeRegion(lookUp: DnsLookup): Promise<string | undefined> {
  try {
    const [target = ''] = await lookUp(ALIAS);
    return /^health\.(us-east-[12])\.amazonaws\.com\.?$/.exec(target)?.[1];
  } catch {
    // Without DNS for the alias, the endpoints may still answer.
    return undefined;
  }
}

const resolveAlias: DnsLookup = (name) => new Resolver({ timeout: 500, tries: 2 }).resolveCname(name);
