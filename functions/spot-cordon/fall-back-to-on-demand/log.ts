import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import type { BoughtHours } from '../domain/bought-hours.ts';
import type { FallBackDecision } from '../domain/fall-back.ts';
import type { MixedGroup } from '../domain/mixed-group.ts';
import type { GroupNews } from './collect-news.ts';

/** Sweeps look every five minutes, so only news about the group is worth a line. */
export function logLeftAlone({ logger, metrics }: Invocation, news: GroupNews, reason: string): void {
  if (news.failures.length === 0) return;
  logger.warn('group left alone', { autoScalingGroupName: news.group.name, reason });
  addCount(metrics, 'LeftAlone');
}

export function logPlanned({ logger }: Invocation, group: MixedGroup, decision: FallBackDecision): void {
  if (decision.base === undefined && !decision.record.notice) return;
  logger.info('fall-back planned', { ...fields(group, decision), dryRun: true });
}

export function logDecision(
  { logger, metrics }: Invocation,
  group: MixedGroup,
  decision: FallBackDecision,
): void {
  const { base, record } = decision;
  if (base === undefined && !record.notice) return;
  const { failure, kind } = record.notice ?? {};
  if (failure !== undefined && kind === 'failure')
    logger.warn('launch failure not acted on', { ...fields(group, decision), failure });
  else logger.info('distribution decided', fields(group, decision));
  if (base !== undefined) addCount(metrics, base > group.distribution.base ? 'FellBack' : 'SteppedBack');
}

/** Hours since the last sweep, in the units of the group. */
export function countHours({ metrics }: Invocation, { bought, saved }: BoughtHours): void {
  if (bought > 0) metrics.addMetric('OnDemandHoursBought', MetricUnit.NoUnit, bought);
  if (saved > 0) metrics.addMetric('CapacityHoursSaved', MetricUnit.NoUnit, saved);
}

function fields(group: MixedGroup, { base, outcome, record }: FallBackDecision): Record<string, unknown> {
  return {
    autoScalingGroupName: group.name,
    outcome,
    from: group.distribution.base,
    ...(base !== undefined && { to: base }),
    relapses: record.relapses,
  };
}
