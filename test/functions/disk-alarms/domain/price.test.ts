import { describe, expect, it } from 'vitest';
import type { Alarm } from '../../../../functions/disk-alarms/domain/alarm.ts';
import { analysedMetrics, fleetAlarms } from '../../../../functions/disk-alarms/domain/desired/for-fleet.ts';
import {
  type DesiredAlarmsOptions,
  desiredAlarmsFor,
} from '../../../../functions/disk-alarms/domain/desired/for-instance.ts';
import { limitPlan } from '../../../../functions/disk-alarms/domain/limit-plan.ts';
import { planChanges } from '../../../../functions/disk-alarms/domain/plan.ts';
import { monthlyUsd } from '../../../../functions/disk-alarms/domain/price.ts';
import {
  compositeRules,
  defaults,
  diskRules,
  ID,
  inventory,
  linux,
  rules,
  stored,
  TOPIC,
} from '../builders.ts';

const series = ['/', '/data'].flatMap((mount) => linux(mount, { device: `disk of ${mount}` }));
const desired = (options: DesiredAlarmsOptions) =>
  desiredAlarmsFor(ID, inventory({ series }), options).desired;
const planOf = (options: DesiredAlarmsOptions, existing: Parameters<typeof planChanges>[1] = []) =>
  planChanges([desired(options)], existing);

describe('the price of a plan', () => {
  it('is 0.20 USD for each disk, and 0.70 USD with a composite alarm', () => {
    expect(monthlyUsd(planOf(rules), [])).toBe(0.4);
    expect(monthlyUsd(planOf(compositeRules), [])).toBe(1.4);
  });

  it('counts alarms that stay, and not those that go', () => {
    const existing = desired(rules).alarms.map((alarm) => stored(alarm));
    expect(monthlyUsd(planOf(rules, existing), existing)).toBe(0.4);
    const gone = planChanges([{ owner: ID, alarms: [], mayDelete: true }], existing);
    expect(monthlyUsd(gone, existing)).toBe(0);
  });

  it('counts each metric that an expression reads', () => {
    const minimum = {
      ...defaults,
      minimumFreeGb: { warning: 50, critical: 15 },
      tiers: [{ fromGb: 0, warning: 30, critical: 10 }],
    };
    // The minimum applies to no warning of 100 GB, so both alarms of a disk read one metric.
    expect(monthlyUsd(planOf({ ...rules, defaults: minimum }), [])).toBe(0.4);
    const mixed = { ...minimum, minimumFreeGb: { warning: 20, critical: 15 } };
    expect(monthlyUsd(planOf({ ...rules, defaults: mixed }), [])).toBe(0.6);
  });

  it('of fleet mode is 0.10 USD for each metric that each of both queries analyses', () => {
    const { discovered } = inventory({ series });
    const options = { ...diskRules, prefix: 'p-', defaults, topicArn: TOPIC, runbookUrl: undefined };
    const alarms = fleetAlarms(options, discovered);
    const plan = planChanges([{ owner: 'fleet', alarms, mayDelete: true }], []);
    expect(monthlyUsd(plan, [], analysedMetrics(options, discovered))).toBe(0.4);
  });
});

describe('the limit of alarms', () => {
  const plan = planOf(compositeRules);

  it('changes nothing below it', () => {
    expect(limitPlan(plan, 4, 10)).toEqual({ plan, overMaximum: 0 });
  });

  it('leaves out instances as a whole, with their updates', () => {
    const [first, second] = planOf(rules).create as [Alarm, Alarm];
    const update = { alarm: second, before: stored(second), changed: ['Threshold'] };
    const mixed = { ...plan, create: [first, { ...first, owner: 'i-00000002' }], update: [update] };
    expect(limitPlan(mixed, 9, 10)).toMatchObject({
      overMaximum: 1,
      plan: { create: [first], update: [update], skipped: [{ what: 'i-00000002' }] },
    });
    expect(limitPlan(mixed, 10, 10)).toMatchObject({
      overMaximum: 2,
      plan: {
        create: [],
        update: [],
        unchanged: [second.name],
        skipped: [{ what: ID, reason: 'MaxAlarms is 10 and would be exceeded' }, { what: 'i-00000002' }],
      },
    });
  });

  it('counts alarms that the same plan deletes as gone', () => {
    const going = plan.create.map((alarm) => stored(alarm));
    expect(limitPlan({ ...plan, delete: going }, 10, 10).overMaximum).toBe(0);
  });
});
