import { describe, expect, it } from 'vitest';
import { readOccasion } from '../../../functions/disk-alarms/reconcile-disk-alarms/event.ts';
import { readEvent } from '../../support/events.ts';

describe('an event', () => {
  it.each([
    ['running', true],
    ['stopped', false],
    ['terminated', false],
  ])('of an instance that is %s names it', (state, isStart) => {
    const event = readEvent('instance-state-change');
    event.detail.state = state;
    expect(readOccasion(event)).toEqual({
      kind: 'changed',
      instanceIds: [event.detail['instance-id']],
      isStart,
    });
  });

  it('of changed tags names the instance by its ARN', () => {
    expect(readOccasion(readEvent('instance-tag-change'))).toEqual({
      kind: 'changed',
      instanceIds: ['i-1234567890abcdef0'],
      isStart: false,
    });
  });

  it('of a schedule means the fleet', () => {
    expect(readOccasion(readEvent('schedule'))).toEqual({ kind: 'schedule' });
  });

  it.each([
    ['a volume’s tags', 'detail.resource-type', { detail: { service: 'ec2', 'resource-type': 'volume' } }],
    ['no instance', 'resources must name instances', { resources: ['arn:aws:ec2:eu-west-1:1:volume/vol-1'] }],
    ['no detail', 'detail', { detail: undefined }],
    ['another kind', 'detail-type', { 'detail-type': 'EBS Volume Notification' }],
  ])('about %s is refused', (_, fault, change) => {
    expect(() => readOccasion({ ...readEvent('instance-tag-change'), ...change })).toThrow(fault);
  });
});

describe('a call', () => {
  it('has the form of the sample', () => {
    const topic = 'arn:aws:sns:eu-west-1:123456789012:alerts';
    expect(readOccasion({ hostname: 'Windows*', sns_topic_name: topic })).toEqual({
      kind: 'call',
      hostname: 'Windows*',
      topic,
      dryRun: false,
    });
    expect(readOccasion({ dry_run: true })).toMatchObject({ hostname: undefined, dryRun: true });
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
  ])('%j is refused', (payload, fault) => {
    expect(() => readOccasion(payload)).toThrow(fault);
  });
});

describe('a follow-up', () => {
  const task = { scope: { hostname: 'web-*' }, topicArn: 'arn', round: 2, why: 'unfinished', until: 1 };

  it('says where to go on', () => {
    expect(readOccasion({ task })).toEqual({ kind: 'follow-up', task });
  });

  it.each([
    {},
    { scope: {} },
    { scope: { instanceIds: [] } },
    { scope: { fleet: false } },
    { why: 'no' },
    { more: 1 },
  ])('with %j is refused', (change) => {
    const broken = Object.keys(change).length === 0 ? {} : { ...task, ...change };
    expect(() => readOccasion({ task: broken })).toThrow('follow-up: ');
  });
});
