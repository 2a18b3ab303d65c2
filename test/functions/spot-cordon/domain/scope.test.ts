import { describe, expect, it } from 'vitest';
import { outOfScopeReason, shouldDescribeFirst } from '../../../../functions/spot-cordon/domain/scope.ts';
import { instance, reboot, recommendation, warning } from '../sample-records.ts';

describe('scope', () => {
  const managed = instance({ isSpot: false, tags: { 'groundcrew:managed': 'true' } });
  it.each([
    ['all', warning, undefined, undefined],
    ['all', recommendation, undefined, undefined],
    ['all', reboot, instance(), undefined],
    ['all', reboot, managed, undefined],
    ['all', reboot, instance({ isSpot: false }), 'neither Spot nor tagged'],
    ['all', reboot, undefined, 'no such instance'],
    ['tagged', warning, managed, undefined],
    ['tagged', warning, instance(), 'not tagged'],
    ['tagged', warning, instance({ tags: { 'groundcrew:managed': 'yes' } }), 'not tagged'],
    ['tagged', recommendation, undefined, 'no such instance'],
  ] as const)('with %s, %o and %o gives %s', (scope, disruption, found, reason) => {
    expect(outOfScopeReason(disruption, scope, found)).toBe(reason);
  });

  it('needs EC2 only when the event does not decide the scope', () => {
    expect([
      shouldDescribeFirst(warning, 'all'),
      shouldDescribeFirst(reboot, 'all'),
      shouldDescribeFirst(warning, 'tagged'),
    ]).toEqual([false, true, true]);
  });
});
