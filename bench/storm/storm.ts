import type { Report } from '../output/report.ts';
import { simulatePerEvent } from './per-event.ts';
import { OURS, simulateQueue } from './queue.ts';
import type { Simulation } from './simulation.ts';

const STORMS = [100, 1000, 10_000];

interface StormResult {
  readonly warnings: number;
  readonly way: string;
  readonly cordonedInTime: number;
  /** Seconds after the warnings at which the last instance was tagged. */
  readonly lastAt: number;
  readonly calls: number;
  readonly throttled: number;
}

/**
 * A model of a storm of interruption warnings, in virtual time. It has the numbers that AWS publishes: how Lambda adds
 * pollers to a queue, and how many requests EC2 accepts. The latencies are assumptions.
 */
function simulateStorms(): readonly StormResult[] {
  return STORMS.flatMap((warnings) => [
    describe(warnings, 'Groundcrew', simulateQueue(warnings, OURS)),
    describe(warnings, 'a function for each event', simulatePerEvent(warnings)),
  ]);
}

function describe(warnings: number, way: string, { ec2, inTime, lastAt }: Simulation): StormResult {
  const sum = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((total, one) => total + one, 0);
  return {
    warnings,
    way,
    cordonedInTime: inTime,
    lastAt: Math.round(lastAt),
    calls: sum(ec2.calls),
    throttled: sum(ec2.throttled),
  };
}

export async function measureStorm(): Promise<Report> {
  const results = simulateStorms();
  const partOf = ({ cordonedInTime, warnings }: StormResult): number => (100 * cordonedInTime) / warnings;
  return {
    title: 'A storm of interruption warnings within one second (model)',
    columns: ['warnings', 'way', 'in time', 'last after', 'EC2 calls', 'throttled'],
    rows: results.map((one) => [
      String(one.warnings),
      one.way,
      `${partOf(one).toFixed(1)} %`,
      `${one.lastAt} s`,
      String(one.calls),
      String(one.throttled),
    ]),
    notes: [
      'In virtual time, with the numbers that AWS publishes for pollers, concurrency, retries and EC2 request limits. Latencies are assumed.',
      "The function for each event describes its instance by id and tags it, with the SDK's three attempts and Lambda's two retries.",
    ],
    chart: {
      title: 'Instances cordoned within the two minutes',
      unit: 'per cent of the storm',
      series: ['Groundcrew', 'a function for each event'],
      groups: STORMS.map((warnings) => ({
        label: `${warnings.toLocaleString('en')} warnings`,
        values: results.filter((one) => one.warnings === warnings).map(partOf),
      })),
    },
    data: results,
  };
}
