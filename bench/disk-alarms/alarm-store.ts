import type { Mapping } from '../../local/json.ts';
import { dimensionsOf, type Fleet, idOf, page } from './fleet.ts';

/** The alarms of an account, as CloudWatch describes them. */
export interface AlarmStore {
  readonly size: number;
  describe(input: Mapping): object;
  put(input: Mapping): object;
}

const PAGE = 100;

/** Keeps what is put, without tags: DescribeAlarms returns none. */
export function createAlarmStore(): AlarmStore {
  const alarms = new Map<string, object>();
  let sorted: readonly string[] | undefined;
  return {
    get size() {
      return alarms.size;
    },
    put: ({ Tags: _, ...alarm }) => {
      const name = String(alarm['AlarmName']);
      alarms.set(name, { ...BARE, ...alarm, AlarmArn: arnOf(name) });
      sorted = undefined;
      return {};
    },
    describe: ({ AlarmNames: names, AlarmNamePrefix: prefix = '', NextToken }) => {
      if (Array.isArray(names))
        return { MetricAlarms: names.flatMap((name) => alarms.get(String(name)) ?? []) };
      sorted ??= [...alarms.keys()].sort();
      const found = sorted.filter((name) => name.startsWith(String(prefix)));
      const { items, next } = page(found.length, PAGE, NextToken);
      return { MetricAlarms: items.map((at) => alarms.get(found[at] ?? '')), NextToken: next };
    },
  };
}

/** What CloudWatch returns of an alarm for which it was not set. */
const BARE = {
  ActionsEnabled: true,
  AlarmActions: [],
  OKActions: [],
  InsufficientDataActions: [],
  Dimensions: [],
};

/** Three alarms for each disk, which all differ from what the function wants. */
export function createDifferingAlarms(fleet: Fleet): AlarmStore {
  const size = fleet.instances * fleet.disksEach * 3;
  return {
    size,
    put: () => ({}),
    describe: ({ NextToken }) => {
      const { items, next } = page(size, PAGE, NextToken);
      return { MetricAlarms: items.map((at) => differingAlarm(fleet, at)), NextToken: next };
    },
  };
}

function differingAlarm(fleet: Fleet, at: number): object {
  const disk = Math.floor(at / 3);
  const instance = idOf(Math.floor(disk / fleet.disksEach));
  const kind = ['critical', 'warning', 'inodes'][at % 3];
  const AlarmName = `groundcrew-disk-${instance}-${kind}-/disk${disk % fleet.disksEach}`;
  const AlarmDescription = `${'A text for people. '.repeat(12)}\n[groundcrew disk-alarms size=50 tags=12345678]`;
  const actions = { ActionsEnabled: true, AlarmActions: [], OKActions: [], InsufficientDataActions: [] };
  const rule = { Threshold: 1, EvaluationPeriods: 3, ComparisonOperator: 'LessThanThreshold' };
  const metric = { Namespace: 'CWAgent', MetricName: 'disk_used_percent', Statistic: 'Average', Period: 300 };
  return {
    AlarmName,
    AlarmArn: arnOf(AlarmName),
    AlarmDescription,
    ...actions,
    ...rule,
    ...metric,
    Dimensions: dimensionsOf(fleet, disk),
  };
}

const arnOf = (name: string): string => `arn:aws:cloudwatch:eu-west-1:123456789012:alarm:${name}`;
