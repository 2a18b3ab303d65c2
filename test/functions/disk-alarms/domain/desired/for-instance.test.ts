import { describe, expect, it } from 'vitest';
import type { Alarm, MetricAlarmConfig } from '../../../../../functions/disk-alarms/domain/alarm.ts';
import { alarmName, ownerOf } from '../../../../../functions/disk-alarms/domain/alarm.ts';
import { parseMetadata } from '../../../../../functions/disk-alarms/domain/alarm-metadata.ts';
import {
  type DesiredAlarmsOptions,
  desiredAlarmsFor,
} from '../../../../../functions/disk-alarms/domain/desired/for-instance.ts';
import { planChanges } from '../../../../../functions/disk-alarms/domain/plan.ts';
import { namedTopics, topicFault } from '../../../../../functions/disk-alarms/domain/topic.ts';
import {
  compositeRules,
  defaults,
  GB,
  ID,
  instance,
  inventory,
  type Look,
  linux,
  NOW,
  reading,
  rules,
  series,
  stored,
  TOPIC,
} from '../../builders.ts';

const decide = (look: Look, more: Partial<DesiredAlarmsOptions> = {}) =>
  desiredAlarmsFor(ID, inventory(look), { ...rules, ...more });
const alarmsOf = (look: Look, more: Partial<DesiredAlarmsOptions> = {}) => decide(look, more).desired.alarms;
const one = (purpose: string, look: Look, more: Partial<DesiredAlarmsOptions> = {}): Alarm => {
  const found = alarmsOf(look, more).find(({ name }) => name.startsWith(`groundcrew-disk-${ID}-${purpose}-`));
  if (!found) throw new Error(`no ${purpose} alarm`);
  return found;
};
const configOf = (alarm: Alarm): MetricAlarmConfig => {
  if (alarm.kind !== 'metric') throw new Error('a composite alarm');
  return alarm.config;
};
const expressionOf = (alarm: Alarm) => configOf(alarm).Metrics?.find((one) => one.ReturnData)?.Expression;
const settings = (more: Partial<typeof defaults>) => ({ defaults: { ...defaults, ...more } });
const disk = { series: linux('/data') };
const sized = (gb: number): Look => ({ ...disk, readings: { total: reading(gb * GB) } });

