import { describe, expect, it } from 'vitest';
import type { AutoScalingGroup } from '../../../../functions/spot-cordon/domain/instance.ts';
import {
  notRestoredClassicReason,
  notRestoredReason,
} from '../../../../functions/spot-cordon/domain/restore-targets.ts';
import { cordon, ID } from '../sample-records.ts';

const group = (
  lifecycleState = 'InService',
  targetGroupArns = ['blue'],
  loadBalancerNames: readonly string[] = [],
): AutoScalingGroup => ({
  name: 'workers',
  hasCapacityRebalancing: false,
  isManagedByEcs: false,
  targetGroupArns,
  loadBalancerNames,
  suspendedProcesses: [],
  members: new Map(lifecycleState === 'gone' ? [] : [[ID, { lifecycleState, isProtected: false }]]),
});
const member = cordon({ group: 'workers' });
const ofGroup = { targetGroupArn: 'blue', isOfGroup: true, otherIds: ['i-other'] };
const byHand = { ...ofGroup, isOfGroup: false };
const registered = new Set(['i-other']);

describe('a target is registered again', () => {
  it.each([
    ['if the group still uses the target group', member, ofGroup, { group: group() }, undefined],
    [
      'not after the group moved to another target group',
      member,
      ofGroup,
      { group: group('InService', ['green']) },
      /no longer uses/,
    ],
    ['not while the instance is on standby', member, ofGroup, { group: group('Standby') }, /is Standby/],
    ['not after the instance was detached', member, byHand, { group: group('gone'), registered }, /has left/],
    ['not if the group is gone', member, ofGroup, {}, /has left/],
    ['outside a group, if another target of then is there', cordon(), byHand, { registered }, undefined],
    [
      'outside a group, not if all others have left',
      cordon(),
      byHand,
      { registered: new Set<string>() },
      /none of the other/,
    ],
    ['outside a group, if it was the only one', cordon(), { ...byHand, otherIds: [] }, {}, undefined],
  ])('%s', (_, record, drained, facts, reason) => {
    const result = notRestoredReason(record, drained, facts);
    if (reason === undefined) expect(result).toBeUndefined();
    else expect(result).toMatch(reason);
  });
});

describe('an instance is registered with a Classic Load Balancer again', () => {
  const classic = cordon({
    group: 'workers',
    drainedLoadBalancers: ['old', 'by-hand'],
    drainedLoadBalancersOfGroup: ['old'],
  });

  it.each([
    ['if the group still uses it', classic, 'old', group('InService', [], ['old']), undefined],
    [
      'not after the group moved to another one',
      classic,
      'old',
      group('InService', [], ['new']),
      /no longer/,
    ],
    ['if somebody registered it by hand then', classic, 'by-hand', group(), undefined],
    ['not while the instance is on standby', classic, 'by-hand', group('Standby'), /is Standby/],
    ['outside a group', cordon({ drainedLoadBalancers: ['old'] }), 'old', undefined, undefined],
  ])('%s', (_, record, name, found, reason) => {
    const result = notRestoredClassicReason(record, name, found);
    if (reason === undefined) expect(result).toBeUndefined();
    else expect(result).toMatch(reason);
  });
});
