import { describe, expect, it } from 'vitest';
import type { AutoScalingGroup } from '../../../../functions/spot-cordon/domain/instance.ts';
import {
  chooseReplacement,
  isNewLaunchFailure,
  shouldReplace,
  toLaunchFailure,
} from '../../../../functions/spot-cordon/domain/replacement.ts';
import { cordon, ID, instance, MINUTE, NOW } from '../sample-records.ts';

const DETACH = { kind: 'detach', group: 'workers' };

describe('a replacement', () => {
  const group = (
    lifecycleState: string,
    hasCapacityRebalancing = false,
    suspendedProcesses: readonly string[] = [],
  ): AutoScalingGroup => ({
    name: 'workers',
    hasCapacityRebalancing,
    targetGroupArns: [],
    isManagedByEcs: false,
    loadBalancerNames: [],
    suspendedProcesses,
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
    [
      'in a group that launches nothing',
      group('InService', false, ['AZRebalance', 'Launch']),
      true,
      { kind: 'none', reason: 'not ordered: its group has suspended Launch' },
    ],
    [
      'in a group that terminates nothing',
      group('InService', false, ['Terminate']),
      false,
      { kind: 'none', reason: 'not ordered: its group has suspended Terminate' },
    ],
    ['in a group without health checks', group('InService', false, ['HealthCheck']), false, DETACH],
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

describe('a failed launch', () => {
  const ordered = { kind: 'detach', group: 'workers', orderedAt: NOW + 700 } as const;
  const failed = { group: 'workers', at: NOW };

  it.each([
    ['in the second of the order', cordon({ orderedReplacement: ordered }), failed, true],
    ['of another group', cordon({ orderedReplacement: ordered }), { ...failed, group: 'web' }, false],
    ['before the order', cordon({ orderedReplacement: ordered }), { ...failed, at: NOW - 1000 }, false],
    [
      'long after the order',
      cordon({ orderedReplacement: ordered }),
      { ...failed, at: NOW + 11 * MINUTE },
      false,
    ],
    ['without an order', cordon({ group: 'workers' }), failed, false],
    [
      'that was reported before',
      cordon({ orderedReplacement: ordered, launchFailure: 'no capacity' }),
      failed,
      false,
    ],
  ])('%s', (_, record, launch, isNew) => {
    expect(isNewLaunchFailure(record, launch)).toBe(isNew);
  });

  // Texts as people report them in public.
  it.each([
    ['Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill capacity.', 'no capacity'],
    ['InsufficientInstanceCapacity - There is no Spot capacity available that matches.', 'no capacity'],
    ['VcpuLimitExceeded - You have requested more vCPU capacity than your current limit.', 'limit reached'],
    ['MaxSpotInstanceCountExceeded - Max spot instance count exceeded.', 'limit reached'],
    ['InvalidFleetConfiguration - Your requested instance type is not supported.', 'refused'],
    ['', 'refused'],
  ])('has a reason from a fixed vocabulary: %s', (text, reason) => {
    expect(toLaunchFailure(text)).toBe(reason);
  });
});