describe('a disk', () => {
  it('gets a critical alarm and a warning that is on only between both thresholds', () => {
    const [critical, warning, ...others] = alarmsOf(disk);
    const Dimensions = linux('/data')[0]?.dimensions;
    expect(others).toEqual([]);
    expect(critical).toMatchObject({
      name: `groundcrew-disk-${ID}-critical-/data`,
      config: {
        MetricName: 'disk_used_percent',
        Threshold: 80,
        ComparisonOperator: 'GreaterThanThreshold',
        Period: 300,
        EvaluationPeriods: 3,
        DatapointsToAlarm: 2,
        TreatMissingData: 'missing',
        AlarmActions: [TOPIC],
        Dimensions,
      },
    });
    expect(configOf(critical as Alarm)).not.toHaveProperty('Unit');
    const config = configOf(warning as Alarm);
    expect(config).toMatchObject({
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      EvaluationPeriods: 3,
      DatapointsToAlarm: 2,
      AlarmActions: [TOPIC],
    });
    expect(config).not.toHaveProperty('Period');
    expect(config.Metrics).toEqual([
      expect.objectContaining({ Expression: 'IF(used > 80, -1, IF(used > 70, 1, 0))', ReturnData: true }),
      {
        Id: 'used',
        MetricStat: {
          Metric: { Namespace: 'CWAgent', MetricName: 'disk_used_percent', Dimensions },
          Period: 300,
          Stat: 'Average',
        },
        ReturnData: false,
      },
    ]);
  });

  it('gets a composite that the critical alarm suppresses, if wanted', () => {
    const [, warning, notice] = alarmsOf(disk, compositeRules);
    expect(warning).toMatchObject({ config: { Threshold: 70, AlarmActions: [] } });
    expect(notice).toMatchObject({
      kind: 'composite',
      config: {
        AlarmRule: `ALARM("groundcrew-disk-${ID}-warning-/data")`,
        ActionsSuppressor: `groundcrew-disk-${ID}-critical-/data`,
        AlarmActions: [TOPIC],
      },
    });
  });

  it('gets a warning that notifies while the disk is critical, if wanted by its tag', () => {
    const tags = { 'groundcrew:disk-warning': 'independent' };
    const alarms = alarmsOf({ ...disk, instances: [instance({ tags })] });
    expect(alarms.map(({ config }) => config.AlarmActions)).toEqual([[TOPIC], [TOPIC]]);
    expect(configOf(alarms[1] as Alarm)).toMatchObject({ MetricName: 'disk_used_percent', Threshold: 70 });
  });

  it.each([
    [499, 70, 80],
    [500, 85, 90],
  ])('of %s GB is in its tier', (gb, warning, critical) => {
    expect(expressionOf(one('warning', sized(gb)))).toBe(
      `IF(used > ${critical}, -1, IF(used > ${warning}, 1, 0))`,
    );
    expect(configOf(one('critical', sized(gb))).Threshold).toBe(critical);
  });

  it.each([
    ['Minimum', 'Maximum'],
    ['Maximum', 'Minimum'],
    ['Average', 'Average'],
  ] as const)('takes the %s of free space as the %s of used', (statistic, used) => {
    expect(configOf(one('critical', disk, settings({ statistic }))).Statistic).toBe(used);
  });

  it('of Windows uses its metric of free space', () => {
    const dimensions = { instance: 'C:', InstanceId: ID, objectname: 'LogicalDisk' };
    const drive = { series: [series('LogicalDisk % Free Space', dimensions)], readings: {} };
    expect(configOf(one('critical', drive, settings({ statistic: 'Minimum' })))).toMatchObject({
      Threshold: 20,
      ComparisonOperator: 'LessThanThreshold',
      Statistic: 'Minimum',
    });
  });
});

describe('a minimum of free space', () => {
  const floor = settings({ minimumFreeGb: { warning: 100, critical: 50 } });

  it('applies to a large disk', () => {
    const big = sized(2000);
    expect(expressionOf(one('warning', big, floor))).toBe(
      `IF(free < ${50 * GB}, -1, IF(free < ${100 * GB}, 1, 0))`,
    );
    expect(configOf(one('critical', big, floor))).toMatchObject({
      MetricName: 'disk_free',
      Threshold: 50 * GB,
      ComparisonOperator: 'LessThanThreshold',
    });
    expect(one('warning', big, floor).description).toContain(
      'Warning below 100 GB free, critical below 50 GB.',
    );
  });

  it('does not apply to a small disk, for each severity separately', () => {
    const between = sized(600); // 15 % are 90 GB, 10 % are 60 GB
    const warning = one('warning', between, floor);
    expect(expressionOf(warning)).toBe(`IF(free < ${50 * GB}, -1, IF(used > 85, 1, 0))`);
    expect(configOf(warning).Metrics?.map(({ MetricStat }) => MetricStat?.Metric.MetricName)).toEqual([
      undefined,
      'disk_used_percent',
      'disk_free',
    ]);
    expect(configOf(one('critical', between, floor))).toMatchObject({
      MetricName: 'disk_free',
      Threshold: 50 * GB,
    });
  });

  it('needs the size and the metric', () => {
    const unknown = { ...disk, readings: {} };
    expect(configOf(one('critical', unknown, floor)).MetricName).toBe('disk_used_percent');
    const without = { series: linux('/data').slice(0, 2), readings: { total: reading(2000 * GB) } };
    expect(configOf(one('critical', without, floor)).MetricName).toBe('disk_used_percent');
  });
});

