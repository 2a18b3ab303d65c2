import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

// Namespace and service come from POWERTOOLS_METRICS_NAMESPACE and POWERTOOLS_SERVICE_NAME.
export const metrics = new Metrics();

/** Adds `n` to the count `name` of this invocation; nothing is written for zero. */
export function addCount(to: Pick<Metrics, 'addMetric'>, name: string, n = 1): void {
  if (n > 0) to.addMetric(name, MetricUnit.Count, n);
}
