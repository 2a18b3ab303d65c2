import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { consoleOf, healthEventPage, partitionOf } from '../../shared/partitions.ts';

interface KnownPartition {
  readonly id: string;
  readonly regions: Readonly<Record<string, unknown>>;
}

// AWS's own data, as the SDK brings them.
const SDK = join(import.meta.dirname, '../../node_modules/@aws-sdk');
const TABLE = join(SDK, 'core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js');
const SIGN_IN = join(SDK, 'nested-clients/dist-es/submodules/signin/endpoint/bdd.js');
const { partitionsInfo } = await import(pathToFileURL(TABLE).href);
const partitions: readonly KnownPartition[] = partitionsInfo.partitions;
const regions = partitions.flatMap(({ id, regions: some }) =>
  Object.keys(some)
    .filter((region) => !region.endsWith('-global'))
    .map((region) => [region, id] as const),
);

describe('each partition that AWS knows', () => {
  test('is in the test', () => {
    expect(partitions.map(({ id }) => id).toSorted()).toEqual([
      'aws',
      'aws-cn',
      'aws-eusc',
      'aws-iso',
      'aws-iso-b',
      'aws-iso-e',
      'aws-iso-f',
      'aws-us-gov',
    ]);
  });

  test.each(regions)('has its Regions: %s is in %s', (region, id) => {
    expect(partitionOf(region)).toBe(id);
    expect(partitionOf(region.replace(/-[a-z]+-\d+$/, '-new-9')), 'a Region to come').toBe(id);
  });

  test('has its consoles where AWS has its sign-in', () => {
    const hosts = [...readFileSync(SIGN_IN, 'utf8').matchAll(/\{Region\}\.signin\.([\w.-]+)/g)].map(
      ([, host]) => host,
    );
    const consoles = regions.map(([region]) => consoleOf(region).replace(`https://${region}.console.`, ''));

    expect(hosts).toEqual(expect.arrayContaining(consoles));
    expect(new Set(consoles).size).toBe(partitions.length);
  });
});

test('a Region that nobody knows is in the usual partition', () => {
  expect([partitionOf('mars-north-1'), consoleOf('mars-north-1')]).toEqual([
    'aws',
    'https://mars-north-1.console.aws.amazon.com',
  ]);
});

test.each([
  ['aws', 'https://health.aws.amazon.com/health/home'],
  ['aws-cn', 'https://health.amazonaws.cn/health/home'],
  ['aws-us-gov', 'https://phd.amazonaws-us-gov.com/phd/home'],
  ['aws-eusc', 'https://health.amazonaws-eusc.eu/health/home'],
  ['aws-iso', 'https://health.c2shome.ic.gov/health/home'],
  ['aws-iso-b', 'https://health.sc2shome.sgov.gov/health/home'],
  ['aws-iso-e', 'https://health.csphome.adc-e.uk/health/home'],
  ['aws-iso-f', 'https://health.csphome.hci.ic.gov/health/home'],
  ['aws-moon', 'https://health.aws.amazon.com/health/home'],
])('an event of AWS Health in %s is at %s', (partition, page) => {
  expect(healthEventPage(`arn:${partition}:health:some-region::event/EC2/A/B`)).toBe(
    `${page}#/account/event-log?eventID=arn%3A${partition}%3Ahealth%3Asome-region%3A%3Aevent%2FEC2%2FA%2FB`,
  );
});
