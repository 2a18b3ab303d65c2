import { describe, expect, it } from 'vitest';
import type { Alarm } from '../../../../functions/disk-alarms/domain/alarm.ts';
import { desiredAlarmsFor } from '../../../../functions/disk-alarms/domain/desired/for-instance.ts';
import { type DesiredState, planChanges } from '../../../../functions/disk-alarms/domain/plan.ts';
import { compositeRules, ID, instance, inventory, linux, stored } from '../builders.ts';

const desired = (
  look: Parameters<typeof inventory>[0] = { series: linux('/data') },
  more = {},
): DesiredState => desiredAlarmsFor(ID, inventory(look), { ...compositeRules, ...more }).desired;
const first = desired();
const existing = first.alarms.map((alarm) => stored(alarm));
const namesOf = (some: readonly { readonly name: string }[]) =>
  some.map(({ name }) => name.split('-').at(-2));

describe('a plan', () => {
  it('creates missing alarms in the order of their names', () => {
    const made = planChanges([first], []);
    expect(made.create.map(({ name }) => name)).toEqual(first.alarms.map(({ name }) => name).sort());
    expect(made).toMatchObject({ update: [], unchanged: [], delete: [], skipped: [] });
  });

  it('changes nothing after it was applied', () => {
    const again = planChanges([first], existing);
    expect(again).toMatchObject({ create: [], update: [], delete: [] });
    expect(again.unchanged).toHaveLength(3);
  });

  it('ignores differences in how CloudWatch writes equal values', () => {
    const rewritten = existing.map((one) => ({
      ...one,
      config: {
        ...one.config,
        ...(Array.isArray(one.config['Dimensions']) && {
          Dimensions: [...one.config['Dimensions']].reverse(),
        }),
        Unit: undefined,
      },
    }));
    expect(planChanges([first], rewritten).update).toEqual([]);
  });

  it('ignores the order of metrics', () => {
    const inodes = { defaults: { ...compositeRules.defaults, inodesPercent: 5 } };
    const counts = linux('/data').map((one, i) => ({
      ...one,
      metric: ['disk_inodes_free', 'disk_inodes_total', 'x'][i] ?? '',
    }));
    const state = desired({ series: [...linux('/data'), ...counts] }, inodes);
    const reversed = state.alarms.map((alarm) => {
      const one = stored(alarm);
      const metrics = one.config['Metrics'];
      return {
        ...one,
        config: { ...one.config, ...(Array.isArray(metrics) && { Metrics: [...metrics].reverse() }) },
      };
    });
    expect(state.alarms).toHaveLength(4);
    expect(planChanges([state], reversed)).toMatchObject({ create: [], update: [] });
  });

  it.each([
    ['Threshold', 1],
    ['Period', 60],
    ['Statistic', 'Maximum'],
    ['ComparisonOperator', 'LessThanThreshold'],
    ['EvaluationPeriods', 1],
    ['DatapointsToAlarm', 1],
    ['TreatMissingData', 'breaching'],
    ['ActionsEnabled', false],
    ['AlarmActions', []],
    ['OKActions', ['arn']],
    ['InsufficientDataActions', ['arn']],
    ['Unit', 'Percent'],
    ['ExtendedStatistic', 'p90'],
    ['MetricName', 'other'],
    ['Namespace', 'Other'],
    ['Dimensions', [{ Name: 'InstanceId', Value: ID }]],
  ])('restores %s if it was edited', (member, value) => {
    const edited = existing.map((one) =>
      one.name.includes('-critical-') ? { ...one, config: { ...one.config, [member]: value } } : one,
    );
    const { update } = planChanges([first], edited);
    expect(namesOf(update.map(({ alarm }) => alarm))).toEqual(['critical']);
    expect(update[0]?.changed).toEqual([expect.stringMatching(new RegExp(`^${member}: `))]);
  });

  it.each([
    ['AlarmRule', 'FALSE'],
    ['ActionsSuppressor', 'other'],
    ['ActionsSuppressorWaitPeriod', 1],
    ['ActionsSuppressorExtensionPeriod', 1],
  ])('restores %s of the composite', (member, value) => {
    const edited = existing.map((one) =>
      one.kind === 'composite' ? { ...one, config: { ...one.config, [member]: value } } : one,
    );
    expect(planChanges([first], edited).update.map(({ alarm }) => alarm.kind)).toEqual(['composite']);
  });

  it('updates in place when a tag changes and reports the tags as changed', () => {
    const retagged = desired({ series: linux('/data'), instances: [instance({ tags: { Team: 'a' } })] });
    const { create, update } = planChanges([retagged], existing);
    expect(create).toEqual([]);
    expect(update.map(({ changed }) => changed)).toEqual(Array(3).fill(['tags', 'description']));
  });

  it('deletes an alarm that is no longer desired, if allowed', () => {
    const gone = { owner: ID, alarms: [], mayDelete: true };
    expect(planChanges([gone], existing).delete).toHaveLength(3);
    const { delete: none, unchanged } = planChanges([{ ...gone, mayDelete: false }], existing);
    expect([none, unchanged.length]).toEqual([[], 3]);
    const left = planChanges([{ ...gone, keep: [existing[0]?.name ?? ''] }], existing);
    expect([left.delete.length, left.unchanged]).toEqual([2, [existing[0]?.name]]);
  });

  it('names each alarm once, even if two pages contain it', () => {
    const twice = [...existing, ...existing];
    expect(planChanges([{ owner: ID, alarms: [], mayDelete: true }], twice).delete).toHaveLength(3);
    expect(planChanges([first], twice).unchanged).toHaveLength(3);
  });

  it('ignores owners outside its scope', () => {
    const another = existing.map((one) => ({ ...one, owner: 'i-00000000' }));
    const looked = planChanges([{ owner: ID, alarms: [], mayDelete: true }], another);
    expect(looked).toMatchObject({ delete: [], unchanged: [] });
  });

  it('never touches an alarm without our metadata', () => {
    const foreign = existing.map(({ metadata: _note, ...one }) => ({ ...one, description: 'by hand' }));
    const met = planChanges([first], foreign);
    expect(met).toMatchObject({ create: [], update: [], delete: [] });
    expect(met.skipped.map(({ reason }) => reason)).toEqual(
      Array(3).fill('an alarm with this name exists and is not managed by Groundcrew'),
    );
    expect(planChanges([{ owner: ID, alarms: [], mayDelete: true }], foreign).delete).toEqual([]);
  });

  it('is the same in any order', () => {
    const shuffled: Alarm[] = [...first.alarms].reverse();
    expect(planChanges([{ ...first, alarms: shuffled }], [...existing].reverse())).toEqual(
      planChanges([first], existing),
    );
  });
});
