import type { MetricAlarmConfig, MetricQuery, Statistic } from '../alarm.ts';
import type { Disk } from '../disk.ts';
import { unitBytes } from '../metric-profile.ts';
import type { Settings, Thresholds } from '../settings.ts';

// When an alarm goes off: the metrics it reads and the limits it compares them with.

export type MetricCondition = Pick<MetricAlarmConfig, 'Threshold' | 'ComparisonOperator'> &
  Partial<MetricAlarmConfig>;

/** Free space below a limit, in the metric as the agent sends it. */
interface Limit {
  /** The id of the metric in an expression. */
  readonly id: 'free' | 'percent' | 'used';
  readonly metric: string;
  readonly statistic: Statistic;
  readonly operator: '<' | '>';
  readonly threshold: number;
}

const GB = 2 ** 30;
const operators = { '<': 'LessThanThreshold', '>': 'GreaterThanThreshold' } as const;
/** The minimum of free space is the maximum of used space. */
const ofUsed = { Average: 'Average', Minimum: 'Maximum', Maximum: 'Minimum' } as const;

/** Uses the metric as it is sent, used or free: on ext file systems they do not add up to 100 %. */
function limitOf(
  { statistic }: Settings,
  { profile }: Disk,
  percent: number,
  minimumFreeGb: number | undefined,
): Limit {
  if (minimumFreeGb !== undefined && profile.free !== undefined) {
    const threshold = (minimumFreeGb * GB) / unitBytes(profile);
    return { id: 'free', metric: profile.free, statistic, operator: '<', threshold };
  }
  if (profile.percentIs === 'free')
    return { id: 'percent', metric: profile.percent, statistic, operator: '<', threshold: percent };
  const threshold = Number((100 - percent).toFixed(6));
  return { id: 'used', metric: profile.percent, statistic: ofUsed[statistic], operator: '>', threshold };
}

/** True below one threshold. */
export function belowCondition(
  settings: Settings,
  disk: Disk,
  percent: number,
  minimumFreeGb: number | undefined,
): MetricCondition {
  const { metric, statistic, operator, threshold } = limitOf(settings, disk, percent, minimumFreeGb);
  return {
    Namespace: disk.profile.namespace,
    MetricName: metric,
    Dimensions: disk.dimensions,
    Statistic: statistic,
    Threshold: threshold,
    ComparisonOperator: operators[operator],
  };
}

/**
 * True only between the warning and the critical threshold. The value is 1 in between and -1 below the critical one, so
 * that an event of this alarm shows whether the disk recovered or became critical.
 */
export function betweenCondition(
  settings: Settings,
  disk: Disk,
  tier: Thresholds,
  minimums: Partial<Thresholds>,
): MetricCondition {
  const warning = limitOf(settings, disk, tier.warning, minimums.warning);
  const critical = limitOf(settings, disk, tier.critical, minimums.critical);
  const compare = ({ id, operator, threshold }: Limit): string => `${id} ${operator} ${threshold}`;
  const metrics = new Map([warning, critical].map((limit) => [limit.id, limit]));
  return {
    Metrics: [
      {
        Id: 'state',
        Expression: `IF(${compare(critical)}, -1, IF(${compare(warning)}, 1, 0))`,
        Label: '1: warning, -1: critical',
        ReturnData: true,
      },
      ...[...metrics.values()].map(({ id, metric, statistic }) =>
        toQuery(disk, { id, metric, statistic, periodSeconds: settings.periodSeconds }),
      ),
    ],
    Threshold: 0,
    ComparisonOperator: 'GreaterThanThreshold',
  };
}

/** @returns undefined if the alarm is off or the agent does not send both metrics */
export function inodeCondition(settings: Settings, disk: Disk): MetricCondition | undefined {
  const { profile, roles } = disk;
  const { inodesFree, inodesTotal } = profile;
  if (settings.inodesPercent === 0 || !roles.has('inodesFree') || !roles.has('inodesTotal')) return undefined;
  if (inodesFree === undefined || inodesTotal === undefined) return undefined;
  const query = (id: string, metric: string): MetricQuery =>
    toQuery(disk, { id, metric, statistic: settings.statistic, periodSeconds: settings.periodSeconds });
  return {
    Metrics: [
      query('free', inodesFree),
      { Id: 'percent', Expression: '100 * free / total', Label: '% of inodes free', ReturnData: true },
      query('total', inodesTotal),
    ],
    Threshold: settings.inodesPercent,
    ComparisonOperator: 'LessThanThreshold',
  };
}

interface QueryInput {
  readonly id: string;
  readonly metric: string;
  readonly statistic: Statistic;
  readonly periodSeconds: number;
}

function toQuery(
  { profile, dimensions }: Disk,
  { id, metric, statistic, periodSeconds }: QueryInput,
): MetricQuery {
  return {
    Id: id,
    MetricStat: {
      Metric: { Namespace: profile.namespace, MetricName: metric, Dimensions: dimensions },
      Period: periodSeconds,
      Stat: statistic,
    },
    ReturnData: false,
  };
}
