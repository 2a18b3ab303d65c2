import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { build } from '../../build.ts';
import { createAlarmStore } from '../disk-alarms/alarm-store.ts';
import { type FleetAccount, openFleetAccount } from '../disk-alarms/fleet-account.ts';
import { HOURLY } from '../disk-alarms/hourly.ts';
import { formatRatio, measureRatios, type Progress } from '../measure-ratios.ts';
import type { Report } from '../output/report.ts';
import type { Summary } from '../statistics.ts';
import { findPythonProgram } from './python.ts';
import { writePythonScript } from './same-calls.ts';
import { writeEmpty } from './start-process.ts';

const OUTDIR = join(import.meta.dirname, '../../.groundcrew/bench/first-event');
const FUNCTION = 'ReconcileDiskAlarms';
const PYTHON = 'Python with boto3, the same calls';

type Environment = Readonly<Record<string, string>>;

/** From the start of a process until its first event is answered, with every AWS call that this takes. */
export async function measureFirstEvent(progress: Progress): Promise<Report> {
  const { functions } = await build({ outdir: OUTDIR });
  const built = functions.find(({ id }) => id === FUNCTION);
  if (!built) throw new Error(`There is no function ${FUNCTION}.`);
  const account = await openFleetAccount({ instances: 1, disksEach: 2 }, createAlarmStore());
  try {
    const answer = () => runNode(built.file, { ...built.variables, ...account.environment });
    const calls = await countCalls(account, answer);
    const python = await findPythonProgram(progress);
    const ask = () => run(python, ['-c', writePythonScript(calls)], account.environment);
    expectSame(calls, await countCalls(account, ask));
    const empty = writeEmpty(join(OUTDIR, 'empty'));
    const { byName, notes } = await measureRatios(
      [
        { name: FUNCTION, run: answer },
        { name: PYTHON, run: ask },
      ],
      { baseline: { name: 'empty', run: () => runNode(empty, {}) }, progress },
    );
    return describe(byName, calls, notes);
  } finally {
    account.close();
  }
}

async function countCalls(
  account: FleetAccount,
  work: () => Promise<number>,
): Promise<ReadonlyMap<string, number>> {
  account.calls.clear();
  await work();
  return new Map(account.calls);
}

function expectSame(ours: ReadonlyMap<string, number>, theirs: ReadonlyMap<string, number>): void {
  const format = (calls: ReadonlyMap<string, number>): string => JSON.stringify([...calls].toSorted());
  if (format(ours) !== format(theirs))
    throw new Error(`The calls differ: ${format(ours)} by ${FUNCTION}, ${format(theirs)} by Python`);
}

function runNode(file: string, environment: Environment): Promise<number> {
  const script = `
    const { handler } = await import(${JSON.stringify(pathToFileURL(file).href)});
    const context = { getRemainingTimeInMillis: () => 900000, awsRequestId: 'bench', functionName: 'bench' };
    await handler(${JSON.stringify(HOURLY)}, context);
    process.exit();`;
  return run(process.execPath, ['--input-type=module', '-e', script], environment);
}

/** Not spawnSync: the account answers from this process. @returns milliseconds */
async function run(command: string, args: readonly string[], environment: Environment): Promise<number> {
  const begun = performance.now();
  const child = spawn(command, args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [said, [status]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  if (status !== 0) throw new Error(`${command} failed: ${said}`);
  return performance.now() - begun;
}

function describe(
  byName: ReadonlyMap<string, Summary>,
  calls: ReadonlyMap<string, number>,
  notes: readonly string[],
): Report {
  const made = [...calls].map(([action, count]) => `${count} ${action}`).join(', ');
  const [ours, theirs] = [byName.get(FUNCTION), byName.get(PYTHON)];
  const part = ours && theirs ? (ours.median / theirs.median).toFixed(2) : '';
  return {
    title: 'Cold start and first event of a function that calls AWS, as a multiple of an empty function',
    columns: ['process', 'times an empty function'],
    rows: [['an empty function', '1'], ...[...byName].map(([name, one]) => [name, formatRatio(one)])],
    notes: [
      `From the start of the process until the first event is answered and the process has ended. Both make these calls: ${made}.`,
      `${FUNCTION} takes ${part} of the time of Python. It looks for the disks of one instance and plans their alarms; the Python script makes the calls and nothing else, with only the two clients that it needs.`,
      'The calls are answered at once by a server on the same machine, without TLS.',
      ...notes,
    ],
    chart: {
      title: 'Cold start and first event',
      unit: 'times an empty function',
      series: ['time'],
      groups: [
        { label: 'an empty function', values: [1] },
        ...[...byName].map(([name, one]) => ({ label: name, values: [one.median] })),
      ],
    },
    data: { calls: Object.fromEntries(calls), ...Object.fromEntries(byName) },
  };
}
