import type { Progress } from '../measure-ratios.ts';
import type { Report } from '../output/report.ts';
import { AUTO_ALARMS_COMMIT, countScan, mostInstances, type Watched } from './auto-alarms.ts';
import { type CallCounts, reconcileUntilSettled } from './reconcile-until-settled.ts';

const DISKS_EACH = 2;
const FLEETS = [1000, 5000];
const RUNS_A_DAY = 24;

/** Of a fleet without alarms, and of the same fleet afterwards. */
export interface FleetCalls {
  readonly instances: number;
  readonly way: string;
  readonly first: number;
  /** The calls of the first run that write something. */
  readonly firstWrites: number;
  readonly next: number;
  readonly nextWrites: number;
  readonly aDay: number;
}

const OURS = 'Groundcrew, every disk';
const THEIRS: Readonly<Record<Watched, string>> = {
  'every disk': 'CloudWatchAutoAlarms, every disk',
  default: 'CloudWatchAutoAlarms as it is',
};

/** The calls of the built function until every disk of a fleet has its alarms, and after that. */
export async function measureAlarms(progress: Progress): Promise<Report> {
  const results: FleetCalls[] = [];
  const notes: string[] = [];
  for (const instances of FLEETS) {
    const fleet = { instances, disksEach: DISKS_EACH };
    const { first, firstHours, next, alarms } = await reconcileUntilSettled(fleet, progress);
    results.push(summarizeCalls(OURS, instances, { first, next, runsADay: RUNS_A_DAY }));
    for (const watched of ['every disk', 'default'] as const) {
      const scan = countScan(fleet, watched);
      results.push(summarizeCalls(THEIRS[watched], instances, { first: scan, next: scan, runsADay: 1 }));
    }
    notes.push(
      `${instances} instances: Groundcrew creates ${alarms} alarms in ${firstHours.toFixed(1)} hours of virtual time, at its default of 1.5 changes a second. Its invocations end after 14 minutes, and each next one reads again what is there.`,
    );
  }
  return describe(results, notes);
}

interface Measured {
  readonly first: CallCounts;
  readonly next: CallCounts;
  readonly runsADay: number;
}

export function summarizeCalls(
  way: string,
  instances: number,
  { first, next, runsADay }: Measured,
): FleetCalls {
  return {
    instances,
    way,
    first: total(first),
    firstWrites: countWrites(first),
    next: total(next),
    nextWrites: countWrites(next),
    aDay: total(next) * runsADay,
  };
}

function total(counts: CallCounts): number {
  return [...counts.values()].reduce((sum, one) => sum + one, 0);
}

function countWrites(counts: CallCounts): number {
  return total(new Map([...counts].filter(([action]) => !/^(Describe|List|Get)/.test(action))));
}

function describe(results: readonly FleetCalls[], notes: readonly string[]): Report {
  const number = (value: number): string => value.toLocaleString('en');
  return {
    title: `AWS calls for alarms on fleets with ${DISKS_EACH} disks each`,
    columns: ['instances', 'way', 'first run', 'writes', 'next run', 'writes', 'a day afterwards'],
    rows: results.map(({ instances, way, ...counts }) => [
      number(instances),
      way,
      ...Object.values(counts).map(number),
    ]),
    notes: [
      'Groundcrew: the calls of the built function with the defaults of its template and a higher `MaxAlarms`. It keeps two alarms on each disk and runs every hour.',
      `CloudWatchAutoAlarms: counted from its source, commit ${AUTO_ALARMS_COMMIT.slice(0, 7)}. It scans once a day and writes every alarm and a tag again. As it is: one alarm each on CPU, memory and root disk. "Every disk": with its wildcard, counted without CPU and memory.`,
      `CloudWatch accepts three PutMetricAlarm a second, and its function ends after ten minutes. So a scan reaches at most ${mostInstances(DISKS_EACH, 'default')} instances as it is, and ${mostInstances(DISKS_EACH, 'every disk')} with only the disks. The table counts a scan without this limit, and as if it read every page of DescribeInstances.`,
      ...notes,
    ],
    chart: {
      title: 'AWS calls a day, after the first run',
      unit: 'calls',
      series: [OURS, ...Object.values(THEIRS)],
      groups: FLEETS.map((instances) => ({
        label: `${instances.toLocaleString('en')} instances`,
        values: [OURS, ...Object.values(THEIRS)].map(
          (way) => results.find((one) => one.instances === instances && one.way === way)?.aDay,
        ),
      })),
    },
    data: results,
  };
}
