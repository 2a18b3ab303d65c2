import { describe, expect, it } from 'vitest';
import {
  isDrainLongerThanNotice,
  mergeDrainedTargets,
  targetGroupsToSearch,
  targetsOfInstance,
} from '../../../../functions/spot-cordon/domain/drain-targets.ts';
import { ID, instance } from '../sample-records.ts';

describe('draining', () => {
  const byId = { arn: 'by-id', targetType: 'instance', vpcId: 'vpc-1', isInUse: true };
  const byIp = { arn: 'by-ip', targetType: 'ip', vpcId: 'vpc-1', isInUse: true };

  it('searches only target groups that can contain the instance', () => {
    const all = [
      byId,
      byIp,
      { ...byId, arn: 'lambda', targetType: 'lambda' },
      { ...byId, arn: 'alb', targetType: 'alb' },
      { ...byId, arn: 'elsewhere', vpcId: 'vpc-2' },
      { ...byId, arn: 'unused', isInUse: false },
      { ...byId, arn: 'unused but filled', isInUse: false },
    ];
    const found = targetGroupsToSearch(all, [instance()], new Set(['unused but filled']));
    expect(found.map(({ arn }) => arn)).toEqual(['by-id', 'by-ip', 'unused but filled']);
  });

  it('finds every port, by id or by any address, except targets that already drain', () => {
    const registered = [
      { target: { Id: ID, Port: 80 }, state: 'healthy' },
      { target: { Id: ID, Port: 81 }, state: 'unhealthy' },
      { target: { Id: ID, Port: 82 }, state: 'draining' },
      { target: { Id: '10.0.0.2', Port: 80 }, state: 'initial' },
      { target: { Id: 'i-other', Port: 80 }, state: 'healthy' },
    ];
    const found = instance({ privateIps: ['10.0.0.1', '10.0.0.2'] });
    expect(targetsOfInstance(found, byId, registered).map(({ Port }) => Port)).toEqual([80, 81]);
    expect(targetsOfInstance(found, byIp, registered)).toEqual([{ Id: '10.0.0.2', Port: 80 }]);
  });

  it('keeps each target once', () => {
    const a = { targetGroupArn: 'a', targets: [{ Id: ID, Port: 80 }] };
    expect(
      mergeDrainedTargets(
        [a],
        [
          {
            targetGroupArn: 'a',
            targets: [
              { Id: ID, Port: 80 },
              { Id: ID, Port: 81 },
            ],
          },
        ],
      ),
    ).toEqual([
      {
        targetGroupArn: 'a',
        targets: [
          { Id: ID, Port: 80 },
          { Id: ID, Port: 81 },
        ],
      },
    ]);
  });

  it('recognises target groups that drain for longer than the notice', () => {
    expect([
      isDrainLongerThanNotice(120),
      isDrainLongerThanNotice(121),
      isDrainLongerThanNotice(300),
    ]).toEqual([false, true, true]);
  });
});
