import { Metrics } from '@aws-lambda-powertools/metrics';
import { expect, it, vi } from 'vitest';
import { addCountBy, addGauge } from '../../shared/metrics.ts';

it('writes a metric of its own, with the default dimensions and its own', () => {
  const lines: string[] = [];
  // The library writes through a console of its own.
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  const metrics = new Metrics({
    namespace: 'Groundcrew',
    serviceName: 'CordonInstances',
    defaultDimensions: { stack: 'one' },
  });

  addCountBy(metrics, { instanceType: 'm5.large', availabilityZone: 'eu-west-1a' }, 'PoolInterrupted', 3);
  stdout.mockRestore();

  const written = lines.map((line) => JSON.parse(line));
  expect(written).toMatchObject([
    {
      _aws: {
        CloudWatchMetrics: [
          {
            Namespace: 'Groundcrew',
            Dimensions: [['service', 'stack', 'instanceType', 'availabilityZone']],
            Metrics: [{ Name: 'PoolInterrupted', Unit: 'Count' }],
          },
        ],
      },
      instanceType: 'm5.large',
      PoolInterrupted: 3,
    },
  ]);
});

it('writes a value that is zero, with its unit', () => {
  const metrics = new Metrics({ namespace: 'Groundcrew', serviceName: 'PruneBuilds' });

  addGauge(metrics, 'StoredBytes', 0, 'Bytes');
  addGauge(metrics, 'MonthlyUsd', 0.22);

  expect(metrics.serializeMetrics()).toMatchObject({ StoredBytes: 0, MonthlyUsd: 0.22 });
  expect(metrics.serializeMetrics()._aws.CloudWatchMetrics[0]?.Metrics).toEqual([
    { Name: 'StoredBytes', Unit: 'Bytes' },
    { Name: 'MonthlyUsd', Unit: 'None' },
  ]);
});
