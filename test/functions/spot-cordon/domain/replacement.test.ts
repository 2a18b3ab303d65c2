import { describe, expect, it } from 'vitest';
import type { AutoScalingGroup } from '../../../../functions/spot-cordon/domain/instance.ts';
import { chooseReplacement, shouldReplace } from '../../../../functions/spot-cordon/domain/replacement.ts';
import { cordon, ID, instance } from '../sample-records.ts';

describe('a replacement', () => {
  const group = (lifecycleState: string, hasCapacityRebalancing = false): AutoScalingGroup => ({
    name: 'workers',
    hasCapacityRebalancing,
    targetGroupArns: [],
    isManagedByEcs: false,
    loadBalancerNames: [],
    members: new Map([[ID, { lifecycleState, isProtected: false }]]),
  });
  it.each([
    ['in service', group('InService'), false, { kind: 'detach', group: 'workers' }],
    ['in service with a hook', group('InService'), true, { kind: 'terminate', group: 'workers' }],
    ['on standby', group('Standby'), false, { kind: 'detach', group: 'workers' }],
    [
      'rebalanced by the group',
      group('InService', true),
      true,
      { kind: 'none', reason: 'Capacity Rebalancing replaces it' },
    ],
    ['terminating', group('Terminating:Wait'), true, { kind: 'none', reason: 'is already Terminating:Wait' }],
    ['detaching', group('Detaching'), false, { kind: 'none', reason: 'is already Detaching' }],
    ['not yet in service', group('Pending'), false, { kind: 'none', reason: 'is already Pending' }],
    ['in a warm pool', group('Warmed:Stopped'), false, { kind: 'none', reason: 'is already Warmed:Stopped' }],
    ['in no group', undefined, false, { kind: 'none', reason: 'in no Auto Scaling group' }],
  ])('of an instance %s', (_, found, hook, expected) => {
    expect(chooseReplacement(ID, found, hook)).toEqual(expected);
  });

  const asked = instance({ tags: { 'groundcrew:replace': 'true' } });
  it.each([
    [cordon(), asked, true],
    [cordon(), instance(), false],
    [cordon({ action: 'stop' }), asked, false],
    [cordon({ action: 'hibernate' }), asked, false],
    [cordon({ severity: 'rebalance', action: 'none' }), asked, false],
    [cordon({ severity: 'scheduled', action: 'terminate' }), asked, false],
  ])('is ordered only for an announced termination, and only on request (%#)', (record, found, wanted) => {
    expect(shouldReplace(record, found)).toBe(wanted);
  });
});
