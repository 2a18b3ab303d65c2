import { describe, expect, it } from 'vitest';
import { grantDrains } from '../../../../functions/spot-cordon/domain/drain-floor.ts';
import { MINUTE, NOW } from '../sample-records.ts';

const half = { share: 0.5, now: NOW };
const request = (name: string, deadline: number | undefined = NOW + 2 * MINUTE) => ({
  instanceId: name,
  keys: [name],
  deadline,
  until: NOW + 12 * MINUTE,
});
const pool = (...names: string[]) => ({ name: 'web', healthy: new Set(names) });
const names = (granted: ReadonlySet<string>) => [...granted].sort();

describe('the floor of a pool', () => {
  it.each([
    ['half of four', 0.5, ['a', 'b']],
    ['all', 1, []],
    ['none, but the last one stays', 0, ['a', 'b', 'c']],
    ['a share is rounded up', 0.6, ['a']],
  ])('%s', (_, share, expected) => {
    const { granted } = grantDrains(
      undefined,
      pool('a', 'b', 'c', 'd'),
      ['a', 'b', 'c', 'd'].map((one) => request(one)),
      { share, now: NOW },
    );
    expect(names(granted)).toEqual(expected);
  });

  it('lets the earliest deadline go first', () => {
    const { granted } = grantDrains(
      undefined,
      pool('a', 'b'),
      [request('a'), request('b', NOW + MINUTE)],
      half,
    );
    expect(names(granted)).toEqual(['b']);
  });

  it('ignores targets that are not healthy', () => {
    const { granted } = grantDrains(undefined, pool('a', 'b'), [request('sick'), request('a')], half);
    expect(names(granted)).toEqual(['a', 'sick']);
  });

  it('does not sink with the targets that have left', () => {
    const first = grantDrains(undefined, pool('a', 'b', 'c', 'd'), [request('a'), request('b')], half);
    const second = grantDrains(first.ledger, pool('c', 'd'), [request('c')], {
      share: 0.5,
      now: NOW + 90_000 - 60_000,
    });
    expect(names(second.granted)).toEqual([]);
  });

  it('counts a granted target as gone before the load balancer lists it so', () => {
    const first = grantDrains(undefined, pool('a', 'b', 'c', 'd'), [request('a'), request('b')], half);
    const second = grantDrains(first.ledger, pool('a', 'b', 'c', 'd'), [request('c')], half);
    expect(names(second.granted)).toEqual([]);
  });

  it('grants a redelivered request again', () => {
    const first = grantDrains(undefined, pool('a', 'b', 'c', 'd'), [request('a'), request('b')], half);
    const second = grantDrains(first.ledger, pool('a', 'b', 'c', 'd'), [request('a')], half);
    expect(names(second.granted)).toEqual(['a']);
  });

  it('lets the next ones go when replacements are healthy', () => {
    const first = grantDrains(undefined, pool('a', 'b', 'c', 'd'), [request('a'), request('b')], half);
    const second = grantDrains(first.ledger, pool('c', 'd', 'x', 'y'), [request('c'), request('d')], half);
    expect(names(second.granted)).toEqual(['c', 'd']);
  });

  it('forgets what left when its disruption is long over', () => {
    const first = grantDrains(undefined, pool('a', 'b', 'c', 'd'), [request('a'), request('b')], half);
    const later = { share: 0.5, now: NOW + 13 * MINUTE };
    expect(
      names(grantDrains(first.ledger, pool('c', 'd'), [request('c', undefined)], later).granted),
    ).toEqual(['c']);
  });

  it('gives way in the last seconds, except for the last healthy target', () => {
    const late = { share: 0.5, now: NOW + 90_000 };
    const { granted } = grantDrains(
      undefined,
      pool('a', 'b', 'c'),
      ['a', 'b', 'c'].map((one) => request(one)),
      late,
    );
    expect(names(granted)).toEqual(['a', 'b']);
  });
});
