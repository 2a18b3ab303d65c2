import type { Progress } from '../measure-ratios.ts';
import type { Report } from '../output/report.ts';
import { countPolling } from './polling.ts';
import { openGatedAccount } from './waiting-pipelines.ts';

const PIPELINES = 100;
const MINUTES = 60;
const USD_PER_ACTION_MINUTE = 0.002;

interface Way {
  readonly way: string;
  readonly calls: ReadonlyMap<string, number>;
  /** That V2 pipelines are billed for. */
  readonly actionMinutes: number;
}

/** What each way calls during an hour in which an incident holds a hundred pipelines. */
export async function measureGate(progress: Progress): Promise<Report> {
  const account = await openGatedAccount(progress);
  try {
    const fail = await account.block('fail', PIPELINES, MINUTES);
    const wait = await account.block('wait', PIPELINES, MINUTES);
    return describe([
      // A check that fails at once is billed as a minute.
      { way: 'Groundcrew, fail and resume (default)', calls: fail, actionMinutes: PIPELINES },
      { way: 'Groundcrew, wait', calls: wait, actionMinutes: PIPELINES * MINUTES },
      {
        way: 'a function that polls',
        calls: countPolling(PIPELINES, MINUTES),
        actionMinutes: PIPELINES * MINUTES,
      },
    ]);
  } finally {
    await account.close();
  }
}

const SERVICES = { health: 'AWS Health', codepipeline: 'CodePipeline', dynamodb: 'DynamoDB', ssm: 'SSM' };

function describe(ways: readonly Way[]): Report {
  const number = (value: number): string => value.toLocaleString('en');
  return {
    title: `An hour of an incident with ${PIPELINES} pipelines at the gate: AWS calls`,
    columns: ['way', ...Object.values(SERVICES), 'others', 'all', 'action minutes', 'USD'],
    rows: ways.map(({ way, calls, actionMinutes }) => [
      way,
      ...groupCalls(calls).map(number),
      number(actionMinutes),
      (actionMinutes * USD_PER_ACTION_MINUTE).toFixed(2),
    ]),
    notes: [
      'Groundcrew: the calls of the built functions on the local account, in virtual time, with the sweeps of the template. The pipelines start within half a minute.',
      '"A function that polls" is counted: for each job one DescribeEvents and one answer, each pipeline every 30 seconds by a continuation token. These are the calls of AWS\'s sample build-health-aware-cicd-pipelines for a job, repeated until the incident is over.',
      'With `wait` Groundcrew makes more calls than that in all: it also reads the override and the last answer of AWS Health at each check. It asks AWS Health itself about once a minute.',
      'Where jobs of many pipelines start in the same instant, each process whose answer is older than a minute asks AWS Health. Here they start one after the other.',
      `Action minutes: V2 pipelines pay ${USD_PER_ACTION_MINUTE} USD a minute, also while an action waits. The free minutes are not subtracted.`,
    ],
    chart: {
      title: 'Calls to AWS Health in an hour',
      unit: 'calls',
      series: ['calls'],
      groups: ways.map(({ way, calls }) => ({ label: way, values: [calls.get('health') ?? 0] })),
    },
    data: ways.map(({ calls, ...way }) => ({ ...way, calls: Object.fromEntries(calls) })),
  };
}

/** The calls to each service of the table, to all others, and to all. */
export function groupCalls(calls: ReadonlyMap<string, number>): readonly number[] {
  const named = Object.keys(SERVICES).map((service) => calls.get(service) ?? 0);
  const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
  const all = sum([...calls.values()]);
  return [...named, all - sum(named), all];
}
