import { describe, expect, it } from 'vitest';
import { parseMarketEvent } from '../../../../functions/spot-cordon/fall-back-to-on-demand/event.ts';
import { InvalidInputError } from '../../../../shared/errors.ts';

const TIME = '2026-11-29T12:00:00Z';
const event = (type: string, detail: object): object => ({
  id: '1',
  source: 'aws.autoscaling',
  account: '123456789012',
  region: 'eu-west-1',
  time: TIME,
  'detail-type': type,
  detail,
});

describe('an event', () => {
  it('of a failed launch says which market failed and why', () => {
    const detail = {
      AutoScalingGroupName: 'workers',
      StatusMessage: 'Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill capacity.',
    };

    expect(parseMarketEvent(event('EC2 Instance Launch Unsuccessful', detail))).toEqual({
      kind: 'launch-failure',
      group: 'workers',
      launch: { market: 'spot', failure: 'no capacity', at: Date.parse(TIME) },
    });
  });

  it('of an interruption names the instance', () => {
    const detail = { 'instance-id': 'i-0123456789abcdef0', 'instance-action': 'terminate' };

    expect(parseMarketEvent(event('EC2 Spot Instance Interruption Warning', detail))).toEqual({
      kind: 'interruption',
      interruption: { instanceId: 'i-0123456789abcdef0', at: Date.parse(TIME) },
    });
  });

  it('of a schedule is a sweep', () => {
    expect(parseMarketEvent(event('Scheduled Event', {}))).toEqual({ kind: 'sweep' });
  });

  it.each([
    ['of another type', 'EC2 Instance Launch Successful', { AutoScalingGroupName: 'workers' }],
    ['without a group', 'EC2 Instance Launch Unsuccessful', {}],
    ['with an invalid instance', 'EC2 Spot Instance Interruption Warning', { 'instance-id': 'x' }],
  ])('%s is refused', (_, type, detail) => {
    expect(() => parseMarketEvent(event(type, detail))).toThrow(InvalidInputError);
  });
});
