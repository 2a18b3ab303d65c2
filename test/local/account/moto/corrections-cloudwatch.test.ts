import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  ListMetricsCommand,
  ListTagsForResourceCommand,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { errorOf, type Fixture, openAccount } from '../fixture.ts';

let fixture: Fixture;
let cloudWatch: CloudWatchClient;

beforeAll(async () => {
  fixture = await openAccount();
  cloudWatch = fixture.client(CloudWatchClient);
});
beforeEach(() => fixture.account.reset());
afterAll(() => fixture?.account.close());

async function report(name: string, count: number, agoMs = 0, namespace = 'CWAgent'): Promise<void> {
  const Timestamp = new Date(fixture.clock.now() - agoMs);
  for (let at = 0; at < count; at += 50) {
    const MetricData = Array.from({ length: Math.min(50, count - at) }, (_, i) => ({
      MetricName: name,
      Value: at + i,
      Timestamp,
      Dimensions: [
        { Name: 'disk', Value: String(at + i) },
        { Name: 'host', Value: 'a' },
      ],
    }));
    await cloudWatch.send(new PutMetricDataCommand({ Namespace: namespace, MetricData }));
  }
}

/** A second goes by before each: CloudWatch allows three. */
function put(AlarmName: string, more: Partial<PutMetricAlarmCommandInput> = {}): Promise<unknown> {
  fixture.clock.skip(1000);
  return cloudWatch.send(
    new PutMetricAlarmCommand({
      AlarmName,
      Namespace: 'n',
      MetricName: 'm',
      Statistic: 'Average',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      ...more,
    }),
  );
}

function compose(AlarmName: string, AlarmRule: string, ActionsSuppressor = 'critical'): Promise<unknown> {
  fixture.clock.skip(1000);
  const suppressor = {
    ActionsSuppressor,
    ActionsSuppressorWaitPeriod: 60,
    ActionsSuppressorExtensionPeriod: 90,
  };
  return cloudWatch.send(new PutCompositeAlarmCommand({ AlarmName, AlarmRule, ...suppressor }));
}

function remove(...AlarmNames: string[]): Promise<unknown> {
  fixture.clock.skip(1000);
  return cloudWatch.send(new DeleteAlarmsCommand({ AlarmNames }));
}

const both: ('MetricAlarm' | 'CompositeAlarm')[] = ['MetricAlarm', 'CompositeAlarm'];

async function names(AlarmTypes = both): Promise<(string | undefined)[]> {
  const { MetricAlarms = [], CompositeAlarms = [] } = await cloudWatch.send(
    new DescribeAlarmsCommand({ AlarmTypes }),
  );
  return [...MetricAlarms, ...CompositeAlarms].map(({ AlarmName }) => AlarmName);
}

describe('metrics', () => {
  test('are listed in pages that can be requested again, and only if recent', async () => {
    await report('used', 502);
    await report('old', 1, 4 * 3_600_000);
    const first = await cloudWatch.send(new ListMetricsCommand({ RecentlyActive: 'PT3H' }));
    const ask = () =>
      cloudWatch.send(new ListMetricsCommand({ RecentlyActive: 'PT3H', NextToken: first.NextToken }));
    expect([first.Metrics?.length, (await ask()).Metrics?.length, (await ask()).Metrics?.length]).toEqual([
      500, 2, 2,
    ]);
    expect((await ask()).NextToken).toBeUndefined();
    const all = await cloudWatch.send(new ListMetricsCommand({ MetricName: 'old' }));
    expect(all.Metrics).toHaveLength(1);
  });

  test('are found by some of their dimensions', async () => {
    await report('used', 3);
    const find = async (Dimensions: { Name: string; Value?: string }[]) =>
      (await cloudWatch.send(new ListMetricsCommand({ Dimensions }))).Metrics?.length;
    expect(await find([{ Name: 'host', Value: 'a' }])).toBe(3);
    expect(await find([{ Name: 'disk', Value: '1' }, { Name: 'host' }])).toBe(1);
    expect(await find([{ Name: 'host', Value: 'b' }])).toBe(0);
  });

  test('are read by namespace, name and all dimensions, in periods aligned to the clock', async () => {
    await report('used', 3);
    await report('used', 1, 0, 'Other');
    const read = async (disk: string, more: { Name: string; Value: string }[] = []) => {
      const Dimensions = [{ Name: 'host', Value: 'a' }, { Name: 'disk', Value: disk }, ...more];
      const Metric = { Namespace: 'CWAgent', MetricName: 'used', Dimensions };
      const { MetricDataResults } = await cloudWatch.send(
        new GetMetricDataCommand({
          StartTime: new Date(fixture.clock.now() - 3_600_000),
          EndTime: new Date(fixture.clock.now() + 300_000),
          MetricDataQueries: [{ Id: 'q', MetricStat: { Metric, Period: 300, Stat: 'Average' } }],
        }),
      );
      return MetricDataResults?.[0];
    };
    expect((await read('2'))?.Values).toEqual([2]);
    expect(((await read('2'))?.Timestamps?.[0]?.getTime() ?? 1) % 300_000).toBe(0);
    expect((await read('2', [{ Name: 'more', Value: 'x' }]))?.Values).toEqual([]);
  });

  test('are read in requests of at most 500 queries', async () => {
    const MetricDataQueries = Array.from({ length: 501 }, (_, i) => ({
      Id: `q${i}`,
      MetricStat: { Metric: { Namespace: 'n', MetricName: 'm' }, Period: 60, Stat: 'Sum' },
    }));
    const times = { StartTime: new Date(0), EndTime: new Date(60_000) };
    const error = await errorOf(cloudWatch.send(new GetMetricDataCommand({ ...times, MetricDataQueries })));
    expect(error.name).toMatch(/^Validation/);
  });
});

