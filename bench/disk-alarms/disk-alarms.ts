import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { build } from '../../build.ts';
import type { Report } from '../output/report.ts';
import { createDifferingAlarms } from './alarm-store.ts';
import { openFleetAccount } from './fleet-account.ts';
import { HOURLY } from './hourly.ts';

const DISKS_EACH = 4;
const FLEETS = [625, 1250, 2500, 5000];
const OUTDIR = join(import.meta.dirname, '../..', '.groundcrew/bench/disk-alarms');

/** What a run over a whole fleet takes, as a multiple of the smallest fleet. */
interface FleetRun {
  readonly instances: number;
  readonly calls: number;
  readonly time: number;
  /** Of the memory above that of an empty fleet. */
  readonly memory: number;
  /** The highest use. The function has 1,024 MB. */
  readonly megabytes: number;
}

/** Runs the function as a dry run over fleets in which every alarm exists and differs from its desired state. */
export async function measureDiskAlarms(): Promise<Report> {
  const { functions } = await build({ outdir: OUTDIR });
  const bundle = functions.find(({ id }) => id === 'ReconcileDiskAlarms');
  if (!bundle) throw new Error('There is no function ReconcileDiskAlarms.');
  const runs = [];
  for (const instances of [0, ...FLEETS]) runs.push({ instances, ...(await run(bundle, instances)) });
  const [empty, first, ...rest] = runs;
  if (!empty || !first) throw new Error('nothing ran');
  const ratio = (value: number, base: number): number => Number((value / base).toFixed(1));
  return describe(
    [first, ...rest].map(({ instances, calls, ms, megabytes }) => ({
      instances,
      calls,
      time: ratio(ms, first.ms),
      memory: ratio(megabytes - empty.megabytes, first.megabytes - empty.megabytes),
      megabytes,
    })),
  );
}

function describe(runs: readonly FleetRun[]): Report {
  return {
    title: 'Dry run of disk-alarms over a whole fleet in which every alarm differs',
    columns: ['instances', 'disks', 'calls', 'time', 'memory', 'at most'],
    rows: runs.map(({ instances, calls, time, memory, megabytes }) => [
      String(instances),
      String(instances * DISKS_EACH),
      String(calls),
      `${time} x`,
      `${memory} x`,
      `${megabytes} MB`,
    ]),
    notes: [],
    chart: {
      title: 'A run over the whole fleet',
      unit: 'times the smallest fleet',
      series: ['calls', 'time', 'memory'],
      groups: runs.map(({ instances, calls, time, memory }) => ({
        label: `${instances} instances`,
        values: [calls / (runs[0]?.calls ?? calls), time, memory],
      })),
    },
    data: runs,
  };
}

interface Bundle {
  readonly file: string;
  readonly variables: Readonly<Record<string, string>>;
}

async function run({ file, variables }: Bundle, instances: number) {
  const fleet = { instances, disksEach: DISKS_EACH };
  const account = await openFleetAccount(fleet, createDifferingAlarms(fleet));
  const script = `
    const { handler } = await import(${JSON.stringify(pathToFileURL(file).href)});
    const began = performance.now();
    const context = { getRemainingTimeInMillis: () => 900000, awsRequestId: 'bench', functionName: 'bench' };
    await handler(${JSON.stringify(HOURLY)}, context);
    const ms = performance.now() - began;
    process.stderr.write(JSON.stringify({ ms, megabytes: Math.round(process.resourceUsage().maxRSS / 1024) }));
    process.exit();`;
  const child = spawn(process.execPath, ['--max-old-space-size=900', '--input-type=module', '-e', script], {
    env: { ...process.env, ...variables, ...account.environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = await text(child.stderr);
  account.close();
  const measured: { readonly ms: number; readonly megabytes: number } = JSON.parse(said);
  return { ...measured, calls: [...account.calls.values()].reduce((sum, one) => sum + one, 0) };
}
