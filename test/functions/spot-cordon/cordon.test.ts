import { describe, expect, it } from 'vitest';
import {
  activateDeferred,
  type CordonRecord,
  cancelMaintenance,
  mergeDisruption,
} from '../../../functions/spot-cordon/domain/cordon-record.ts';
import {
  type Disruption,
  interruptionDisruption,
  maintenanceDisruption,
  rebalanceDisruption,
} from '../../../functions/spot-cordon/domain/disruption.ts';

const NOW = Date.parse('2026-11-02T10:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LEAD = 24 * HOUR;
const HOLD = 30 * MINUTE;

function seen(eventTime: number) {
  return { instanceId: 'i-abcd1111', eventTime, sourceEventId: `event at ${eventTime}` };
}
const warning = (at = NOW): Disruption => interruptionDisruption(seen(at), 'spot interruption', 'terminate');
const advice = (at = NOW): Disruption => rebalanceDisruption(seen(at), HOLD);
const retirement = (startsAt: number, at = NOW): Disruption =>
  maintenanceDisruption(seen(at), { reason: 'scheduled retirement', action: 'stop' }, startsAt);

/** The record after these disruptions, one after another, with every step done in between. */
function recordAfter(...disruptions: Disruption[]): CordonRecord {
  let known: CordonRecord | undefined;
  for (const disruption of disruptions) {
    const { record } = mergeDisruption(known, disruption, { leadMs: LEAD, now: NOW });
    known = {
      ...record,
      revision: 'r',
      steps: { tag: 'done', announce: 'done', notify: 'claimed', drain: 'done' },
    };
  }
  if (!known) throw new Error('no disruption');
  return known;
}

describe('merge', () => {
  it.each([
    [
      'a first warning',
      undefined,
      warning(),
      'new',
      { severity: 'interruption', deadline: NOW + 2 * MINUTE },
    ],
    ['the same warning again', recordAfter(warning()), warning(), 'none', {}],
    [
      'a warning after advice',
      recordAfter(advice()),
      warning(),
      'raised',
      { severity: 'interruption', steps: {} },
    ],
    ['advice after a warning', recordAfter(warning()), advice(), 'none', { severity: 'interruption' }],
    [
      'a warning after maintenance began',
      recordAfter(retirement(NOW)),
      warning(),
      'raised',
      { deadline: NOW },
    ],
    [
      'an earlier warning',
      recordAfter(warning()),
      warning(NOW - MINUTE),
      'sooner',
      { deadline: NOW + MINUTE },
    ],
    [
      'a later warning',
      recordAfter(warning()),
      warning(NOW + MINUTE),
      'none',
      { deadline: NOW + 2 * MINUTE },
    ],
    [
      'newer advice',
      recordAfter(advice()),
      advice(NOW + MINUTE),
      'renewed',
      { expiresAt: NOW + MINUTE + HOLD },
    ],
    ['older advice', recordAfter(advice()), advice(NOW - MINUTE), 'none', { expiresAt: NOW + HOLD }],
    [
      'maintenance far ahead',
      undefined,
      retirement(NOW + 2 * LEAD),
      'deferred',
      { status: 'deferred', dueAt: NOW + LEAD },
    ],
    ['maintenance near', undefined, retirement(NOW + HOUR), 'new', { status: 'cordoned', action: 'stop' }],
    [
      'maintenance far ahead of an instance at risk',
      recordAfter(advice()),
      retirement(NOW + 2 * LEAD),
      'raised',
      { severity: 'scheduled' },
    ],
  ] as const)('%s', (_, known, disruption, change, record) => {
    expect(mergeDisruption(known, disruption, { leadMs: LEAD, now: NOW })).toMatchObject({ change, record });
  });

  it('tells schedulers of a renewed expiry, and nobody else', () => {
    const { record } = mergeDisruption(recordAfter(advice()), advice(NOW + MINUTE), {
      leadMs: LEAD,
      now: NOW,
    });
    expect(record.steps).toEqual({ tag: 'done', notify: 'claimed', drain: 'done' });
  });

  it('keeps what it has to give back when the severity rises', () => {
    const drainedTargets = [{ targetGroupArn: 'arn', targets: [{ Id: 'i-abcd1111', Port: 80 }] }];
    const known = {
      ...recordAfter(advice()),
      group: 'workers',
      protectionRemoved: true,
      drainedTargets,
      drainedLoadBalancers: ['old'],
    };
    const { record } = mergeDisruption(known, warning(), { leadMs: LEAD, now: NOW });
    expect(record).toMatchObject({
      group: 'workers',
      protectionRemoved: true,
      drainedTargets,
      drainedLoadBalancers: ['old'],
    });
    expect(record.expiresAt).toBeUndefined();
  });

  it('takes an instance back whose release is under way, for the same severity too', () => {
    const known = { ...recordAfter(advice()), status: 'uncordoning', uncordoningSince: NOW } as const;
    const { record, change } = mergeDisruption(known, advice(NOW + MINUTE), { leadMs: LEAD, now: NOW });
    expect([change, record.status, record.steps]).toEqual(['raised', 'cordoned', {}]);
    expect(record.uncordoningSince).toBeUndefined();
  });

  describe('while maintenance is deferred', () => {
    const deferred = recordAfter(retirement(NOW + 2 * LEAD));

    it.each([
      ['its duplicate changes nothing', retirement(NOW + 2 * LEAD), 'none', { status: 'deferred' }],
      ['its new date counts', retirement(NOW + 3 * LEAD, NOW + 1), 'deferred', { dueAt: NOW + 2 * LEAD }],
      [
        'an update that arrives late does not',
        retirement(NOW + 3 * LEAD, NOW - 1),
        'none',
        { dueAt: NOW + LEAD },
      ],
      [
        'a date inside the lead window cordons',
        retirement(NOW + HOUR, NOW + 1),
        'new',
        { status: 'cordoned' },
      ],
      ['advice makes it due', advice(), 'new', { status: 'cordoned', severity: 'scheduled' }],
      ['a warning replaces it', warning(), 'new', { status: 'cordoned', severity: 'interruption' }],
    ] as const)('%s', (_, disruption, change, record) => {
      expect(mergeDisruption(deferred, disruption, { leadMs: LEAD, now: NOW })).toMatchObject({
        change,
        record,
      });
    });

    it('comes due as a cordon with everything left to do', () => {
      expect(activateDeferred(deferred)).toMatchObject({ status: 'cordoned', steps: {} });
      expect(activateDeferred(deferred).dueAt).toBeUndefined();
    });
  });

  // Whatever the order in which the same events arrive, the end is the same.
  it('ends alike for every order of arrival', () => {
    const disruptions = [
      warning(),
      advice(),
      advice(NOW + MINUTE),
      warning(NOW - MINUTE),
      retirement(NOW + HOUR),
    ];
    const ends = permutations(disruptions).map((order) => {
      const { severity, action, deadline } = recordAfter(...order);
      return JSON.stringify({ severity, action, deadline });
    });
    expect([...new Set(ends)]).toEqual([
      JSON.stringify({ severity: 'interruption', action: 'terminate', deadline: NOW + MINUTE }),
    ]);
  });
});

describe('clear', () => {
  it.each([
    ['maintenance that was called off', recordAfter(retirement(NOW + HOUR)), NOW + 1, NOW + 1],
    [
      'maintenance that was announced anew after the all-clear',
      recordAfter(retirement(NOW + HOUR, NOW + 2)),
      NOW + 1,
      undefined,
    ],
    ['a warning, which no all-clear ends', recordAfter(warning()), NOW + 1, undefined],
    [
      'what an all-clear ended before',
      { ...recordAfter(retirement(NOW + HOUR)), expiresAt: NOW },
      NOW + 1,
      undefined,
    ],
  ])('%s', (_, known, at, expiresAt) => {
    expect(cancelMaintenance(known, at)?.expiresAt).toBe(expiresAt);
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, i) =>
    permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]),
  );
}
