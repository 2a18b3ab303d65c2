import { describe, expect, it } from 'vitest';
import type { Alarm } from '../../../functions/disk-alarms/domain/alarm.ts';
import { wishFor } from '../../../functions/disk-alarms/domain/desired/for-instance.ts';
import { plan, type Wish } from '../../../functions/disk-alarms/domain/plan.ts';
import { defaults, facts, ID, instance, linux, rules, stored } from './builders.ts';

const wished = (look: Parameters<typeof facts>[0] = { series: linux('/data') }, more = {}): Wish =>
  wishFor(ID, facts(look), { ...rules, ...more }).wish;
const first = wished();
const existing = first.alarms.map((alarm) => stored(alarm));
const namesOf = (some: readonly { readonly name: string }[]) =>
  some.map(({ name }) => name.split('-').at(-2));

describe('a plan', () => {
  it('creates what is not there, in the order of names', () => {
    const made = plan([first], []);
    expect(made.create.map(({ name }) => name)).toEqual(first.alarms.map(({ name }) => name).sort());
    expect(made).toMatchObject({ update: [], unchanged: [], delete: [], skipped: [] });
  });

  it('changes nothing when it was carried out', () => {
    const again = plan([first], existing);
    expect(again).toMatchObject({ create: [], update: [], delete: [] });
    expect(again.unchanged).toHaveLength(3);
  });

  it('does not mind how CloudWatch writes the same', () => {
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
    expect(plan([first], rewritten).update).toEqual([]);
  });

  it('does not mind the order of metrics', () => {
    const inodes = { defaults: { ...defaults, inodesPercent: 5 } };
    const counts = linux('/data').map((one, i) => ({
      ...one,
      metric: ['disk_inodes_free', 'disk_inodes_total', 'x'][i] ?? '',
    }));
    const wish = wished({ series: [...linux('/data'), ...counts] }, inodes);
    const reversed = wish.alarms.map((alarm) => {
      const one = stored(alarm);
      const metrics = one.config['Metrics'];
      return {
        ...one,
        config: { ...one.config, ...(Array.isArray(metrics) && { Metrics: [...metrics].reverse() }) },
      };
    });
    expect(wish.alarms).toHaveLength(4);
    expect(plan([wish], reversed)).toMatchObject({ create: [], update: [] });
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
    ['OKActions', []],
    ['InsufficientDataActions', ['arn']],
    ['Unit', 'Percent'],
    ['ExtendedStatistic', 'p90'],
    ['MetricName', 'other'],
    ['Namespace', 'Other'],
    ['Dimensions', [{ Name: 'InstanceId', Value: ID }]],
  ])('puts %s back when it was edited', (member, value) => {
    const edited = existing.map((one) =>
      one.name.includes('-critical-') ? { ...one, config: { ...one.config, [member]: value } } : one,
    );
    const { update } = plan([first], edited);
    expect(namesOf(update.map(({ alarm }) => alarm))).toEqual(['critical']);
    expect(update[0]?.changed).toEqual([expect.stringMatching(new RegExp(`^${member}: `))]);
  });

  it.each([
    ['AlarmRule', 'FALSE'],
    ['ActionsSuppressor', 'other'],
    ['ActionsSuppressorWaitPeriod', 1],
    ['ActionsSuppressorExtensionPeriod', 1],
  ])('puts the notice’s %s back', (member, value) => {
    const edited = existing.map((one) =>
      one.kind === 'composite' ? { ...one, config: { ...one.config, [member]: value } } : one,
    );
    expect(plan([first], edited).update.map(({ alarm }) => alarm.kind)).toEqual(['composite']);
  });

  it('updates in place when a tag changes, and says that tags do', () => {
    const retagged = wished({ series: linux('/data'), instances: [instance({ tags: { Team: 'a' } })] });
    const { create, update } = plan([retagged], existing);
    expect(create).toEqual([]);
    expect(update.map(({ changed }) => changed)).toEqual(Array(3).fill(['tags', 'description']));
  });

  it('deletes what is not wished for, if it may', () => {
    const gone = { owner: ID, alarms: [], mayDelete: true };
    expect(plan([gone], existing).delete).toHaveLength(3);
    const { delete: none, unchanged } = plan([{ ...gone, mayDelete: false }], existing);
    expect([none, unchanged.length]).toEqual([[], 3]);
    const left = plan([{ ...gone, leave: [existing[0]?.name ?? ''] }], existing);
    expect([left.delete.length, left.unchanged]).toEqual([2, [existing[0]?.name]]);
  });

  it('names each alarm once, though shifting pages may tell of it twice', () => {
    const twice = [...existing, ...existing];
    expect(plan([{ owner: ID, alarms: [], mayDelete: true }], twice).delete).toHaveLength(3);
    expect(plan([first], twice).unchanged).toHaveLength(3);
  });

  it('leaves alone whom it was not asked about', () => {
    const another = existing.map((one) => ({ ...one, owner: 'i-00000000' }));
    const looked = plan([{ owner: ID, alarms: [], mayDelete: true }], another);
    expect(looked).toMatchObject({ delete: [], unchanged: [] });
  });

  it('never touches an alarm without our note', () => {
    const strangers = existing.map(({ note: _note, ...one }) => ({ ...one, description: 'by hand' }));
    const met = plan([first], strangers);
    expect(met).toMatchObject({ create: [], update: [], delete: [] });
    expect(met.skipped.map(({ reason }) => reason)).toEqual(
      Array(3).fill('an alarm of this name is not ours'),
    );
    expect(plan([{ owner: ID, alarms: [], mayDelete: true }], strangers).delete).toEqual([]);
  });

  it('is the same in any order', () => {
    const shuffled: Alarm[] = [...first.alarms].reverse();
    expect(plan([{ ...first, alarms: shuffled }], [...existing].reverse())).toEqual(plan([first], existing));
  });
});
