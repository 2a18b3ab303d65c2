import { expect, it } from 'vitest';
import { parseMailEvent } from '../../../../functions/spot-cordon/mail-cordons/event.ts';

const instanceId = 'i-abcd1111';
const event = {
  id: 'e',
  source: 'groundcrew.spot-cordon',
  'detail-type': 'Instance Cordoned',
  account: '123456789012',
  region: 'eu-west-1',
  time: '2026-11-02T10:00:00Z',
  detail: { instanceId, severity: 'rebalance' },
};
const overdue = {
  ...event,
  'detail-type': 'Instance Overdue',
  detail: { instanceId, overdueAction: 'terminate' },
};
const failed = {
  ...event,
  'detail-type': 'Replacement Failed',
  detail: { instanceId, launchFailure: 'refused' },
};

it.each([
  [event, { kind: 'cordoned', instanceId }],
  [overdue, { kind: 'overdue', instanceId, isToTerminate: true }],
  [failed, { kind: 'launch failed', instanceId, failure: 'refused' }],
])('reads what the event says (%#)', (body, parsed) => {
  expect(parseMailEvent(body)).toEqual(parsed);
});

it.each([
  ['another event', { ...event, 'detail-type': 'Instance Uncordoned' }, /detail-type/],
  ['an id of the wrong form', { ...event, detail: { instanceId: 'worker' } }, /detail\.instanceId.*worker/],
  [
    'another reason',
    { ...failed, detail: { instanceId, launchFailure: 'bad luck' } },
    /detail\.launchFailure/,
  ],
])('refuses %s', (_, body, message) => {
  expect(() => parseMailEvent(body)).toThrow(message);
});
