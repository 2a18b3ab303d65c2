import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { eventBridgeEvent } from '../../../shared/events/eventbridge.ts';
import { parseAs } from '../../../shared/parse.ts';
import { readEvent } from '../../support/handlers/events.ts';

const detail = z.object({ 'instance-id': z.string() });
const event = (): object => JSON.parse(readEvent('sqs-batch').Records[0].body);

describe('eventBridgeEvent', () => {
  it('reads the envelope with its detail, whatever the detail type', () => {
    const read = parseAs(
      eventBridgeEvent(detail),
      { ...event(), 'replay-name': 'r', resources: undefined },
      'event',
    );
    const instanceId: string = read.detail['instance-id'];
    expect(instanceId).toBe('i-0b662ef9931388ba0');
    expect(read).toMatchObject({ source: 'aws.ec2', region: 'eu-west-1', resources: [] });
  });

  it('makes unions that are told apart by their detail type', () => {
    const either = z.discriminatedUnion('detail-type', [
      eventBridgeEvent(detail, z.literal('EC2 Spot Instance Interruption Warning')),
      eventBridgeEvent(z.object({ state: z.string() }), z.literal('EC2 Instance State-change Notification')),
    ]);
    const read = parseAs(either, event(), 'event');
    const found: string =
      read['detail-type'] === 'EC2 Spot Instance Interruption Warning'
        ? read.detail['instance-id']
        : read.detail.state;
    expect(found).toBe('i-0b662ef9931388ba0');
    expect(() => parseAs(either, { ...event(), detail: {} }, 'event')).toThrow(
      'event: detail.instance-id must be a string, got nothing',
    );
    expect(() => parseAs(either, { ...event(), 'detail-type': 'Other' }, 'event')).toThrow(
      /^event: detail-type .*got "Other"$/,
    );
  });

  it.each([
    [{ time: 'yesterday' }, 'time must be a time, got "yesterday"'],
    [{ id: '' }, 'id must be at least 1 characters, got ""'],
    [{ resources: 'arn' }, 'resources must be an array, got "arn"'],
    [{ region: 7 }, 'region must be a string, got 7'],
  ])('names what is wrong in %j', (change, message) => {
    expect(() => parseAs(eventBridgeEvent(detail), { ...event(), ...change }, 'event')).toThrow(
      `event: ${message}`,
    );
  });
});
