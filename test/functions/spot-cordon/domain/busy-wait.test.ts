import { describe, expect, it } from 'vitest';
import {
  type BusyWait,
  currentWait,
  mayTakeBusy,
  waitToSave,
} from '../../../../functions/spot-cordon/domain/busy-wait.ts';
import { chooseUnread } from '../../../../functions/spot-cordon/domain/unread-workers.ts';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 24, 12);
const FORTY_FIVE = 45 * MINUTE;

const wait = (minutes: number, answered: readonly string[] = [], left = 15): BusyWait => ({
  since: NOW - minutes * MINUTE,
  expiresAt: NOW + left * MINUTE,
  answered,
});
const asked = (cause: string, known?: BusyWait, busyWaitMs: number | undefined = FORTY_FIVE) => ({
  cause,
  wait: known,
  busyWaitMs,
  now: NOW,
});
const request = {
  group: 'workers',
  cause: 'SCALE_IN',
  capacity: [{ zone: 'a', market: 'spot', count: 1 }],
  candidates: [
    { instanceId: 'i-1', zone: 'a', market: 'spot' },
    { instanceId: 'i-2', zone: 'a', market: 'spot' },
  ],
};
const chosen = (ids: readonly string[], missing = 0) => ({
  choices: ids.map((instanceId) => ({ instanceId, reason: 'idle' as const })),
  missing,
});

it.each([
  ['a scale-in, ever', 'SCALE_IN', wait(600), FORTY_FIVE, false],
  ['a cause that is not known', 'SOMETHING_NEW', wait(600), FORTY_FIVE, false],
  ['a refresh at first', 'INSTANCE_REFRESH', undefined, FORTY_FIVE, false],
  ['a refresh after 44 minutes', 'INSTANCE_REFRESH', wait(44), FORTY_FIVE, false],
  ['a refresh after 45 minutes', 'INSTANCE_REFRESH', wait(45), FORTY_FIVE, true],
  ['a maximum lifetime after 45 minutes', 'MAX_INSTANCE_LIFETIME', wait(45), FORTY_FIVE, true],
  ['rebalancing after 45 minutes', 'REBALANCE', wait(45), FORTY_FIVE, true],
  ['a refresh at once, with 0 minutes', 'INSTANCE_REFRESH', undefined, 0, true],
])('whether busy instances may go for %s', (_, cause, known, busyWaitMs, expected) => {
  expect(mayTakeBusy(asked(cause, known, busyWaitMs))).toBe(expected);
});

it('busy instances never go with `never`', () => {
  expect(mayTakeBusy({ ...asked('INSTANCE_REFRESH', wait(600)), busyWaitMs: undefined })).toBe(false);
});

describe('a wait', () => {
  it('goes on while Auto Scaling has not carried out the answer', () => {
    expect(currentWait(wait(50, ['i-0', 'i-2']), request)).toEqual(wait(50, ['i-0', 'i-2']));
    expect(currentWait(wait(50), request)).toEqual(wait(50));
  });

  it('is over when the named instances are gone', () => {
    expect(currentWait(wait(50, ['i-0']), request)).toBeUndefined();
  });

  it.each([
    ['begins with the first incomplete answer', undefined, chosen([], 1), { ...wait(0), answered: [] }],
    ['is not saved at each request', wait(7, [], 8), chosen([], 1), undefined],
    ['is renewed before it expires', wait(8, [], 7), chosen([], 1), { ...wait(8), answered: [] }],
    ['remembers a complete answer', wait(46), chosen(['i-1']), wait(46, ['i-1'])],
    ['does not remember the same answer again', wait(46, ['i-1']), chosen(['i-1']), undefined],
    [
      'goes on if an answer was not carried out and less can go now',
      wait(46, ['i-1']),
      chosen([], 1),
      wait(46),
    ],
    ['does not begin with a complete answer', undefined, chosen(['i-1']), undefined],
  ])('%s', (_, known, answer, expected) => {
    expect(waitToSave(asked('INSTANCE_REFRESH', known), answer)).toEqual(expected);
  });

  it('remembers few of many instances, because an item has a limited size', () => {
    const many = Array.from({ length: 1_000 }, (_, at) => `i-${at}`);

    expect(waitToSave(asked('REBALANCE', wait(50)), chosen(many))?.answered).toEqual(many.slice(0, 20));
  });

  it('is never saved for a scale-in, or if busy instances never go', () => {
    expect(waitToSave(asked('SCALE_IN'), chosen([], 1))).toBeUndefined();
    expect(waitToSave({ ...asked('REBALANCE'), busyWaitMs: undefined }, chosen([], 1))).toBeUndefined();
  });
});

it.each([
  ['nobody at first', 0, FORTY_FIVE, []],
  ['nobody before five minutes', 5 * MINUTE - 1, FORTY_FIVE, []],
  ['the first candidates after five minutes', 5 * MINUTE, FORTY_FIVE, ['i-1']],
  ['nobody ever with `never`', 600 * MINUTE, undefined, []],
])('without the workers: %s', (_, since, busyWaitMs, expected) => {
  const choices = chooseUnread(request, { busyWaitMs, now: NOW, since: NOW - since });

  expect(choices.map(({ instanceId }) => instanceId)).toEqual(expected);
});
