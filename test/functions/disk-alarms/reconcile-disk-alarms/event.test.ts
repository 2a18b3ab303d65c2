import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../../../functions/disk-alarms/reconcile-disk-alarms/event.ts';
import { readEvent } from '../../../support/handlers/events.ts';

describe('an event', () => {
  it.each([
    ['running', true],
    ['stopped', false],
    ['terminated', false],
  ])('about an instance that is %s names the instance', (state, isStart) => {
    const event = readEvent('instance-state-change');
    event.detail.state = state;
    expect(parseEvent(event)).toEqual({
      kind: 'changed',
      instanceIds: [event.detail['instance-id']],
      isStart,
    });
  });

  it('of changed tags names the instance by its ARN', () => {
    expect(parseEvent(readEvent('instance-tag-change'))).toEqual({
      kind: 'changed',
      instanceIds: ['i-1234567890abcdef0'],
      isStart: false,
    });
  });

  it('of a schedule means the fleet', () => {
    expect(parseEvent(readEvent('schedule'))).toEqual({ kind: 'schedule' });
  });

  it.each([
    ['a volume’s tags', 'detail.resource-type', { detail: { service: 'ec2', 'resource-type': 'volume' } }],
    ['no instance', 'resources must name instances', { resources: ['arn:aws:ec2:eu-west-1:1:volume/vol-1'] }],
    ['no detail', 'detail', { detail: undefined }],
    ['another kind', 'detail-type', { 'detail-type': 'EBS Volume Notification' }],
  ])('with %s is rejected', (_, fault, change) => {
    expect(() => parseEvent({ ...readEvent('instance-tag-change'), ...change })).toThrow(fault);
  });
});

describe('a call', () => {
  it('accepts the input of the AWS sample', () => {
    const topic = 'arn:aws:sns:eu-west-1:123456789012:alerts';
    expect(parseEvent({ hostname: 'Windows*', sns_topic_name: topic })).toEqual({
      kind: 'call',
      hostname: 'Windows*',
      topic,
      dryRun: false,
    });
    expect(parseEvent({ dry_run: true })).toMatchObject({ hostname: undefined, dryRun: true });
  });

  it.each([
    [{ hostnme: 'web' }, 'call: it must have no member "hostnme"'],
    [{ hostname: '' }, 'hostname must be at least 1 characters, got ""'],
    [{ hostname: ['web'] }, 'hostname must be a string, got an array of 1'],
    [{ hostname: 'w'.repeat(256) }, 'hostname must be at most 255 characters'],
    [{ hostname: 'web', sns_topic_name: null }, 'sns_topic_name must be a string, got null'],
    [{ hostname: 'web', dry_run: 'yes' }, 'dry_run must be a boolean, got "yes"'],
    ['web', 'it must be an object, got "web"'],
    [null, 'it must be an object, got null'],
  ])('%j is rejected', (payload, fault) => {
    expect(() => parseEvent(payload)).toThrow(fault);
  });
});

describe('the recovery of an alarm', () => {
  const stateEvent = (state: object) => ({
    id: 'e',
    source: 'aws.cloudwatch',
    account: '123456789012',
    region: 'eu-west-1',
    time: '2026-11-28T18:00:00Z',
    resources: [],
    'detail-type': 'CloudWatch Alarm State Change',
    detail: { alarmName: 'a', previousState: { value: 'ALARM' }, state: { value: 'OK', ...state } },
  });

  it.each([
    ['1 or 0', { reasonData: '{"recentDatapoints":[1.0,0.0,0.0]}' }, false],
    ['-1', { reasonData: '{"recentDatapoints":[1.0,-1.0,null]}' }, true],
    ['nothing', {}, false],
    ['no JSON', { reasonData: 'none' }, false],
  ])('with the latest values %s is read', (_, state, becameCritical) => {
    expect(parseEvent(stateEvent({ reason: 'why', timestamp: 'when', ...state }))).toEqual({
      kind: 'recovery',
      recovery: { alarmName: 'a', reason: 'why', at: 'when', becameCritical, isSuppressed: false },
    });
  });

  it('of a composite alarm may be suppressed, and its time may be only that of the event', () => {
    expect(parseEvent(stateEvent({ actionsSuppressedBy: 'Alarm' }))).toMatchObject({
      recovery: { isSuppressed: true, at: '2026-11-28T18:00:00Z', reason: '' },
    });
  });
});

describe('a follow-up', () => {
  const task = {
    scope: { hostname: 'web-*' },
    topicArn: 'arn',
    isNamed: true,
    attempt: 2,
    reason: 'unfinished',
    until: 1,
  };

  it('names the scope, the topic and the end of the work', () => {
    expect(parseEvent({ task })).toEqual({ kind: 'follow-up', task });
  });

  it.each([
    {},
    { scope: {} },
    { scope: { instanceIds: [] } },
    { scope: { fleet: false } },
    { reason: 'no' },
    { more: 1 },
  ])('with %j is rejected', (change) => {
    const broken = Object.keys(change).length === 0 ? {} : { ...task, ...change };
    expect(() => parseEvent({ task: broken })).toThrow('follow-up: ');
  });
});