describe('a size that cannot be measured', () => {
  const full = { ...disk, readings: { total: { times: [], values: [] } } };
  const known = alarmsOf(sized(800)).map((alarm) => stored(alarm));

  it('is the size stored in the alarm', () => {
    expect(configOf(one('critical', { ...full, existing: known })).Threshold).toBe(90);
  });

  it('is the size of the volume if the volume is certain', () => {
    const told = {
      ...full,
      series: linux('/data', { VolumeId: 'vol-1' }),
      volumes: new Map([['vol-1', 600]]),
    };
    expect(configOf(one('critical', told)).Threshold).toBe(90);
    expect(one('critical', told).description).toMatch(/Size 600 GB\. .*\nVolume: vol-1\./);
  });

  it('is that of the volume, also after a resize, if the agent sends only a percentage', () => {
    const percentOnly = {
      series: linux('/data', { VolumeId: 'vol-1' }).slice(0, 1),
      readings: {},
      volumes: new Map([['vol-1', 600]]),
    };
    const before = alarmsOf({ ...percentOnly, volumes: new Map([['vol-1', 100]]) }).map((alarm) =>
      stored(alarm),
    );
    expect(configOf(one('critical', { ...percentOnly, existing: before })).Threshold).toBe(90);
  });

  it('is that of a tag, which a measured size replaces', () => {
    const tagged = (tags: Readonly<Record<string, string>>): Look => ({
      ...full,
      instances: [instance({ tags })],
    });
    const tags = { 'groundcrew:disk-size': '700' };
    expect(one('critical', tagged(tags)).description).toContain('Size 700 GB.');
    expect(
      one('critical', tagged({ ...tags, 'groundcrew:disk-mount': '/data size=900' })).description,
    ).toContain('Size 900 GB.');
    expect(
      one('critical', { ...tagged(tags), readings: { total: reading(100 * GB) } }).description,
    ).toContain('Size 100 GB.');
    const odd = decide(tagged({ 'groundcrew:disk-size': 'big' }));
    expect(odd.skipped).toEqual([
      { what: ID, reason: 'tag groundcrew:disk-size is "big", expected GB like 800' },
    ]);
  });

  it('is not needed if all sizes that are possible are in one tier', () => {
    const volumes = [
      { volumeId: 'vol-1', device: '/dev/xvda' },
      { volumeId: 'vol-2', device: '/dev/sdf' },
    ];
    const look = (...gb: readonly number[]): Look => ({
      series: ['/', '/a', '/b'].flatMap((path, i) => linux(path, { device: `nvme${i}n1` }).slice(0, 1)),
      readings: {},
      instances: [
        instance({ tags: { Name: 'db' }, volumes: [...volumes, { volumeId: 'vol-3', device: '/dev/sdg' }] }),
      ],
      volumes: new Map(gb.map((size, i) => [`vol-${i + 1}`, size])),
    });
    expect(decide(look(8, 100, 200)).unsized).toEqual([]);
    expect(decide(look(8, 600, 700)).unsized).toEqual([]);
    expect(configOf(one('critical', look(8, 600, 700))).Threshold).toBe(80); // the root is first
    expect(alarmsOf(look(8, 600, 700)).map((alarm) => configOf(alarm).Threshold)).toEqual([
      80, 0, 90, 0, 90, 0,
    ]);
    expect(decide(look(8, 100, 700)).unsized).toEqual([`db (${ID}) /a`, `db (${ID}) /b`]);
    const oneTier = { tiers: [{ fromGb: 0, warning: 20, critical: 10 }] };
    expect(decide(look(8, 100, 700), settings(oneTier)).unsized).toEqual([]);
    const minimum = { ...oneTier, minimumFreeGb: { warning: 50, critical: 20 } };
    expect(decide(look(8, 100, 700), settings(minimum)).unsized).toHaveLength(2);
  });

  it('is unknown otherwise; then the first tier applies, and the disk is named', () => {
    const unsure = { ...full, instances: [instance()] };
    expect(configOf(one('critical', unsure)).Threshold).toBe(80);
    expect(one('critical', unsure).description).toMatch(/Size unknown\. .*\nVolume: unknown/);
    expect(decide(unsure).unsized).toEqual([`${ID} /data`]);
    expect(decide(sized(100)).unsized).toEqual([]);
  });
});

