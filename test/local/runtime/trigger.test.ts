import { expect, it } from 'vitest';
import { readTrigger } from '../../../local/runtime/trigger.ts';

const event = { id: 'e1', 'detail-type': 'Warning', detail: {} };
const schedule = {
  ...{ id: 'e2', 'detail-type': 'Scheduled Event', detail: {} },
  resources: ['arn:aws:events:eu-west-1:123456789012:rule/pack-Sweep'],
};
const record = (body: unknown, receives = 1) => ({
  body: typeof body === 'string' ? body : JSON.stringify(body),
  attributes: { ApproximateReceiveCount: String(receives) },
});

it.each([
  ['an event', event, { kind: 'event', eventIds: ['e1'] }],
  ['a schedule', schedule, { kind: 'schedule', name: 'pack-Sweep', eventIds: ['e2'] }],
  [
    'a batch of events',
    { Records: [record(event), record({ ...event, id: 'e3' }, 3)] },
    { kind: 'event', eventIds: ['e1', 'e3'], deliveries: 3 },
  ],
  ['a schedule through a queue', { Records: [record(schedule)] }, { kind: 'schedule', name: 'pack-Sweep' }],
  [
    'an event through a topic and a queue',
    { Records: [record({ Type: 'Notification', Message: JSON.stringify(event) })] },
    { kind: 'event', eventIds: ['e1'] },
  ],
  ['a message of a topic', { Records: [{ Sns: { Message: 'plain' } }] }, { kind: 'message', eventIds: [] }],
  ['a message that is no JSON', { Records: [record('{')] }, { kind: 'message', eventIds: [] }],
  ['a job of CodePipeline', { 'CodePipeline.job': { id: 'j1' } }, { kind: 'job', name: 'j1' }],
  ['a request', { routeKey: 'GET /x/{id}', requestContext: {} }, { kind: 'http', name: 'GET /x/{id}' }],
  ['a direct call', { action: 'rollback' }, { kind: 'call', eventIds: [], deliveries: 1 }],
])('reads %s', (_, payload, expected) => {
  expect(readTrigger(JSON.stringify(payload))).toMatchObject(expected);
});
