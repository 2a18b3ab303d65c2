import { type Activity, activities, fleet, type Option, optionFunctions } from './activities.ts';
import calls from './calls.json' with { type: 'json' };
import data from './prices.json' with { type: 'json' };
import type { FixedParts, WingParts } from './templates.ts';

const recorded: Readonly<Record<string, Readonly<Record<string, number>>>> = calls;

const FLEETS = [10, 100, 1000, 10_000] as const;

/** A line of the table: USD a month for each of the fleets. */
export interface Row {
  readonly what: string;
  readonly usd: readonly number[];
}

/** What we assume because no call says it. Free tiers are left out, so small accounts pay less. */
const assumed = {
  /** A poll of an empty queue takes at most 20 seconds. */
  pollsPerMonth: 3 * 60 * 730,
  invocationsPerFunction: 2,
  seconds: 1,
  logBytes: 2048,
  /** Names of metrics that an activity writes; CloudWatch bills them for the hours in which they are sent. */
  metricsPerActivity: 4,
  /** Metrics that build-promotion writes each hour. */
  storeMetrics: 2,
  /** Writes of a busy worker, which says so every five minutes. */
  heartbeatsPerHour: 12,
  alarmsPerDisk: 2,
  hoursPerMonth: 730,
} as const;

type Price = keyof typeof data.prices;

const usd = (price: Price, amount = 1): number => data.prices[price].usd * amount;

/** What a call costs, by the beginning of its name. The first match counts; none means that AWS does not bill it. */
const CALLS: readonly (readonly [RegExp, Price, number])[] = [
  [/^dynamodb:(TransactWriteItems)/, 'writeUnit', 4],
  [/^dynamodb:(Put|Update|Delete)/, 'writeUnit', 1],
  [/^dynamodb:/, 'readUnit', 2],
  [/^sqs:/, 'sqsRequest', 1],
  [/^sns:Publish/, 'snsPublish', 1],
  [/^events:PutEvents/, 'customEvent', 1],
  [/^cloudwatch:GetMetricData/, 'metricRead', 2],
  [/^cloudwatch:/, 'cloudwatchRequest', 1],
  [/^s3:GetObject/, 's3Get', 1],
  [/^kms:/, 'kmsRequest', 1],
];

/** Calls of these services cost nothing, or are billed by what they do. */
const FREE = [
  'autoscaling',
  'backup',
  'codepipeline',
  'ec2',
  'elasticloadbalancing',
  'health',
  'imagebuilder',
  'lambda',
  'ssm',
  'sts',
];

/** @throws for a call of a service that is neither priced nor free */
export function callUsd(call: string): number {
  const found = CALLS.find(([pattern]) => pattern.test(call));
  if (found) return usd(found[1], found[2]);
  const [service = ''] = call.split(':');
  if (service === 'sns' || FREE.includes(service)) return 0;
  throw new Error(`${call} has no price`);
}

/** What each wing costs by itself, then what it needs from other services, then what its options add. */
export function priceTable(fixed: ReadonlyMap<string, WingParts>): Row[] {
  const row = (what: string, cost: (instances: number) => number): Row => ({ what, usd: FLEETS.map(cost) });
  return [
    ...[...fixed].map(([wing, own]) =>
      row(
        wing,
        (instances) =>
          fixedUsd(own) +
          activityUsd(
            activities.filter((activity) => activity.wing === wing && activity.option === undefined),
            withoutOptions(own.memory),
            instances,
          ) +
          ownUsd(wing, own, instances),
      ),
    ),
    row('alarms of disk-alarms', (instances) => usd('alarmMetric', disks(instances) * assumed.alarmsPerDisk)),
    row('disk metrics of the CloudWatch agent', agentUsd),
    row('EFS for builds', storeUsd),
    ...[...fixed].flatMap(([wing, own]) =>
      Object.keys(own.options)
        .filter(isOption)
        .map((option) => row(`${option} of ${wing}`, (instances) => optionUsd(own, option, instances))),
    ),
  ];
}

function isOption(name: string): name is Option {
  return name in optionFunctions;
}

/** What a wing costs more with the option. */
function optionUsd(own: WingParts, option: Option, instances: number): number {
  const withOption = own.options[option] ?? own;
  const used = activities.filter((activity) => activity.option === option);
  const beats = instances * fleet.busy * assumed.heartbeatsPerHour * assumed.hoursPerMonth;
  return (
    fixedUsd(withOption) -
    fixedUsd(own) +
    activityUsd(used, { [optionFunctions[option]]: own.memory[optionFunctions[option]] ?? 0 }, instances) +
    (option === 'TerminationPolicy' ? usd('writeUnit', beats) : 0)
  );
}

