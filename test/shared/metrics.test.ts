import { Metrics } from '@aws-lambda-powertools/metrics';
import { expect, it, vi } from 'vitest';
import { addCountBy } from '../../shared/metrics.ts';

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
