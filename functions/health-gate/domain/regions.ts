import { InvalidInputError } from '#shared/errors.ts';
import { formatValue } from '#shared/redact.ts';

/** The Region of events about global services: IAM, Route 53, CloudFront, Organizations. */
export const GLOBAL = 'global';

/**
 * AWS Health accepts any text as a Region and returns no events for an unknown one, so a typo would always pass.
 * The function's own Region needs no entry. A test compares this list with the SDK's.
 */
const knownRegions: ReadonlySet<string> = new Set([
  'af-south-1',
  'ap-east-1',
  'ap-east-2',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-south-1',
  'ap-south-2',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-southeast-3',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-6',
  'ap-southeast-7',
  'ca-central-1',
  'ca-west-1',
  'cn-north-1',
  'cn-northwest-1',
  'eu-central-1',
  'eu-central-2',
  'eu-north-1',
  'eu-south-1',
  'eu-south-2',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'eusc-de-east-1',
  'il-central-1',
  'me-central-1',
  'me-south-1',
  'me-west-1',
  'mx-central-1',
  'sa-east-1',
  'sa-west-1',
  'us-east-1',
  'us-east-2',
  'us-gov-east-1',
  'us-gov-west-1',
  'us-west-1',
  'us-west-2',
]);

/**
 * @returns the Regions in lower case, without duplicates and without `global`
 * @throws InvalidInputError for an unknown Region, or one in another partition: AWS Health returns no events for those
 */
export function parseRegions(entries: readonly string[], own: string): string[] {
  const regions = entries.map((entry) => entry.trim().toLowerCase());
  const invalid = regions.findIndex((entry) => entry !== GLOBAL && entry !== own && !knownRegions.has(entry));
  if (invalid >= 0)
    throw new InvalidInputError(`regions: ${formatValue(entries[invalid])} is not an AWS Region`);
  const foreign = regions.find((entry) => entry !== GLOBAL && partitionOf(entry) !== partitionOf(own));
  if (foreign !== undefined)
    throw new InvalidInputError(`regions: ${formatValue(foreign)} is in another AWS partition than ${own}`);
  if (regions.length === 0) throw new InvalidInputError('regions: expected at least one Region, got none');
  return [...new Set(regions)].filter((entry) => entry !== GLOBAL).sort();
}

/** @throws InvalidInputError for a zone that is not in one of the Regions: AWS Health would never report it */
export function parseZones(entries: readonly string[], regions: readonly string[]): string[] {
  const zones = entries.map((entry) => entry.trim().toLowerCase());
  const invalid = zones.find((zone) => !regions.includes(/^(.*\d)[a-z]$/.exec(zone)?.[1] ?? ''));
  if (invalid !== undefined)
    throw new InvalidInputError(
      `zones: expected a zone of ${regions.join(', ')}, got ${formatValue(invalid)}`,
    );
  return [...new Set(zones)].sort();
}

function partitionOf(region: string): string {
  return /^(cn|us-gov|eusc)-/.exec(region)?.[1] ?? 'aws';
}

export function isRegion(name: string): boolean {
  return knownRegions.has(name);
}
