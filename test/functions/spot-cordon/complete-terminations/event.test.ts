import { describe, expect, it } from 'vitest';
import { parseTerminationEvent } from '../../../../functions/spot-cordon/complete-terminations/event.ts';
import type { LifecycleAction } from '../../../../functions/spot-cordon/domain/lifecycle-action.ts';
import { terminationDueEvent } from '../../../../functions/spot-cordon/messages/events.ts';
import event from '../../../events/terminate-lifecycle-action.json' with { type: 'json' };

const action: LifecycleAction = {
  instanceId: 'i-1234567890abcdef0',
  group: 'workers',
  hook: 'drain',
  token: '87654321-4321-4321-4321-210987654321',
  startedAt: Date.parse('2026-11-02T10:00:00Z'),
  usesWarmPool: false,
};

function withDetail(detail: object): object {
  return { ...event, detail: { ...event.detail, ...detail } };
}

describe('a terminate lifecycle action', () => {
  it('names the instance, its group, the hook and the token', () => {
    expect(parseTerminationEvent(event)).toEqual(action);
  });

  it('of a group without a warm pool may have no origin and no destination', () => {
    const bare = withDetail({ Origin: undefined, Destination: undefined, NotificationMetadata: undefined });
    expect(parseTerminationEvent(bare)).toEqual(action);
  });

  it.each([
    ['returns to the warm pool', { Destination: 'WarmPool' }],
    ['comes from the warm pool', { Origin: 'WarmPool' }],
  ])('says that the instance %s', (_, detail) => {
    expect(parseTerminationEvent(withDetail(detail))).toEqual({ ...action, usesWarmPool: true });
  });

  it.each([
    ['EC2InstanceId', { EC2InstanceId: 'web-1' }],
    ['AutoScalingGroupName', { AutoScalingGroupName: '' }],
    ['LifecycleActionToken', { LifecycleActionToken: undefined }],
    ['LifecycleTransition', { LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING' }],
  ])('is refused with the name of the field if %s is wrong', (field, detail) => {
    expect(() => parseTerminationEvent(withDetail(detail))).toThrow(field);
  });

  it('is the only event that is read', () => {
    const launch = { ...event, 'detail-type': 'EC2 Instance-launch Lifecycle Action' };
    expect(() => parseTerminationEvent(launch)).toThrow("got 'EC2 Instance-launch Lifecycle Action'");
  });
});

it('what the function sends itself about a drain comes back as it was', () => {
  const targetGroup = { arn: 'arn:tg', targetType: 'ip', vpcId: 'vpc-1', isInUse: true };
  const drain = { targetGroups: [targetGroup], classicUntil: 5, lookEveryMs: 20_000, endsAt: 9 };
  const sent = JSON.stringify(terminationDueEvent({ ...action, drain }, 'eu-west-1', action.startedAt));

  expect(parseTerminationEvent(JSON.parse(sent))).toEqual({ ...action, drain });
});
