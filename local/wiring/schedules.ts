import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { list, mapping } from '../json.ts';
import type { Resource, Stack } from '../stack/stack.ts';
import { toSeconds } from './envelope.ts';
import { shapeOf } from './event-bus.ts';

export interface ScheduleOptions {
  readonly stack: Stack;
  readonly clock: Clock;
  readonly deliver: (arn: string, body: unknown) => Promise<void>;
}

export interface Schedule {
  readonly id: string;
  readonly expression: string;
  /** Milliseconds from one run to the next; nothing for cron and one-off expressions, and for what is disabled. */
  readonly every: number | undefined;
  fire(): Promise<void>;
}

/** The template's schedules and scheduled rules. */
export function createSchedules(options: ScheduleOptions): readonly Schedule[] {
  const { stack } = options;
  const rules = stack
    .ofType('AWS::Events::Rule')
    .filter(({ properties }) => properties.ScheduleExpression !== undefined);
  return [
    ...stack
      .ofType('AWS::Scheduler::Schedule')
      .map((schedule) => describe(schedule, () => runSchedule(schedule, options))),
    ...rules.map((rule) => describe(rule, () => runRule(rule, options))),
  ];
}

function describe({ id, properties }: Resource, fire: () => Promise<void>): Schedule {
  const expression = String(properties.ScheduleExpression);
  return { id, expression, every: properties.State === 'DISABLED' ? undefined : readRate(expression), fire };
}

const units: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

function readRate(expression: string): number | undefined {
  const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const length = units[unit];
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
    target.Input === undefined ? defaultPayload(arn, stack, clock) : readInput(target.Input),
  );
}

/** A schedule's Input is any text; Lambda gets it as JSON. */
function readInput(input: unknown): unknown {
  return JSON.parse(String(input));
}

/** What EventBridge Scheduler sends without an Input; its detail is a text, unlike a rule's. */
function defaultPayload(arn: string, { names }: Stack, clock: Clock): object {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account: names.accountId,
    time: toSeconds(clock.now()),
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
    time: toSeconds(clock.now()),
    region: stack.names.region,
    resources: [stack.attribute(id, 'Arn')],
    detail: {},
  };
  const targets = list(properties.Targets).map(mapping);
  await Promise.all(targets.map((target) => deliver(String(target.Arn), shapeOf(id, target)(event))));
}
