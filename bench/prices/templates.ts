import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isMapping, list, type Mapping, mapping } from '../../local/json.ts';
import { findPython } from '../../local/python/find.ts';
import { transform } from '../../local/stack/transform.ts';

/** What a wing has from its deployment on, with the default parameters as far as they matter here. */
export interface FixedParts {
  readonly alarmMetrics: number;
  /** Lambda's pollers of all queues while nothing happens. */
  readonly pollers: number;
  /** Scheduled runs in a month, with the memory of their functions in GB. */
  readonly schedules: readonly { readonly runs: number; readonly gb: number }[];
  /** GB of memory by function. */
  readonly memory: Readonly<Record<string, number>>;
}

const ROOT = join(import.meta.dirname, '../..');
const HOURS_PER_MONTH = 730;

/** Options that are off by default, with what they add. */
const OFF_BY_DEFAULT = ['FallsBack', 'HasDashboard', 'BacksUp'];

export async function readFixedParts(): Promise<ReadonlyMap<string, FixedParts>> {
  const python = await findPython((line) => console.error(line));
  const wings = readdirSync(join(ROOT, 'functions')).toSorted();
  const fixed = wings.map(async (wing) => {
    const template = await transform(python, join(ROOT, 'functions', wing, 'template.yaml'));
    return [wing, fixedPartsOf(mapping(template['Resources']))] as const;
  });
  return new Map(await Promise.all(fixed));
}

/**
 * Lambda scales down to two concurrent polls of a queue, or to five if the mapping has a maximum concurrency.
 * Source: docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
function fixedPartsOf(all: Mapping): FixedParts {
  const resources = Object.entries(all)
    .map(([id, resource]) => ({ id, ...readResource(mapping(resource)) }))
    .filter(({ condition }) => !OFF_BY_DEFAULT.includes(condition));
  const ofType = (type: string) => resources.filter((one) => one.type === type);
  const memory = Object.fromEntries(
    ofType('AWS::Lambda::Function').map(({ id, properties }) => [
      id,
      Number(properties['MemorySize']) / 1024,
    ]),
  );
  return {
    memory,
    alarmMetrics: ofType('AWS::CloudWatch::Alarm')
      .map(({ properties }) => countMetrics(properties))
      .reduce((a, b) => a + b, 0),
    pollers: ofType('AWS::Lambda::EventSourceMapping')
      .filter(({ properties }) => properties['Enabled'] === undefined)
      .map(({ properties }) => (properties['ScalingConfig'] === undefined ? 2 : 5))
      .reduce((a, b) => a + b, 0),
    schedules: ofType('AWS::Scheduler::Schedule')
      .filter(({ properties }) => typeof properties['State'] !== 'object')
      .map(({ properties }) => ({
        runs: runsPerMonth(String(properties['ScheduleExpression'])),
        gb: memory[targetOf(properties)] ?? 0,
      })),
  };
}

function readResource(resource: Mapping) {
  return {
    type: String(resource['Type']),
    condition: String(resource['Condition'] ?? ''),
    properties: mapping(resource['Properties'] ?? {}),
  };
}

/** CloudWatch bills an alarm for each metric that it names. */
function countMetrics({ Metrics: metrics }: Mapping): number {
  if (metrics === undefined) return 1;
  return list(metrics).filter((one) => isMapping(one) && 'MetricStat' in one).length;
}

function targetOf({ Target: target }: Mapping): string {
  const [id = ''] = list(mapping(mapping(target)['Arn'])['Fn::GetAtt']);
  return String(id);
}

/** @throws for an expression of another form */
function runsPerMonth(expression: string): number {
  const [, every = '', unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const hours = { minute: 1 / 60, hour: 1, day: 24 }[unit];
  if (hours === undefined) throw new Error(`cannot read the schedule ${expression}`);
  return HOURS_PER_MONTH / (Number(every) * hours);
}
