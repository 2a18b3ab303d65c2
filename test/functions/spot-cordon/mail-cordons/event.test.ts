import { expect, it } from 'vitest';
import { parseCordonedEvent } from '../../../../functions/spot-cordon/mail-cordons/event.ts';

const event = {
  id: 'e',
  source: 'groundcrew.spot-cordon',
  'detail-type': 'Instance Cordoned',
  account: '123456789012',
  region: 'eu-west-1',
  time: '2026-11-02T10:00:00Z',
  detail: { instanceId: 'i-abcd1111', severity: 'rebalance' },
};

it('reads the instance of the event', () => {
  expect(parseCordonedEvent(event)).toEqual({ instanceId: 'i-abcd1111' });
});

it.each([
  ['another event', { ...event, 'detail-type': 'Instance Uncordoned' }, /detail-type/],
  ['an id of the wrong form', { ...event, detail: { instanceId: 'worker' } }, /detail\.instanceId.*worker/],
])('refuses %s', (_, body, message) => {
  expect(() => parseCordonedEvent(body)).toThrow(message);
});
