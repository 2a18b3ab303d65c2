import { describe, expect, it } from 'vitest';
import { parseTriggerEvent } from '../../../../functions/spot-cordon/uncordon-instances/event.ts';
import stateChange from '../../../events/instance-state-change.json' with { type: 'json' };
import schedule from '../../../events/schedule.json' with { type: 'json' };

it('parses a state change from its event and the sweep from the schedule', () => {
  expect(parseTriggerEvent(schedule)).toEqual({ kind: 'sweep' });
  expect(parseTriggerEvent(stateChange)).toEqual({
    kind: 'state-change',
    instanceId: 'i-1234567890abcdef0',
    state: 'running',
    eventTime: Date.parse('2026-11-02T10:05:00Z'),
  });
  expect(() => parseTriggerEvent({ ...stateChange, detail: { state: 'odd' } })).toThrow(/instance-id/);
  expect(() => parseTriggerEvent({ ...stateChange, 'detail-type': 'x' })).toThrow(/detail-type.*x/);
});

describe('a change of scale-in protection', () => {
  const call = {
    ...schedule,
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.autoscaling',
    detail: {
      eventSource: 'autoscaling.amazonaws.com',
      eventName: 'SetInstanceProtection',
      eventTime: '2026-11-02T10:05:00Z',
      userIdentity: {
        type: 'AssumedRole',
        principalId: 'AROAEXAMPLE:worker-7',
      },
      requestParameters: {
        autoScalingGroupName: 'workers',
        instanceIds: ['i-abcd1111'],
        protectedFromScaleIn: false,
      },
    },
  };

  it('names the instances and the session of the caller', () => {
    expect(parseTriggerEvent(call)).toEqual({
      kind: 'protection-change',
      instanceIds: ['i-abcd1111'],
      sessionName: 'worker-7',
      eventTime: Date.parse('2026-11-02T10:05:00Z'),
    });
  });

  it('by a user has no session', () => {
    const detail = { ...call.detail, userIdentity: { type: 'IAMUser', principalId: 'AIDAEXAMPLE' } };
    expect(parseTriggerEvent({ ...call, detail })).toMatchObject({ sessionName: undefined });
  });
});
