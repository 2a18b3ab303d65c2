import { describe, expect, it } from 'vitest';
import type { Alarm } from '../../../../../functions/disk-alarms/domain/alarm.ts';
import { desiredAlarmsFor } from '../../../../../functions/disk-alarms/domain/desired/for-instance.ts';
import { trendOf } from '../../../../../functions/disk-alarms/domain/forecast.ts';
import type { MetricReading } from '../../../../../functions/disk-alarms/domain/measurement.ts';
import { planChanges } from '../../../../../functions/disk-alarms/domain/plan.ts';
import { defaults, ID, instance, inventory, linux, NOW, rules, series, stored } from '../../builders.ts';

const HOUR = 3_600_000;

/** Hourly values, the newest last. */
function hourly(values: readonly number[]): MetricReading {
  const newestFirst = [...values].reverse();
  return { times: newestFirst.map((_, i) => NOW - i * HOUR), values: newestFirst };
}

/** A day that ends at `used` percent and grows by `perHour`. */
const growing = (used: number, perHour: number) =>
  hourly(Array.from({ length: 24 }, (_, i) => used - (23 - i) * perHour));
const hours = (reading: MetricReading, percentIs: 'used' | 'free' = 'used') =>
  trendOf(reading, { percentIs })?.hoursUntilFull;

describe('a trend', () => {
  it('says when a disk is full at its pace', () => {
    expect(hours(growing(60, 1))).toBeCloseTo(40);
    expect(hours(growing(90, 0.1))).toBeCloseTo(100);
  });

  it('of free space is the same', () => {
    const free = { ...growing(60, 1), values: growing(60, 1).values.map((value) => 100 - value) };
    expect(hours(free, 'free')).toBeCloseTo(40);
  });

  it('of a disk that does not fill up never ends', () => {
    expect(hours(growing(60, 0))).toBe(Number.POSITIVE_INFINITY);
    expect(hours(growing(60, -1))).toBe(Number.POSITIVE_INFINITY);
  });

  it('is not that of one large copy', () => {
    expect(hours(hourly([...Array(12).fill(20), ...Array(12).fill(60)]))).toBe(Number.POSITIVE_INFINITY);
  });

  it('is not that of a file that grows and is deleted every day', () => {
    const saw = Array.from({ length: 24 }, (_, i) => 50 + ((i + 3) % 6) * 2);
    expect(hours(hourly(saw))).toBeGreaterThan(48);
  });

  it('needs readings of twelve hours', () => {
    expect(trendOf(hourly(Array.from({ length: 11 }, (_, i) => i)), { percentIs: 'used' })).toBeUndefined();
    expect(trendOf(hourly([]), { percentIs: 'used' })).toBeUndefined();
  });
});

const forecast = { defaults: { ...defaults, forecastHours: 48 } };
const name = `groundcrew-disk-${ID}-forecast-/data`;

function decide(reading: MetricReading | undefined, before?: Alarm, state = 'ALARM') {
  const existing = before
    ? [stored(before)].map((one) => ({ ...one, config: { ...one.config, StateValue: state } }))
    : [];
  const history = new Map(reading ? [[`${ID} /data`, reading]] : []);
  const seen = inventory({ series: linux('/data'), existing, history });
  const { desired } = desiredAlarmsFor(ID, seen, { ...rules, ...forecast });
  const alarm = desired.alarms.find((one) => one.name === name);
  return { alarm, plan: planChanges([desired], existing), level: levelOf(alarm) };
}

const levelOf = (alarm: Alarm | undefined) =>
  alarm && 'Threshold' in alarm.config ? alarm.config.Threshold : undefined;

describe('a forecast', () => {
  const first = decide(growing(60, 1)).alarm as Alarm;

  it('is an alarm that is on as soon as it exists', () => {
    expect(first).toMatchObject({
      config: { MetricName: 'disk_used_percent', Threshold: 59, ComparisonOperator: 'GreaterThanThreshold' },
      description: expect.stringMatching(
        /^Disk \/data of .* is full within 48 hours at the pace of the past day\.\n/,
      ),
    });
  });

  it('is no alarm for other disks, or if it is off', () => {
    expect(decide(growing(60, 0.5)).alarm).toBeUndefined();
    expect(decide(undefined).alarm).toBeUndefined();
    const history = new Map([[`${ID} /data`, growing(60, 1)]]);
    expect(
      desiredAlarmsFor(ID, inventory({ series: linux('/data'), history }), rules).desired.alarms,
    ).toHaveLength(2);
  });

  it('is no alarm for a disk that is critical already', () => {
    expect(decide(growing(85, 1)).alarm).toBeUndefined();
  });

  it('stays unchanged until the trend is half as fast', () => {
    const more = decide(growing(70, 1), first).plan;
    expect(more.update).toEqual([]);
    expect(more.unchanged).toContain(name);
    expect(decide(growing(60, 0.5), first).level).toBe(59);
    expect(decide(undefined, first).level).toBe(59);
  });

  it('first becomes OK when the trend ends, so that people are told, and then goes', () => {
    const ended = decide(growing(60, 0.1), first);
    expect(ended.level).toBe(101);
    expect(decide(growing(60, 0.1), ended.alarm, 'ALARM').plan.update).toEqual([]);
    expect(decide(growing(60, 0.1), ended.alarm, 'OK').plan.delete.map((one) => one.name)).toEqual([name]);
    expect(decide(growing(60, 1), ended.alarm, 'ALARM').level).toBe(59);
  });

  it('is set for one instance by its tag', () => {
    const tags = { 'groundcrew:disk-forecast': '24' };
    const history = new Map([[`${ID} /data`, growing(80, 1)]]);
    const of = (percent: number) => new Map([[`${ID} /data`, growing(percent, 1)]]);
    const alarmsFor = (given: typeof history) =>
      desiredAlarmsFor(
        ID,
        inventory({ series: linux('/data'), history: given, instances: [instance({ tags })] }),
        rules,
      ).desired.alarms.length;
    expect([alarmsFor(history), alarmsFor(of(60))]).toEqual([3, 2]);
  });

  it('of Windows compares free space', () => {
    const drive = series('LogicalDisk % Free Space', { instance: 'C:', InstanceId: ID });
    const values = growing(60, 1).values.map((value) => 100 - value);
    const history = new Map([[`${ID} C:`, { ...growing(60, 1), values }]]);
    const { desired } = desiredAlarmsFor(ID, inventory({ series: [drive], history }), {
      ...rules,
      ...forecast,
    });
    expect(desired.alarms.find((one) => one.name.includes('forecast'))).toMatchObject({
      config: {
        MetricName: 'LogicalDisk % Free Space',
        Threshold: 41,
        ComparisonOperator: 'LessThanThreshold',
      },
    });
  });
});
