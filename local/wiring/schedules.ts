import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { list, mapping } from '../json.ts';
import type { Resource, Stack } from '../stack/stack.ts';
import { formatEventTime } from './envelope.ts';
import { createTargetInput } from './event-bus.ts';

export interface ScheduleOptions {
  readonly stack: Stack;
  readonly clock: Clock;
  readonly deliver: (arn: string, body: unknown) => Promise<void>;
}

export interface Schedule {
  readonly id: string;
  readonly expression: string;
  /** Milliseconds between two runs. Undefined for cron and one-time expressions and for disabled schedules. */
  readonly intervalMs: number | undefined;
  run(): Promise<void>;
}

/** The schedules and scheduled rules of the template. */
export function createSchedules(options: ScheduleOptions): readonly Schedule[] {
  const { stack } = options;
  const rules = stack
    .ofType('AWS::Events::Rule')
    .filter(({ properties }) => properties.ScheduleExpression !== undefined);
  return [
    ...stack
      .ofType('AWS::Scheduler::Schedule')
      .map((schedule) => createSchedule(schedule, () => runSchedule(schedule, options))),
    ...rules.map((rule) => createSchedule(rule, () => runRule(rule, options))),
  ];
}

function createSchedule({ id, properties }: Resource, run: () => Promise<void>): Schedule {
  const expression = String(properties.ScheduleExpression);
  return {
    id,
    expression,
    intervalMs: properties.State === 'DISABLED' ? undefined : parseRate(expression),
    run,
  };
}

const unitsMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

function parseRate(expression: string): number | undefined {
  const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const length = unitsMs[unit];
  return count === undefined || length === undefined ? undefined : Number(count) * length;
}

async function runSchedule(
  { id, properties }: Resource,
  { stack, clock, deliver }: ScheduleOptions,
): Promise<void> {
  const target = mapping(properties.Target);
  const arn = stack.attribute(id, 'Arn');
  await deliver(
    String(target.Arn),
    target.Input === undefined ? defaultPayload(arn, stack, clock) : parseInput(target.Input),
  );
}

/** The Input of a schedule is text. Lambda receives it as JSON. */
function parseInput(input: unknown): unknown {
  return JSON.parse(String(input));
}

/** The event that EventBridge Scheduler sends without an Input. Its detail is text, unlike that of a rule. */
function defaultPayload(arn: string, { names }: Stack, clock: Clock): object {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account: names.accountId,
    time: formatEventTime(clock.now()),
    region: names.region,
    resources: [arn],
    detail: '{}',
  };
}

async function runRule(
  { id, properties }: Resource,
  { stack, clock, deliver }: ScheduleOptions,
): Promise<void> {
  const event = {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: stack.names.accountId,
    time: formatEventTime(clock.now()),
    region: stack.names.region,
    resources: [stack.attribute(id, 'Arn')],
    detail: {},
  };
  const targets = list(properties.Targets).map(mapping);
  await Promise.all(
    targets.map((target) => deliver(String(target.Arn), createTargetInput(id, target)(event))),
  );
}
