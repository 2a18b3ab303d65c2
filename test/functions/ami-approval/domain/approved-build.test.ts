import { describe, expect, it } from 'vitest';
import { keyOfApproved, newerApproved } from '../../../../functions/ami-approval/domain/approved-build.ts';
import { approval, imageArn, NOW, subject } from '../approvals.ts';

describe('the last approved build', () => {
  const shared = approval({ status: 'shared', decidedAt: NOW });

  it.each(['shared', 'resumed'] as const)('is one that was %s', (status) => {
    expect(newerApproved(undefined, { ...shared, status })).toMatchObject({
      imageArn,
      version: '1.4.0/7',
      at: NOW,
    });
  });

  it.each(['rejected', 'expired', 'failed', 'cancelled', 'outdated'] as const)(
    'is not one that was %s',
    (status) => {
      expect(newerApproved(undefined, { ...shared, status })).toBeUndefined();
    },
  );

  it('is not replaced by one that was decided earlier', () => {
    const known = {
      ...keyOfApproved(subject()),
      revision: 'r',
      imageArn,
      version: '1',
      at: NOW,
      facts: { components: [] },
    };
    expect(newerApproved(known, { ...shared, decidedAt: NOW - 1 })).toBeUndefined();
    expect(newerApproved(known, { ...shared, decidedAt: NOW + 1 })?.at).toBe(NOW + 1);
  });

  it('is one per pipeline, and per image name without a pipeline', () => {
    const keys = [{ name: 'a', pipeline: 'p' }, { name: 'b', pipeline: 'p' }, { name: 'p' }].map(
      (one) => keyOfApproved(one).image,
    );
    expect(new Set(keys).size).toBe(2);
    expect(keys[0]).toBe(keys[1]);
  });
});
