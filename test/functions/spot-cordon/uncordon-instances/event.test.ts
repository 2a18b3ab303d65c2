import { expect, it } from 'vitest';
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