describe('inodes', () => {
  const counts = ['disk_inodes_free', 'disk_inodes_total'].map((metric) =>
    series(metric, { InstanceId: ID, path: '/data', device: 'nvme0n1p1', fstype: 'xfs' }),
  );
  const look = { series: [...linux('/data'), ...counts] };

  it('have an alarm if enabled and measured', () => {
    const { Metrics, Threshold } = configOf(one('inodes', look, settings({ inodesPercent: 10 })));
    expect(Threshold).toBe(10);
    expect(Metrics?.filter(({ ReturnData }) => ReturnData).map(({ Expression }) => Expression)).toEqual([
      '100 * free / total',
    ]);
    expect(Metrics?.map(({ MetricStat }) => MetricStat?.Metric.MetricName)).toEqual([
      'disk_inodes_free',
      undefined,
      'disk_inodes_total',
    ]);
  });

  it('have no alarm otherwise', () => {
    expect(alarmsOf(look)).toHaveLength(2);
    expect(alarmsOf(disk, settings({ inodesPercent: 10 }))).toHaveLength(2);
  });
});

describe('a silent agent', () => {
  const silent = settings({ silentMinutes: 20 });
  const name = `groundcrew-disk-${ID}-silent`;
  const find = (alarms: readonly Alarm[]) => alarms.find((alarm) => alarm.name === name);
  const armed = stored(find(alarmsOf(disk, silent)) as Alarm);

  it('raises an alarm of the instance', () => {
    expect(find(alarmsOf(disk, silent))).toMatchObject({
      config: {
        Statistic: 'SampleCount',
        Threshold: 1,
        EvaluationPeriods: 20,
        TreatMissingData: 'breaching',
      },
    });
  });

  it.each([60, 420, 86_400])(
    'counts minutes even if the disks have a period of %i seconds',
    (periodSeconds) => {
      const day = settings({ silentMinutes: 1440, periodSeconds, datapoints: { breaching: 1, of: 1 } });
      expect(find(alarmsOf(disk, day))).toMatchObject({ config: { Period: 60, EvaluationPeriods: 1440 } });
    },
  );

  it('is watched through the disk with the newest data', () => {
    const look = { series: [...linux('/backup'), ...linux('/data', { device: 'sdb' })] };
    const seen = inventory(look);
    const [gone] = seen.discovered.disks.get(ID)?.get('/backup') ?? [];
    const measurements = new Map(seen.measurements);
    if (gone) measurements.set(gone, { measuredAt: NOW - 3_000_000, sizeGb: 100 });
    const alarm = find(
      desiredAlarmsFor(ID, { ...seen, measurements }, { ...rules, ...silent }).desired.alarms,
    ) as Alarm;
    expect(configOf(alarm).Dimensions).toEqual(linux('/data', { device: 'sdb' })[0]?.dimensions);
  });

  const late = { ...disk, readings: { total: reading(GB, NOW - 3_000_000) } };
  const stateOf = (alarm: Alarm | undefined) => alarm && configOf(alarm).TreatMissingData;

  it('gets no alarm before its first data and keeps an existing one', () => {
    expect(find(alarmsOf(late, silent))).toBeUndefined();
    expect(find(alarmsOf({ ...late, existing: [armed] }, silent))).toEqual(
      expect.objectContaining({ name, description: armed.description }),
    );
    expect(planChanges([decide({ ...late, existing: [armed] }, silent).desired], [armed]).update).toEqual([]);
  });

  it('is not enabled by data from before the start', () => {
    const restarted = { ...disk, instances: [instance({ launchedAt: NOW + 1 })], existing: [armed] };
    const { desired: made, hasNoMetrics } = decide(restarted, silent);
    expect([find(made.alarms), made.keep, hasNoMetrics]).toEqual([undefined, [name], true]);
  });

  it.each([
    ['while metrics are listed', disk],
    ['when none are', {}],
  ])('is disabled by a stop %s, and nothing else changes', (_, look) => {
    const stopped = { ...look, instances: [instance({ state: 'stopped' })], existing: [armed] };
    const { desired: made, skipped } = decide(stopped, silent);
    expect(made).toMatchObject({
      mayDelete: false,
      alarms: [{ name, config: { ActionsEnabled: false, TreatMissingData: 'notBreaching' } }],
    });
    expect(skipped).toEqual([{ what: ID, reason: 'the instance is stopped' }]);
    expect(alarmsOf({ ...stopped, existing: [] }, silent)).toEqual([]);
  });

  it('that sends nothing after a start raises the alarm in the end', () => {
    const stopped = { instances: [instance({ state: 'stopped' })], existing: [armed] };
    const disarmed = stored(find(alarmsOf(stopped, silent)) as Alarm);
    const startedAgo = (ms: number) => ({
      instances: [instance({ launchedAt: NOW - ms })],
      existing: [disarmed],
    });
    expect(decide(startedAgo(1_800_000), silent).desired).toMatchObject({ alarms: [], keep: [name] });
    expect(stateOf(find(alarmsOf(startedAgo(3_700_000), silent)))).toBe('breaching');
  });

  it('that is switched off loses its alarm', () => {
    const { delete: gone } = planChanges([decide({ ...disk, existing: [armed] }).desired], [armed]);
    expect(gone.map((alarm) => alarm.name)).toEqual([name]);
  });
});

