import { InvalidInputError } from '#shared/errors.ts';
import { formatValue } from '#shared/redact.ts';

/** What AWS Health files under no single Region: IAM, Route 53, CloudFront, Organizations. */
export const GLOBAL = 'global';

/**
 * AWS Health takes any text for a Region and answers an unknown one with no events, so a typo would pass for ever.
 * A test compares this list with the SDK's own.
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
 * The Regions in small letters, each once.
 *
 * @throws BadInput naming the entry that is no Region, or one that this account cannot deploy to: AWS Health knows
 * nothing of other partitions and would say so with no events
 */
export function parseRegions(entries: readonly string[], own: string): string[] {
  const named = entries.map((entry) => entry.trim().toLowerCase());
  const odd = named.findIndex((entry) => entry !== GLOBAL && !knownRegions.has(entry));
  if (odd >= 0) throw new InvalidInputError(`regions: ${formatValue(entries[odd])} is no Region of AWS`);
  const foreign = named.find((entry) => entry !== GLOBAL && partitionOf(entry) !== partitionOf(own));
  if (foreign !== undefined)
    throw new InvalidInputError(
      `regions: ${formatValue(foreign)} is in another partition of AWS than ${own}`,
    );
  if (named.length === 0) throw new InvalidInputError('regions: expected at least one Region, got none');
  return [...new Set(named)].filter((entry) => entry !== GLOBAL).sort();
}

function partitionOf(region: string): string {
  return /^(cn|us-gov|eusc)-/.exec(region)?.[1] ?? 'aws';
}

export function isRegion(name: string): boolean {
  return knownRegions.has(name);
}
