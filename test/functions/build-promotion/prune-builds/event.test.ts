import { describe, expect, it } from 'vitest';
import { parsePruneEvent } from '../../../../functions/build-promotion/prune-builds/event.ts';

const schedule = {
  version: '0',
  id: '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa',
  'detail-type': 'Scheduled Event',
  source: 'aws.scheduler',
  account: '123456789012',
  time: '2026-06-30T00:00:00Z',
  region: 'eu-west-1',
  resources: [],
  detail: '{}',
};

describe('an event of PruneBuilds', () => {
  it.each([
    ['the schedule', schedule],
    ['a direct call without members', {}],
  ])('may be %s', (_, event) => {
    expect(() => parsePruneEvent(event)).not.toThrow();
  });

  it.each([
    [{ buildId: 'b-1' }, 'call: it must have no member "buildId"'],
    ['all', 'call: it must be an object, got "all"'],
    [
      { ...schedule, 'detail-type': 'Backup Job State Change' },
      'event: detail-type must be "Scheduled Event"',
    ],
    [{ ...schedule, time: 5 }, 'event: time must be a string, got 5'],
  ])('is refused with the field and its value: %j', (event, message) => {
    expect(() => parsePruneEvent(event)).toThrow(message);
  });
});
