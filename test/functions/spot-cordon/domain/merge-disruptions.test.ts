import { describe, expect, it } from 'vitest';
import {
  activateDeferred,
  type CordonRecord,
} from '../../../../functions/spot-cordon/domain/cordon-record.ts';
import {
  type Disruption,
  interruptionDisruption,
  maintenanceDisruption,
  rebalanceDisruption,
} from '../../../../functions/spot-cordon/domain/disruption.ts';
import {
  cancelMaintenance,
  deferAgain,
  mergeDisruption,
  mergeDisruptions,
} from '../../../../functions/spot-cordon/domain/merge-disruptions.ts';

const NOW = Date.parse('2026-11-02T10:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LEAD = 24 * HOUR;
const HOLD = 30 * MINUTE;

function info(eventTime: number) {
  return { instanceId: 'i-abcd1111', eventTime, sourceEventId: `event at ${eventTime}` };
}
const warning = (at = NOW): Disruption => interruptionDisruption(info(at), 'spot interruption', 'terminate');
const recommendation = (at = NOW): Disruption => rebalanceDisruption(info(at), HOLD);
const retirement = (startsAt: number, at = NOW): Disruption =>
  maintenanceDisruption(info(at), { reason: 'scheduled retirement', action: 'stop' }, startsAt);

/** The record after these disruptions in this order, with all steps done in between. */
function recordAfter(...disruptions: Disruption[]): CordonRecord {
  let known: CordonRecord | undefined;
  for (const disruption of disruptions) {
    const { record } = mergeDisruption(known, disruption, { leadMs: LEAD, now: NOW });
    known = {
      ...record,
      revision: 'r',
      steps: { tag: 'done', publish: 'done', notify: 'claimed', drain: 'done' },
    };
  }
  if (!known) throw new Error('expected at least one disruption');
  return known;
}

describe('mergeDisruption', () => {
  it.each([
    [
      'creates a cordon at the first warning',
      undefined,
      warning(),
      'new',
      { severity: 'interruption', deadline: NOW + 2 * MINUTE },
    ],
    ['ignores the same warning again', recordAfter(warning()), warning(), 'none', {}],
    [
      'raises the severity at a warning after a recommendation',
      recordAfter(recommendation()),
      warning(),
      'raised',
      { severity: 'interruption', steps: {} },
    ],
    [
      'ignores a recommendation after a warning',
      recordAfter(warning()),
      recommendation(),
      'none',
      { severity: 'interruption' },
    ],
    [
      'keeps the deadline of maintenance that has begun at a warning',
      recordAfter(retirement(NOW)),
      warning(),
      'raised',
      { deadline: NOW },
    ],
    [
      'takes the deadline of an earlier warning',
      recordAfter(warning()),
      warning(NOW - MINUTE),
      'sooner',
      { deadline: NOW + MINUTE },
    ],
    [
      'ignores the deadline of a later warning',
      recordAfter(warning()),
      warning(NOW + MINUTE),
      'none',
      { deadline: NOW + 2 * MINUTE },
    ],
    [
      'extends the expiry at a newer recommendation',
      recordAfter(recommendation()),
      recommendation(NOW + MINUTE),
      'renewed',
      { expiresAt: NOW + MINUTE + HOLD },
    ],
    [
      'ignores an older recommendation',
      recordAfter(recommendation()),
      recommendation(NOW - MINUTE),
      'none',
      { expiresAt: NOW + HOLD },
    ],
    [
      'defers maintenance that is far ahead',
      undefined,
      retirement(NOW + 2 * LEAD),
      'deferred',
      { status: 'deferred', dueAt: NOW + LEAD },
    ],
    [
      'cordons for maintenance that is near',
      undefined,
      retirement(NOW + HOUR),
      'new',
      { status: 'cordoned', action: 'stop' },
    ],
    [
      'raises the severity at far maintenance of an instance at risk',
      recordAfter(recommendation()),
      retirement(NOW + 2 * LEAD),
      'raised',
      { severity: 'scheduled' },
    ],
  ] as const)('%s', (_, known, disruption, change, record) => {
    expect(mergeDisruption(known, disruption, { leadMs: LEAD, now: NOW })).toMatchObject({ change, record });
  });

  it('publishes a renewed expiry to schedulers but sends no mail', () => {
    const { record } = mergeDisruption(recordAfter(recommendation()), recommendation(NOW + MINUTE), {
      leadMs: LEAD,
      now: NOW,
    });
    expect(record.steps).toEqual({ tag: 'done', notify: 'claimed', drain: 'done' });
  });

  it('keeps what must be restored when the severity rises', () => {
    const drainedTargets = [{ targetGroupArn: 'arn', targets: [{ Id: 'i-abcd1111', Port: 80 }] }];
    const known = {
      ...recordAfter(recommendation()),
      group: 'workers',
      removedProtection: { removedAt: NOW },
      drainedTargets,
      drainedLoadBalancers: ['old'],
    };
    const { record } = mergeDisruption(known, warning(), { leadMs: LEAD, now: NOW });
    expect(record).toMatchObject({
      group: 'workers',
      removedProtection: { removedAt: NOW },
      drainedTargets,
      drainedLoadBalancers: ['old'],
    });
    expect(record.expiresAt).toBeUndefined();
  });

  it('takes a record back from an uncordon, for the same severity too', () => {
    const known = { ...recordAfter(recommendation()), status: 'uncordoning', uncordoningSince: NOW } as const;
    const { record, change } = mergeDisruption(known, recommendation(NOW + MINUTE), {
      leadMs: LEAD,
      now: NOW,
    });
    expect([change, record.status, record.steps]).toEqual(['raised', 'cordoned', {}]);
    expect(record.uncordoningSince).toBeUndefined();
  });

  describe('while maintenance is deferred', () => {
    const deferred = recordAfter(retirement(NOW + 2 * LEAD));

    it.each([
      ['ignores its duplicate', retirement(NOW + 2 * LEAD), 'none', { status: 'deferred' }],
      ['takes its new date', retirement(NOW + 3 * LEAD, NOW + 1), 'deferred', { dueAt: NOW + 2 * LEAD }],
      [
        'ignores an update that arrives late',
        retirement(NOW + 3 * LEAD, NOW - 1),
        'none',
        { dueAt: NOW + LEAD },
      ],
      [
        'cordons at a date within the lead time',
        retirement(NOW + HOUR, NOW + 1),
        'new',
        { status: 'cordoned' },
      ],
      [
        'becomes due at a recommendation',
        recommendation(),
        'new',
        { status: 'cordoned', severity: 'scheduled' },
      ],
      ['is replaced by a warning', warning(), 'new', { status: 'cordoned', severity: 'interruption' }],
    ] as const)('%s', (_, disruption, change, record) => {
      expect(mergeDisruption(deferred, disruption, { leadMs: LEAD, now: NOW })).toMatchObject({
        change,
        record,
      });
    });

    it('becomes a cordon with all steps pending', () => {
      expect(activateDeferred(deferred)).toMatchObject({ status: 'cordoned', steps: {} });
      expect(activateDeferred(deferred).dueAt).toBeUndefined();
    });
  });

  it('ends with the same record for every order of arrival', () => {
    const disruptions = [
      warning(),
      recommendation(),
      recommendation(NOW + MINUTE),
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

describe('maintenance that is called off', () => {
  const options = { leadMs: LEAD, now: NOW };
  const closed = (notice = 'scheduled retirement', eventTime = NOW + 1) => ({ notice, eventTime });

  it.each([
    ['releases the instance', recordAfter(retirement(NOW + HOUR)), NOW],
    ['announced again later stays', recordAfter(retirement(NOW + HOUR, NOW + 2)), undefined],
    ['does not end a warning', recordAfter(warning()), undefined],
  ])('%s', (_, known, expiresAt) => {
    expect(cancelMaintenance(known, closed(), options)?.expiresAt).toBe(expiresAt);
  });

  it('never becomes due', () => {
    const deferred = recordAfter(retirement(NOW + 2 * LEAD));

    const cancelled = cancelMaintenance(deferred, closed(), options);

    const later = { leadMs: LEAD, now: NOW + LEAD + HOUR };
    expect(mergeDisruptions(cancelled, [], later)).toMatchObject({
      change: 'none',
      record: { status: 'deferred' },
    });
  });

  it('is not announced again by a late copy', () => {
    const cancelled = cancelMaintenance(recordAfter(retirement(NOW + HOUR)), closed(), options);
    expect(cancelled && mergeDisruption(cancelled, retirement(NOW + HOUR), options).change).toBe('none');
  });

  it('leaves the cordon of another event about the same instance', () => {
    const other = { ...retirement(NOW + 2 * HOUR), notice: 'arn of another' };
    const both = mergeDisruption(recordAfter(retirement(NOW + HOUR)), other, options).record;

    const cancelled = cancelMaintenance(both, closed(), options);

    expect(cancelled).toMatchObject({
      status: 'cordoned',
      notice: 'arn of another',
      deadline: NOW + 2 * HOUR,
      expiresAt: NOW + 26 * HOUR,
    });
  });
});

describe('maintenance that moves to a later date', () => {
  const options = { leadMs: LEAD, now: NOW };
  const moved = mergeDisruption(
    recordAfter(retirement(NOW + HOUR)),
    retirement(NOW + 14 * LEAD, NOW + 1),
    options,
  );

  it('releases the instance', () => {
    expect(moved).toMatchObject({ change: 'released', record: { status: 'cordoned', expiresAt: NOW } });
  });

  it('waits again after the release', () => {
    expect(deferAgain(moved.record, NOW + MINUTE)).toMatchObject({
      status: 'deferred',
      dueAt: NOW + 13 * LEAD,
      deadline: NOW + 14 * LEAD,
      steps: {},
    });
  });

  it('stays a cordon within the lead time', () => {
    const near = mergeDisruption(
      recordAfter(retirement(NOW + HOUR)),
      retirement(NOW + 5 * HOUR, NOW + 1),
      options,
    );
    expect(near.record).toMatchObject({ status: 'cordoned', deadline: NOW + 5 * HOUR });
  });

  it('does not keep the cordon of a near one for as long as the far one lasts', () => {
    const far = { ...retirement(NOW + 14 * LEAD), notice: 'arn of another' };
    const both = mergeDisruption(recordAfter(retirement(NOW + HOUR)), far, options).record;
    expect(both).toMatchObject({ status: 'cordoned', deadline: NOW + HOUR, expiresAt: NOW + 25 * HOUR });
    expect(deferAgain(both, NOW + 26 * HOUR)).toMatchObject({
      notice: 'arn of another',
      dueAt: NOW + 13 * LEAD,
    });
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, i) =>
    permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]),
  );
}