const disks = (instances: number): number => instances * fleet.disksPerInstance;

function fixedUsd({ alarmMetrics, pollers, schedules }: FixedParts): number {
  const runs = schedules.map(
    ({ runs, gb }) => runs * (usd('scheduledInvocation') + invocationUsd(gb) + usd('readUnit', 2)),
  );
  return (
    usd('alarmMetric', alarmMetrics) +
    usd('sqsRequest', pollers * assumed.pollsPerMonth) +
    usd('customMetric', schedules.length) +
    runs.reduce((a, b) => a + b, 0)
  );
}

function invocationUsd(gb: number): number {
  return (
    usd('lambdaRequest') +
    usd('lambdaGbSecond', gb * assumed.seconds) +
    usd('trace') +
    usd('logGb', assumed.logBytes / 1e9)
  );
}

type Memory = FixedParts['memory'];

function withoutOptions(memory: Memory): Memory {
  const optional: readonly string[] = Object.values(optionFunctions);
  return Object.fromEntries(Object.entries(memory).filter(([id]) => !optional.includes(id)));
}

/** @param memory of the functions whose calls count */
function activityUsd(some: readonly Activity[], memory: Memory, instances: number): number {
  return some
    .map((activity) => {
      const times = activity.perMonth(instances);
      const hours = Math.min(times, assumed.hoursPerMonth) / assumed.hoursPerMonth;
      return times * onceUsd(activity, memory) + usd('customMetric', assumed.metricsPerActivity * hours);
    })
    .reduce((a, b) => a + b, 0);
}

function onceUsd({ scenario, times }: Activity, memory: Memory): number {
  // Functions of other wings, and of options, see some of the same events.
  const counts = Object.entries(callsOf(scenario)).filter(([call]) => (call.split(' ')[0] ?? '') in memory);
  const functions = new Set(counts.map(([call]) => call.split(' ')[0] ?? ''));
  const called = counts.map(([call, n]) => n * callUsd(call.split(' ')[1] ?? ''));
  const invoked = [...functions].map((id) => invocationUsd(memory[id] ?? 0) * assumed.invocationsPerFunction);
  return [...called, ...invoked].reduce((a, b) => a + b, 0) / times;
}

/** @throws if the calls of the scenario were not recorded */
function callsOf(scenario: string): Readonly<Record<string, number>> {
  const found = recorded[scenario];
  if (!found) throw new Error(`no calls of "${scenario}": run npm run prices -- --record`);
  return found;
}

/** What grows with the fleet though nothing has to be done. */
function ownUsd(wing: string, { memory }: FixedParts, instances: number): number {
  const changes = instances * fleet.startsAndStops;
  // Every start and end of an instance of the account is one message, at worst in a batch of its own.
  if (wing === 'spot-cordon')
    return (
      changes * (usd('sqsRequest', 3) + usd('readUnit') + invocationUsd(memory['UncordonInstances'] ?? 0))
    );
  if (wing === 'disk-alarms')
    return (
      usd('metricRead', disks(instances) * assumed.hoursPerMonth) +
      usd('cloudwatchRequest', assumed.hoursPerMonth * Math.ceil((disks(instances) * 3) / 100))
    );
  if (wing === 'ami-approval') return usd('snsMail', fleet.images * 6);
  return wing === 'build-promotion' ? usd('customMetric', assumed.storeMetrics) : 0;
}

/** Two custom metrics for each disk: used or free percent, and the size. */
function agentUsd(instances: number): number {
  const metrics = disks(instances) * 2;
  const first = Math.min(metrics, 10_000);
  return usd('customMetric', first) + usd('customMetricAbove10000', metrics - first);
}

function storeUsd(instances: number): number {
  const builds = Math.max(1, instances / fleet.instancesPerPipeline) * fleet.executions;
  const keptGb = ((builds * fleet.daysKept) / 30) * fleet.buildGb;
  return usd('efsGb', keptGb) + usd('efsReadGb', builds * 2 * fleet.buildGb);
}

/** The table as docs/deploying.md has it. */
export function formatTable(rows: readonly Row[]): string {
  const cell = (value: number): string =>
    value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en-US');
  return [
    `| USD a month | ${FLEETS.map((instances) => instances.toLocaleString('en-US')).join(' | ')} |`,
    `|---|${FLEETS.map(() => '---:|').join('')}`,
    ...rows.map(({ what, usd: cells }) => `| ${what} | ${cells.map(cell).join(' | ')} |`),
  ].join('\n');
}
