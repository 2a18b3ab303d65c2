import { describe, expect, it } from 'vitest';
import type { CordonDraft } from '../../../../functions/spot-cordon/domain/cordon-record.ts';
import type { AutoScalingGroup } from '../../../../functions/spot-cordon/domain/instance.ts';
import {
  keepsProtectionReason,
  mayRestoreProtection,
  noteProtectionChange,
} from '../../../../functions/spot-cordon/domain/protection.ts';
import { cordon, ID, instance, MINUTE, NOW } from '../sample-records.ts';

const group = (isProtected: boolean, isManagedByEcs = false): AutoScalingGroup => ({
  name: 'workers',
  hasCapacityRebalancing: false,
  isManagedByEcs,
  targetGroupArns: [],
  loadBalancerNames: [],
  suspendedProcesses: [],
  members: new Map([[ID, { lifecycleState: 'InService', isProtected }]]),
});
const advice = cordon({ severity: 'rebalance', action: 'none' });
const asked = instance({ tags: { 'groundcrew:unprotect': 'advice' } });

describe('scale-in protection', () => {
  it.each([
    ['is removed for an interruption', cordon(), instance(), group(true), undefined],
    ['stays on advice', advice, instance(), group(true), 'not requested for advice'],
    ['is removed on advice if the instance asks for it', advice, asked, group(true), undefined],
    ['that Amazon ECS manages is left alone', cordon(), asked, group(true, true), 'left to Amazon ECS'],
    ['that is not set needs no change', cordon(), instance(), group(false), 'not protected'],
    ['outside a group does not exist', cordon(), instance(), undefined, 'not protected'],
  ])('%s', (_, record, found, inGroup, reason) => {
    expect(keepsProtectionReason(record, found, inGroup)).toBe(reason);
  });
});

describe('removed protection', () => {
  const removed = cordon({ removedProtection: { removedAt: NOW + 500 } });
  const after = (...changes: { at: number; isOurs: boolean }[]) => {
    let record: CordonDraft = removed;
    for (const change of changes) record = noteProtectionChange(record, change) ?? record;
    return record;
  };
  const ours = { at: NOW, isOurs: true };
  const theirs = (at: number) => ({ at, isOurs: false });

  it.each([
    ['is not restored if CloudTrail reports nothing', [], false],
    ['is restored if CloudTrail reports only our change', [ours], true],
    ['is not restored if a worker changed it later', [ours, theirs(NOW + MINUTE)], false],
    ['is not restored if the reports come in another order', [theirs(NOW + MINUTE), ours], false],
    ['is not restored if somebody changed it in the same second', [ours, theirs(NOW)], false],
    ['is restored if the other change came before', [theirs(NOW - 1000), ours], true],
  ])('%s', (_, changes, expected) => {
    expect(mayRestoreProtection(after(...changes))).toBe(expected);
  });

  it('that we never removed is not noted', () => {
    expect(noteProtectionChange(cordon(), ours)).toBeUndefined();
    expect(mayRestoreProtection(cordon())).toBe(false);
  });
});
