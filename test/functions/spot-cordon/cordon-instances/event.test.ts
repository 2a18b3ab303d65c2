import { describe, expect, it } from 'vitest';
import { parseWarningEvent } from '../../../../functions/spot-cordon/cordon-instances/event.ts';
import capacityWarning from '../../../events/capacity-reservation-interruption-warning.json' with {
  type: 'json',
};
import health from '../../../events/health-scheduled-change.json' with { type: 'json' };
import recommendation from '../../../events/rebalance-recommendation.json' with { type: 'json' };
import warning from '../../../events/spot-interruption-warning.json' with { type: 'json' };

const options = { region: 'eu-west-1', rebalanceHoldMs: 1_800_000 };
const at = Date.parse('2026-11-02T10:00:00Z');
const start = Date.parse('2026-11-16T13:19:03Z');

function read(body: unknown) {
  return parseWarningEvent(body, options);
}

function withDetail<T extends { detail: object }>(event: T, detail: object): T {
  return { ...event, detail: { ...event.detail, ...detail } };
}

describe('an interruption warning', () => {
  it('has a deadline two minutes after its own time, whatever the resource ARN says', () => {
    expect(read(warning)).toEqual({
      kind: 'disruption',
      ignored: [],
      disruptions: [
        {
          instanceId: 'i-1234567890abcdef0',
          eventTime: at,
          sourceEventId: warning.id,
          severity: 'interruption',
          reason: 'spot interruption',
          action: 'terminate',
          deadline: at + 120_000,
          staleAt: at + 120_000,
        },
      ],
    });
  });

  it('of hibernation has its deadline at once but is acted on for two minutes', () => {
    const event = read(withDetail(warning, { 'instance-action': 'hibernate' }));
    expect(event).toMatchObject({
      disruptions: [{ action: 'hibernate', deadline: at, staleAt: at + 120_000 }],
    });
  });

  it('about a capacity reservation is parsed in the same way', () => {
    expect(read(capacityWarning)).toMatchObject({
      disruptions: [{ severity: 'interruption', reason: 'capacity reservation interruption' }],
    });
  });

  it('accepts short and long instance ids', () => {
    const event = read(withDetail(warning, { 'instance-id': 'i-abcd1111' }));
    expect(event).toMatchObject({ disruptions: [{ instanceId: 'i-abcd1111' }] });
  });
});

it('a rebalance recommendation expires after the hold', () => {
  expect(read(recommendation)).toMatchObject({
    disruptions: [
      { severity: 'rebalance', action: 'none', expiresAt: at + 1_800_000, staleAt: at + 1_800_000 },
    ],
  });
});

describe('a Health event', () => {
  it('names instances by ARN and by id', () => {
    const event = read(health);
    expect(event).toMatchObject({
      disruptions: [
        { instanceId: 'i-1234567890abcdef0', reason: 'scheduled retirement', deadline: start },
        { instanceId: 'i-abcd1111', severity: 'scheduled', expiresAt: start + 86_400_000 },
      ],
    });
  });

  it('reports entities that are not instances, and releases those that are resolved', () => {
    const affectedEntities = [
      { entityValue: 'arn:aws:ec2:eu-west-1:123456789012:dedicated-host/h-0abc' },
      { entityValue: 'i-abcd1111', status: 'RESOLVED' },
      { entityValue: '' },
    ];
    expect(read(withDetail(health, { affectedEntities }))).toEqual({
      kind: 'disruption',
      disruptions: [],
      resolved: {
        instanceIds: ['i-abcd1111'],
        notice: health.detail.eventArn,
        eventTime: Date.parse(health.time),
      },
      ignored: [
        {
          value: 'arn:aws:ec2:eu-west-1:123456789012:dedicated-host/h-0abc',
          reason: 'is neither an instance nor a Dedicated Host',
        },
        { value: '', reason: 'is neither an instance nor a Dedicated Host' },
      ],
    });
  });

  it('without a status is open, as in the forms of before 2020', () => {
    const { statusCode: _, eventArn: _arn, ...detail } = health.detail;
    expect(read({ ...health, detail })).toMatchObject({
      kind: 'disruption',
      disruptions: [{ severity: 'scheduled', notice: 'scheduled retirement' }, {}],
    });
  });

  it('may name no resource, with page numbers as strings or numbers', () => {
    const detail = { ...health.detail, affectedEntities: undefined, page: 1, backupEvent: false };
    expect(read({ ...health, detail })).toMatchObject({
      kind: 'ignored',
      ignored: [{ reason: 'names no resource' }],
    });
  });

  it('is a cancellation when it is closed, whatever the status of its entities', () => {
    const affectedEntities = health.detail.affectedEntities.map((one) => ({ ...one, status: 'RESOLVED' }));
    const event = read(withDetail(health, { statusCode: 'closed', affectedEntities }));
    expect(event).toEqual({
      kind: 'cancellation',
      instanceIds: ['i-1234567890abcdef0', 'i-abcd1111'],
      ignored: [],
      notice: health.detail.eventArn,
      eventTime: Date.parse(health.time),
    });
  });

  it.each([
    ['is a backup copy of another Region', { eventRegion: 'eu-central-1', backupEvent: 'true' }],
    ['does not affect a running instance', { eventTypeCode: 'AWS_EC2_PLANNED_LIFECYCLE_EVENT' }],
  ])('is ignored when it %s', (_, detail) => {
    expect(read(withDetail(health, detail))).toMatchObject({ kind: 'ignored', ignored: [{}] });
  });

  it.each([
    ['AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED', 'stop'],
    ['AWS_EC2_INSTANCE_TERMINATION_SCHEDULED', 'terminate'],
    ['AWS_EC2_INSTANCE_STOP_SCHEDULED', 'stop'],
    ['AWS_EC2_SYSTEM_REBOOT_MAINTENANCE_SCHEDULED', 'reboot'],
    ['AWS_EC2_INSTANCE_NETWORK_MAINTENANCE_SCHEDULED', 'maintenance'],
  ])('%s means %s', (eventTypeCode, action) => {
    expect(read(withDetail(health, { eventTypeCode }))).toMatchObject({
      disruptions: [{ action }, { action }],
    });
  });
});

describe('an invalid event is refused with the field and its value', () => {
  it.each([
    ['not an event', 'nonsense', /nonsense/],
    ['no instance id', { ...warning, detail: { 'instance-action': 'stop' } }, /detail\.instance-id/],
    [
      'an id of the wrong form',
      withDetail(warning, { 'instance-id': 'i-XYZ' }),
      /detail\.instance-id.*i-XYZ/,
    ],
    ['an id with text after it', withDetail(warning, { 'instance-id': 'i-abcd1111; rm -rf' }), /instance-id/],
    ['an unknown action', withDetail(warning, { 'instance-action': 'explode' }), /instance-action.*explode/],
    [
      'an event of another type',
      { ...warning, 'detail-type': 'Tag Change on Resource' },
      /detail-type.*Tag Change/,
    ],
    ['an invalid time', { ...warning, time: 'yesterday' }, /time.*yesterday/],
    ['an invalid Health date', withDetail(health, { startTime: 'soon' }), /detail\.startTime.*soon/],
    ['an unknown Health status', withDetail(health, { statusCode: 'maybe' }), /detail\.statusCode.*maybe/],
  ])('%s', (_, body, message) => {
    expect(() => read(body)).toThrow(
      expect.objectContaining({ name: 'InvalidInputError', message: expect.stringMatching(message) }),
    );
  });
});
