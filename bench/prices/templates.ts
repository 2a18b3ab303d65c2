import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isMapping, list, type Mapping, mapping } from '../../local/json.ts';
import { findPython } from '../../local/python/find.ts';
import { evaluate, type Stack } from '../../local/stack/stack.ts';
import { transform } from '../../local/stack/transform.ts';
import { type Option, optionFunctions } from './activities.ts';

/** What a wing has from its deployment on, with its default parameters. */
export interface FixedParts {
  readonly alarmMetrics: number;
  /** Lambda's pollers of all queues while nothing happens. */
  readonly pollers: number;
  /** Scheduled runs in a month, with the memory of their functions in GB. */
  readonly schedules: readonly { readonly runs: number; readonly gb: number }[];
  /** GB of memory by function. */
  readonly memory: Readonly<Record<string, number>>;
}

/** A wing by default, and with each of its options switched on. */
export interface WingParts extends FixedParts {
  readonly options: Readonly<Partial<Record<Option, FixedParts>>>;
}

const ROOT = join(import.meta.dirname, '../..');
const HOURS_PER_MONTH = 730;

export async function readFixedParts(): Promise<ReadonlyMap<string, WingParts>> {
  const python = await findPython((line) => console.error(line));
  const wings = readdirSync(join(ROOT, 'functions')).toSorted();
  const fixed = wings.map(async (wing) => {
    const template = await transform(python, join(ROOT, 'functions', wing, 'template.yaml'));
    const names = { region: 'us-east-1', accountId: '123456789012', stackName: wing };
    const surroundings = { ...names, endpoint: 'http://aws', httpUrl: 'http://api' };
    const read = (parameters: Readonly<Record<string, string>>): FixedParts =>
      fixedPartsOf(evaluate(template, parameters, surroundings));
    const declared = Object.keys(optionFunctions).filter((name) => name in mapping(template['Parameters']));
    const options = Object.fromEntries(declared.map((name) => [name, read({ [name]: 'true' })]));
    return [wing, { ...read({}), options }] as const;
  });
  return new Map(await Promise.all(fixed));
}

/**
 * Lambda scales down to two concurrent polls of a queue, or to five if the mapping has a maximum concurrency.
 * Source: docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
function fixedPartsOf(stack: Stack): FixedParts {
  const functions = stack.ofType('AWS::Lambda::Function');
  const memory = Object.fromEntries(
    functions.map(({ id, properties }) => [id, Number(properties['MemorySize']) / 1024]),
  );
  return {
    memory,
    alarmMetrics: stack
      .ofType('AWS::CloudWatch::Alarm')
      .map(({ properties }) => countMetrics(properties))
      .reduce((a, b) => a + b, 0),
    pollers: stack
      .ofType('AWS::Lambda::EventSourceMapping')
      .filter(({ properties }) => properties['Enabled'] !== false)
      .map(({ properties }) => (properties['ScalingConfig'] === undefined ? 2 : 5))
      .reduce((a, b) => a + b, 0),
    schedules: stack
      .ofType('AWS::Scheduler::Schedule')
      .filter(({ properties }) => properties['State'] !== 'DISABLED')
      .map(({ properties }) => ({
        runs: runsPerMonth(String(properties['ScheduleExpression'])),
        gb: memory[stack.findByArn(String(mapping(properties['Target'])['Arn']))?.id ?? ''] ?? 0,
      })),
  };
}

/** CloudWatch bills an alarm for each metric that it names. */
function countMetrics({ Metrics: metrics }: Mapping): number {
  if (metrics === undefined) return 1;
  return list(metrics).filter((one) => isMapping(one) && 'MetricStat' in one).length;
}

/** @throws for an expression of another form */
function runsPerMonth(expression: string): number {
  const [, every = '', unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const hours = { minute: 1 / 60, hour: 1, day: 24 }[unit];
  if (hours === undefined) throw new Error(`cannot read the schedule ${expression}`);
  return HOURS_PER_MONTH / (Number(every) * hours);
}
