import { expect, it } from 'vitest';
import { type DnsLookup, healthRegions } from '../../../../functions/health-gate/aws/health-endpoint.ts';

const MINUTE = 60_000;

const pointsTo =
  (...targets: string[]): DnsLookup =>
  async () =>
    targets;
const unreachable: DnsLookup = async () => {
  throw Object.assign(new Error('queryCname ETIMEOUT'), { code: 'ETIMEOUT' });
};

// Each look comes an hour after the last, so that none is served from what the one before found out.
let now = 0;
const look = (own: string, lookUp: DnsLookup) => {
  now += 60 * MINUTE;
  return healthRegions(own, now, lookUp);
};

it('asks where the global name points to, and then the other one', async () => {
  expect(await look('eu-west-1', pointsTo('health.us-east-2.amazonaws.com'))).toEqual([
    'us-east-2',
    'us-east-1',
  ]);
  expect(await look('eu-west-1', pointsTo('health.us-east-1.amazonaws.com.'))).toEqual([
    'us-east-1',
    'us-east-2',
  ]);
});

it.each([
  ['nothing', pointsTo()],
  ["somebody else's name", pointsTo('health.us-east-1.example.com')],
  ['a Region without an endpoint', pointsTo('health.eu-west-1.amazonaws.com')],
  ['no DNS at all', unreachable],
])('takes the usual order for %s', async (_, lookUp) => {
  expect(await look('ap-southeast-2', lookUp)).toEqual(['us-east-1', 'us-east-2']);
});

it('has endpoints of their own for other partitions, whose alias it does not know', async () => {
  expect(await look('cn-north-1', unreachable)).toEqual(['cn-northwest-1', 'cn-north-1']);
  expect(await look('us-gov-east-1', unreachable)).toEqual(['us-gov-west-1']);
  expect(await look('eusc-de-east-1', unreachable)).toEqual(['eusc-de-east-1']);
});

it('looks once a minute, and notices a failover after it', async () => {
  let looks = 0;
  const counted: DnsLookup = async () => {
    looks++;
    return [looks === 1 ? 'health.us-east-1.amazonaws.com' : 'health.us-east-2.amazonaws.com'];
  };
  expect((await look('eu-west-1', counted))[0]).toBe('us-east-1');
  expect((await healthRegions('eu-west-1', now + MINUTE - 1, counted))[0]).toBe('us-east-1');
  expect(looks).toBe(1);
  expect((await healthRegions('eu-west-1', now + MINUTE, counted))[0]).toBe('us-east-2');
  now += MINUTE;
});