describe('an instance', () => {
  it.each(['terminated', 'shutting-down'])('that is %s has no alarms', (state) => {
    expect(decide({ ...disk, instances: [instance({ state })] }).desired).toMatchObject({
      alarms: [],
      mayDelete: true,
    });
  });

  it('that EC2 does not know has no alarms', () => {
    expect(decide({ ...disk, instances: [] }).desired).toMatchObject({ alarms: [], mayDelete: true });
  });

  it('without metrics keeps its alarms', () => {
    const { desired: made, skipped } = decide({});
    expect(made).toMatchObject({ alarms: [], mayDelete: false });
    expect(skipped[0]?.reason).toMatch(/^no disk metrics in the past three hours/);
  });

  it('that runs for an hour without metrics is named, and no other', () => {
    const named = instance({ tags: { Name: 'web-1' } });
    expect(decide({ instances: [named] }).unmonitored).toBe(`web-1 (${ID})`);
    expect(decide({ instances: [{ ...named, launchedAt: NOW - 600_000 }] }).unmonitored).toBeUndefined();
    expect(decide({ instances: [{ ...named, state: 'stopped' }] }).unmonitored).toBeUndefined();
    expect(decide({ instances: [named] }, { scope: 'tagged' }).unmonitored).toBeUndefined();
    expect(decide({ ...disk, instances: [named] }).unmonitored).toBeUndefined();
  });

  it.each([
    ['all', undefined, 2],
    ['all', 'off', 0],
    ['all', ' on ', 2],
    ['tagged', undefined, 0],
    ['tagged', 'on', 2],
    ['tagged', 'off', 0],
  ] as const)('in scope %s with the tag %s has %s alarms', (scope, use, count) => {
    const tags = use === undefined ? {} : { 'groundcrew:disk-alarms': use };
    const { desired: made } = decide({ ...disk, instances: [instance({ tags })] }, { scope });
    expect([made.alarms.length, made.mayDelete]).toEqual([count, true]);
  });

  it('named by a call is in scope, then and in later runs, whatever Scope says', () => {
    const named = decide(disk, { scope: 'tagged', isNamed: true }).desired.alarms;
    expect(named).toHaveLength(2);
    const existing = named.map((alarm) => stored(alarm));
    const later = decide({ ...disk, existing }, { scope: 'tagged' }).desired;
    expect(planChanges([later], existing)).toMatchObject({ create: [], update: [], delete: [] });
  });

  it('named by a call stays out of scope if its tag says off, and the reason is told', () => {
    const off = { ...disk, instances: [instance({ tags: { 'groundcrew:disk-alarms': 'off' } })] };
    expect(decide(off, { isNamed: true })).toMatchObject({
      desired: { alarms: [], mayDelete: true },
      skipped: [{ what: ID, reason: 'tag groundcrew:disk-alarms is off' }],
    });
    expect(decide(off).skipped).toEqual([]);
  });

  it('in scope through its tag or through all does not remember a call', () => {
    const tagged = { ...disk, instances: [instance({ tags: { 'groundcrew:disk-alarms': 'on' } })] };
    const alarms = [
      ...alarmsOf(tagged, { scope: 'tagged', isNamed: true }),
      ...alarmsOf(disk, { scope: 'all', isNamed: true }),
    ];
    expect(alarms.map(({ description }) => parseMetadata(description)?.scopeFromCall)).toEqual(
      Array(4).fill(false),
    );
  });

  it('in scope none loses all alarms, also without metrics and if a call named it', () => {
    const existing = alarmsOf(disk, { scope: 'tagged', isNamed: true }).map((alarm) => stored(alarm));
    expect(decide({ existing }, { scope: 'none' }).desired).toMatchObject({ alarms: [], mayDelete: true });
    expect(decide({ ...disk, existing }, { scope: 'none', isNamed: true }).skipped).toEqual([
      { what: ID, reason: 'Scope is none' },
    ]);
  });

  it('that opted out loses its alarms even without metrics; one that is only out of scope keeps them', () => {
    const off = instance({ tags: { 'groundcrew:disk-alarms': 'off' } });
    expect(decide({ instances: [off] }).desired.mayDelete).toBe(true);
    expect(decide({}, { scope: 'tagged' }).desired.mayDelete).toBe(false);
  });

  it.each([
    ['of which only old listings are left', { readings: { total: { times: [], values: [] } } }],
    ['that started within the hour', { instances: [instance({ launchedAt: NOW - 1_200_000 })] }],
  ])('%s loses no alarm, because its disks are listed at different times', (_, look) => {
    expect(decide({ ...disk, ...look }).desired.mayDelete).toBe(false);
  });

  it.each([
    [{ 'groundcrew:disk-alarms': 'yes' }, 'tag groundcrew:disk-alarms is "yes", expected on or off'],
    [{ 'groundcrew:disk-tiers': '?' }, 'tag groundcrew:disk-tiers has the tier "?"'],
  ])('with invalid tags stays unchanged: %j', (tags, reason) => {
    const { desired: made, skipped } = decide({ ...disk, instances: [instance({ tags })] });
    expect(made).toMatchObject({ alarms: [], mayDelete: false });
    expect(skipped).toEqual([{ what: ID, reason: expect.stringContaining(reason) }]);
  });

  it('has no metrics if it started within the hour and sent nothing since', () => {
    const fresh = instance({ launchedAt: NOW - 600_000 });
    expect(decide({ instances: [fresh] }).hasNoMetrics).toBe(true);
    expect(
      decide({ ...disk, instances: [fresh], readings: { total: reading(GB, NOW - 1_200_000) } }).hasNoMetrics,
    ).toBe(true);
    expect(decide({ ...disk, instances: [fresh] }).hasNoMetrics).toBe(false);
    expect(decide({ instances: [instance({ launchedAt: NOW - 3_700_000 })] }).hasNoMetrics).toBe(false);
    expect(decide({ instances: [instance({ launchedAt: NOW, state: 'stopped' })] }).hasNoMetrics).toBe(false);
  });
});

