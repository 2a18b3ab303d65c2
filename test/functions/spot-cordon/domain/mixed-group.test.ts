import { describe, expect, it } from 'vitest';
import { boughtHours } from '../../../../functions/spot-cordon/domain/bought-hours.ts';
import { toDistribution } from '../../../../functions/spot-cordon/domain/distribution.ts';
import { newRecord } from '../../../../functions/spot-cordon/domain/fall-back-record.ts';
import {
  interruptedInstances,
  withInterruptions,
} from '../../../../functions/spot-cordon/domain/interruptions.ts';
import {
  capacityOf,
  leaveAloneReason,
  type MixedGroup,
  marketOf,
} from '../../../../functions/spot-cordon/domain/mixed-group.ts';
import { toLaunchFailure } from '../../../../functions/spot-cordon/domain/replacement.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 29, 12);

const GROUP: MixedGroup = {
  name: 'workers',
  desired: 10,
  distribution: toDistribution({ OnDemandBaseCapacity: 4, OnDemandPercentageAboveBaseCapacity: 0 }),
  kinds: [],
  suspendedProcesses: [],
  hasSegments: false,
  countsInstances: true,
  tags: {},
  members: [],
};

describe('the text of a failed launch', () => {
  it.each([
    [
      'Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill capacity.',
      'spot',
      'no capacity',
    ],
    [
      'Could not launch Spot Instances. InsufficientInstanceCapacity - There is no Spot capacity available',
      'spot',
      'no capacity',
    ],
    [
      'Could not launch On-Demand Instances. InsufficientInstanceCapacity - We currently do not have sufficient m5.large capacity',
      'on-demand',
      'no capacity',
    ],
    [
      'We currently do not have sufficient m5.large capacity. InsufficientInstanceCapacity',
      'on-demand',
      'no capacity',
    ],
    [
      'Could not launch On-Demand Instances. VcpuLimitExceeded - You have requested more vCPU capacity',
      'on-demand',
      'limit reached',
    ],
    [
      'Could not launch Spot Instances. MaxSpotInstanceCountExceeded - Max spot instance count exceeded',
      'spot',
      'limit reached',
    ],
    [
      'Could not launch Spot Instances. InvalidFleetConfiguration - Your requested instance type',
      'spot',
      'refused',
    ],
    [
      'Could not launch On-Demand Instances. InvalidParameterCombination - not eligible for Free Tier',
      'on-demand',
      'refused',
    ],
  ])('%s', (text, market, failure) => {
    expect([marketOf(text), toLaunchFailure(text)]).toEqual([market, failure]);
  });
});

describe('a group', () => {
  it.each([
    ['distribution segments', { hasSegments: true }, false],
    ['vCPUs', { countsInstances: false }, false],
    ['suspended Launch', { suspendedProcesses: ['Launch'] }, false],
    ['suspended Terminate', { suspendedProcesses: ['AZRebalance', 'Terminate'] }, false],
    ['instance refresh', {}, true],
  ])('is left alone: %s', (words, change, isRefreshing) => {
    expect(leaveAloneReason({ ...GROUP, ...change }, isRefreshing)).toContain(words);
  });

  it('is changed otherwise', () => {
    expect(leaveAloneReason({ ...GROUP, suspendedProcesses: ['AZRebalance'] }, false)).toBeUndefined();
  });

  it('has as capacity what is pending or in service, by weight, without interrupted instances', () => {
    const member = (instanceId: string, lifecycleState: string, weight = 1) => ({
      instanceId,
      lifecycleState,
      weight,
    });
    const members = [
      member('spot', 'InService', 2),
      member('new', 'Pending:Wait'),
      member('interrupted', 'InService'),
      member('leaving', 'Terminating:Wait'),
      member('kept', 'Standby'),
      member('bought', 'InService', 3),
      member('booting', 'Pending'),
    ];
    const capacity = capacityOf(
      { ...GROUP, members },
      new Set(['bought', 'booting']),
      new Set(['interrupted']),
    );

    expect(capacity).toEqual({ spot: 3, onDemand: 4, onDemandInService: 3 });
  });
});

describe('interruptions', () => {
  it('are kept once for each instance, for an hour', () => {
    const old = { ...newRecord('workers'), interruptions: [{ instanceId: 'i-old', at: NOW - HOUR }] };
    const one = { instanceId: 'i-1', at: NOW };
    const record = withInterruptions(old, [one, one].slice(0, 1), NOW);

    expect(record.interruptions).toEqual([one]);
    expect(withInterruptions(record, [one], NOW)).toBe(record);
  });

  it('mark instances that are about to end', () => {
    const record = { ...newRecord('workers'), interruptions: [{ instanceId: 'i-1', at: NOW }] };

    expect(interruptedInstances(record, NOW + 120_000)).toEqual(new Set(['i-1']));
    expect(interruptedInstances(record, NOW + HOUR / 2)).toEqual(new Set());
  });
});

describe('bought hours', () => {
  const fallBack = {
    original: { OnDemandPercentageAboveBaseCapacity: 0 },
    bases: [0, 4],
    dryAt: NOW,
    step: 1,
  };
  const record = { ...newRecord('workers'), fallBack };
  const observed = { group: GROUP, floor: 0, failures: [], now: NOW + HOUR / 2 };

  it('are On-Demand beyond what was recorded; saved is what is in service and needed', () => {
    const capacity = { spot: 6, onDemand: 5, onDemandInService: 4 };

    expect(boughtHours(record, { ...observed, capacity })).toEqual({ bought: 2.5, saved: 2 });
  });

  it('count from the last sweep', () => {
    const capacity = { spot: 6, onDemand: 4, onDemandInService: 4 };
    const measured = { ...record, measuredAt: NOW + HOUR / 4 };

    expect(boughtHours(measured, { ...observed, capacity })).toEqual({ bought: 1, saved: 1 });
  });
});
