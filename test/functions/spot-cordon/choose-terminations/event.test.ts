import { expect, it } from 'vitest';
import { parseTerminationRequest } from '../../../../functions/spot-cordon/choose-terminations/event.ts';
import { InvalidInputError } from '../../../../shared/errors.ts';
import { readEvent } from '../../../support/handlers/events.ts';

it("reads the request of AWS's user guide", () => {
  const request = parseTerminationRequest(readEvent('termination-policy-request'));

  expect(request).toMatchObject({ group: 'workers', cause: 'SCALE_IN' });
  expect(request.capacity).toEqual([
    { zone: 'eu-west-1b', market: 'on-demand', count: 2 },
    { zone: 'eu-west-1b', market: 'spot', count: 1 },
    { zone: 'eu-west-1c', market: 'on-demand', count: 3 },
  ]);
  expect(request.candidates).toHaveLength(3);
  expect(request.candidates[0]).toEqual({
    instanceId: 'i-0056faf8da3e1f75d',
    zone: 'eu-west-1b',
    market: 'on-demand',
  });
});

it('takes an instance without a market for an On-Demand one', () => {
  const event = readEvent('termination-policy-request');
  delete event.Instances[0].InstanceMarketOption;

  expect(parseTerminationRequest(event).candidates[0]?.market).toBe('on-demand');
});

it('takes more instances than it names, and causes that are new', () => {
  const event = {
    ...readEvent('termination-policy-request'),
    Cause: 'SOMETHING_NEW',
    HasMoreInstances: true,
  };

  expect(parseTerminationRequest(event).cause).toBe('SOMETHING_NEW');
});

it.each([
  [
    'an instance id',
    { Instances: [{ AvailabilityZone: 'a', InstanceId: '', InstanceMarketOption: 'spot' }] },
    /Instances\.0: InstanceId must be at least 1/,
  ],
  ['AutoScalingGroupName', { AutoScalingGroupName: '' }, /AutoScalingGroupName must be at least 1/],
  ['Cause', { Cause: 7 }, /Cause must be a string, got 7/],
  ['Instances', { Instances: 7 }, /Instances must be an array, got 7/],
  ['an instance', { Instances: [{}] }, /Instances\.0: AvailabilityZone must be a string/],
  [
    'Capacity',
    { CapacityToTerminate: [{ AvailabilityZone: 'a', Capacity: -1 }] },
    /CapacityToTerminate\.0\.Capacity must be at least 0, got -1/,
  ],
])('names a field that it cannot read: %s', (_, change, message) => {
  const parse = () => parseTerminationRequest({ ...readEvent('termination-policy-request'), ...change });

  expect(parse).toThrow(InvalidInputError);
  expect(parse).toThrow(message);
});