describe('the topic', () => {
  const called = 'arn:aws:sns:eu-west-1:123456789012:called';
  const actionsOf = (look: Look, more: Partial<DesiredAlarmsOptions> = {}) =>
    one('critical', look, more).config.AlarmActions;
  const made = alarmsOf(disk, { topicArn: called }).map((alarm) => stored(alarm));

  it('is the default, that of a call, or that of a tag, which wins', () => {
    const tagged = { ...disk, instances: [instance({ tags: { 'groundcrew:disk-topic': 'team' } })] };
    expect(actionsOf(disk)).toEqual([TOPIC]);
    expect(actionsOf(disk, { topicArn: called })).toEqual([called]);
    expect(actionsOf(tagged, { topicArn: called })).toEqual(['arn:aws:sns:eu-west-1:123456789012:team']);
  });

  it.each([
    ['that does not exist', 'typo', 'topic arn:aws:sns:eu-west-1:123456789012:typo does not exist'],
    ['that is invalid', 'a b', 'tag groundcrew:disk-topic must be a standard SNS topic'],
  ])('of a tag %s is replaced by the default, and the reason is told', (_, tag, reason) => {
    const arn = 'arn:aws:sns:eu-west-1:123456789012:typo';
    const unusableTopics = new Map([[arn, `topic ${arn} does not exist`]]);
    const look = {
      ...disk,
      instances: [instance({ tags: { 'groundcrew:disk-topic': tag } })],
      unusableTopics,
    };
    expect(actionsOf(look)).toEqual([TOPIC]);
    expect(decide(look)).toMatchObject({
      topicFaults: [expect.stringContaining(reason)],
      skipped: [{ what: ID, reason: expect.stringMatching(/; the default topic is used$/) }],
    });
  });

  it('of a call that was deleted since then is replaced by the default', () => {
    const look = { ...disk, existing: made, unusableTopics: new Map([[called, 'gone']]) };
    expect(actionsOf(look)).toEqual([TOPIC]);
    expect(parseMetadata(one('critical', look).description)?.topicFromCall).toBe(false);
  });

  it('is looked up once for each name, the default never', () => {
    const tagged = ['team', 'team', 'a b'].map((tag) => ({ tags: { 'groundcrew:disk-topic': tag } }));
    const alarms = new Map([[ID, made]]);
    expect(namedTopics([...tagged, { tags: {} }], alarms, TOPIC)).toEqual([
      called,
      'arn:aws:sns:eu-west-1:123456789012:team',
    ]);
  });

  it.each([
    ['the key of AWS', { isAwsManaged: true, state: 'Enabled' }, 'encrypted with alias/aws/sns'],
    ['a disabled key', { isAwsManaged: false, state: 'Disabled' }, 'encrypted with a key that is Disabled'],
    ['a key that may work', { isAwsManaged: false, state: 'Enabled' }, undefined],
    ['a key that we may not read', undefined, undefined],
  ])('encrypted with %s', (_, key, fault) => {
    const found = topicFault(called, { keyId: 'alias/own', policy: undefined }, key);
    if (fault === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(fault);
  });

  it('of a call is kept by later runs, for new disks too', () => {
    const later = alarmsOf({
      series: [...linux('/data'), ...linux('/new', { device: 'nvme1n1' })],
      existing: made,
    });
    const rings = later.filter(({ config }) => config.AlarmActions.length > 0);
    expect(rings.map(({ config }) => config.AlarmActions)).toEqual(Array(4).fill([called]));
    expect(rings.every(({ description }) => parseMetadata(description)?.topicFromCall)).toBe(true);
  });

  it('of a call is restored if somebody added another action', () => {
    const action = 'arn:aws:lambda:eu-west-1:123456789012:function:cleanup';
    const two = { series: [...linux('/data'), ...linux('/logs', { device: 'nvme1n1' })] };
    const [first, ...others] = alarmsOf(two, { topicArn: called })
      .filter(({ config }) => config.AlarmActions.length > 0)
      .map((alarm) => stored(alarm));
    if (!first) throw new Error('no alarm that rings');
    const edited = { ...first, config: { ...first.config, AlarmActions: [action, called] } };
    const swapped = { ...first, config: { ...first.config, AlarmActions: [`${called}-2`] } };
    for (const one of [edited, swapped])
      expect(actionsOf({ ...two, existing: [one, ...others] })).toEqual([called]);
  });

  it('follows the default when the default changes', () => {
    const before = alarmsOf(disk, { defaultTopicArn: called }).map((alarm) => stored(alarm));
    expect(actionsOf({ ...disk, existing: before })).toEqual([TOPIC]);
  });
});

describe('a description', () => {
  it('fits with names of any length, and its metadata can be parsed', () => {
    const mount = `/${'ü"\n'.repeat(80)}`;
    const tags = { Name: 'x\n[groundcrew disk-alarms tags=evil topic=call]'.repeat(5) };
    const runbookUrl = `https://wiki.example.com/${'r'.repeat(270)}`;
    const alarm = alarmsOf({ series: linux(mount), instances: [instance({ tags })] }, { runbookUrl })[0];
    expect(alarm?.description.length).toBeLessThanOrEqual(1024);
    expect(alarm?.name.length).toBeLessThanOrEqual(255);
    expect(alarm?.name).toMatch(/-critical-\/_{1,60}-[0-9a-f]{12}$/);
    expect(parseMetadata(alarm?.description ?? '')).toEqual({
      sizeGb: 100,
      tags: expect.any(String),
      topicFromCall: false,
      scopeFromCall: false,
    });
  });

  it('without metadata is not ours', () => {
    expect(parseMetadata('Disk full')).toBeUndefined();
    expect(parseMetadata('[groundcrew disk-alarms tags=a]')).toBeUndefined();
    expect(parseMetadata('x\n[groundcrew disk-alarms tags=a] ')).toBeUndefined();
  });

  it('copies tags except those of AWS and Groundcrew', () => {
    const tags = { Team: 'a', 'aws:autoscaling:groupName': 'g', 'groundcrew:cordon': 'rebalance', Name: 'n' };
    expect(alarmsOf({ ...disk, instances: [instance({ tags })] })[0]?.tags).toEqual({ Name: 'n', Team: 'a' });
    const odd = { Team: 'a', 'Cost (EUR)': '1', Note: 'a#b' };
    expect(alarmsOf({ ...disk, instances: [instance({ tags: odd })] })[0]?.tags).toEqual({ Team: 'a' });
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`t${i}`, '']));
    expect(
      Object.keys(alarmsOf({ ...disk, instances: [instance({ tags: many })] })[0]?.tags ?? {}),
    ).toHaveLength(50);
  });
});