describe('alarms', () => {
  test('are listed in pages, and only metric alarms by default', async () => {
    for (const name of ['critical', 'warning', 'z']) await put(name);
    await compose('notice', 'ALARM("warning")');
    expect(await names()).toEqual(['critical', 'warning', 'z', 'notice']);
    const { MetricAlarms, CompositeAlarms } = await cloudWatch.send(new DescribeAlarmsCommand({}));
    expect([MetricAlarms?.length, CompositeAlarms?.length]).toEqual([3, 0]);
    const page = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmTypes: both, MaxRecords: 2 }));
    const next = { AlarmTypes: both, MaxRecords: 2, NextToken: page.NextToken };
    const rest = await cloudWatch.send(new DescribeAlarmsCommand(next));
    expect(rest.MetricAlarms?.map(({ AlarmName }) => AlarmName)).toEqual(['warning', 'z']);
    const prefixed = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNamePrefix: 'w' }));
    expect(prefixed.MetricAlarms).toHaveLength(1);
  });

  test('keep state and tags in an update, and lose settings that the update omits', async () => {
    await put('a', {
      Tags: [{ Key: 'Team', Value: 'x' }],
      OKActions: ['arn:aws:sns:eu-west-1:123456789012:t'],
    });
    const see = async () => (await cloudWatch.send(new DescribeAlarmsCommand({}))).MetricAlarms?.[0];
    expect((await see())?.StateValue).toBe('INSUFFICIENT_DATA');
    await cloudWatch.send(
      new SetAlarmStateCommand({ AlarmName: 'a', StateValue: 'ALARM', StateReason: 'x' }),
    );
    await put('a', { Threshold: 2, Tags: [{ Key: 'Other', Value: 'y' }] });
    expect(await see()).toMatchObject({ StateValue: 'ALARM', Threshold: 2, OKActions: [] });
    const ResourceARN = (await see())?.AlarmArn;
    const { Tags } = await cloudWatch.send(new ListTagsForResourceCommand({ ResourceARN }));
    expect(Tags).toEqual([{ Key: 'Team', Value: 'x' }]);
  });

  test('of the composite type store their suppressor and need existing alarms', async () => {
    expect((await errorOf(compose('notice', 'ALARM("warning")'))).name).toMatch(/^Validation/);
    await put('critical');
    await put('warning');
    await compose('notice', 'ALARM("warning")');
    const { CompositeAlarms } = await cloudWatch.send(
      new DescribeAlarmsCommand({ AlarmTypes: ['CompositeAlarm'] }),
    );
    expect(CompositeAlarms?.[0]).toMatchObject({
      AlarmRule: 'ALARM("warning")',
      ActionsSuppressor: 'critical',
      ActionsSuppressorWaitPeriod: 60,
      ActionsSuppressorExtensionPeriod: 90,
    });
    expect((await errorOf(put('notice'))).name).toMatch(/^Validation/);
  });

  test('cannot be deleted while a composite alarm depends on them, nor two composite alarms in one call', async () => {
    for (const name of ['critical', 'warning', 'other']) await put(name);
    await compose('notice', 'ALARM("warning")');
    await compose('second', 'ALARM("other")', 'other');
    expect((await errorOf(remove('other', 'warning'))).message).toMatch(
      'Cannot delete other, warning as there are composite alarm(s) depending on them.',
    );
    expect((await errorOf(remove('critical'))).name).toMatch(/^Validation/);
    expect((await errorOf(remove('notice', 'second'))).name).toMatch(/^Validation/);
    await remove('notice', 'never-was');
    await remove('warning', 'critical');
    expect(await names()).toEqual(['other', 'second']);
    const hundredAndOne = Array.from({ length: 101 }, (_, i) => String(i));
    expect((await errorOf(remove(...hundredAndOne))).name).toMatch(/^Validation/);
  });

  test('lose their tags when they are deleted', async () => {
    await put('a', { Tags: [{ Key: 'Team', Value: 'x' }] });
    await remove('a');
    await put('a');
    const arn = (await cloudWatch.send(new DescribeAlarmsCommand({}))).MetricAlarms?.[0]?.AlarmArn;
    expect((await cloudWatch.send(new ListTagsForResourceCommand({ ResourceARN: arn }))).Tags).toEqual([]);
  });

  test('have names and descriptions of limited length', async () => {
    const broken = [put('x'.repeat(256)), put('a\nb'), put('a', { AlarmDescription: 'x'.repeat(1025) })];
    for (const call of broken) expect((await errorOf(call)).name).toMatch(/^Validation/);
    await put('x'.repeat(255), { AlarmDescription: 'x\n'.repeat(512) });
  });

  test('accept three changes per second', async () => {
    await put('first');
    const at = (ms: number, name: string) => {
      fixture.clock.skip(ms);
      const settings = { Namespace: 'n', MetricName: 'm', Statistic: 'Average', Period: 60 } as const;
      const rule = { EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: 'LessThanThreshold' } as const;
      return cloudWatch.send(new PutMetricAlarmCommand({ AlarmName: name, ...settings, ...rule }));
    };
    await at(2000, 'a');
    for (const name of ['b', 'c']) await at(0, name);
    expect((await errorOf(at(0, 'd'))).name).toMatch(/^Throttling/);
    await at(400, 'd');
    await remove('a');
  });
});
