import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { readStackName } from './config.ts';

/** Two stacks in one Region run functions of the same name: without the stack, one would set off the other's alarms. */
const stack = readStackName();

// Namespace and service come from POWERTOOLS_METRICS_NAMESPACE and POWERTOOLS_SERVICE_NAME.
export const metrics = new Metrics(stack ? { defaultDimensions: { stack } } : {});

/** Adds `n` to the count `name` of this invocation; writes nothing for zero. */
export function addCount(to: Pick<Metrics, 'addMetric'>, name: string, n = 1): void {
  if (n > 0) to.addMetric(name, MetricUnit.Count, n);
}

/** Sets the value of `name` for this invocation; zero is a value too. */
export function addGauge(
  to: Pick<Metrics, 'addMetric'>,
  name: string,
  value: number,
  unit: 'Bytes' | 'None' = 'None',
): void {
  to.addMetric(name, MetricUnit[unit === 'None' ? 'NoUnit' : unit], value);
}

/** As addCount, in a metric of its own for each combination of the dimensions. CloudWatch bills each of them. */
export function addCountBy(
  to: Pick<Metrics, 'singleMetric'>,
  dimensions: Readonly<Record<string, string>>,
  name: string,
  n: number,
): void {
  const single = to.singleMetric();
  single.addDimensions({ ...dimensions });
  single.addMetric(name, MetricUnit.Count, n);
}