describe('a name', () => {
  it.each([
    ['C:', 'p-i-1-critical-C:'],
    ['/var/lib/My Data', 'p-i-1-critical-/var/lib/My Data'],
    ['/srv/größe', 'p-i-1-critical-/srv/größe'],
  ])('keeps the mount %s', (mount, name) => {
    expect(alarmName('p-', 'i-1', 'critical', mount)).toBe(name);
  });

  it('gets a hash for long and unusual mounts', () => {
    const [a, b] = ['a', 'b'].map((end) => alarmName('p-', ID, 'critical', `/${'x'.repeat(300)}${end}`));
    expect(a).not.toBe(b);
    expect(a?.length).toBeLessThan(130);
    expect(alarmName('p-', ID, 'critical', 'a"b')).toMatch(/^p-.*-critical-a_b-[0-9a-f]{12}$/);
  });

  it('contains the owner', () => {
    expect(ownerOf('p-', `p-${ID}-critical-/`)).toBe(ID);
    expect(ownerOf('p-', 'p-i-12345678-silent')).toBe('i-12345678');
    expect(ownerOf('p-', 'p-fleet-warning-linux')).toBe('fleet');
    expect([
      ownerOf('p-', 'p-web-critical'),
      ownerOf('p-', `q-${ID}-critical-/`),
      ownerOf('p-', `p-${ID}`),
    ]).toEqual([undefined, undefined, undefined]);
  });
});
