import {
  CloudWatchClient,
  type CompositeAlarm,
  DescribeAlarmsCommand,
  ListTagsForResourceCommand,
  type MetricAlarm,
} from '@aws-sdk/client-cloudwatch';
import type { Call } from '../../account/types.ts';
import type { World } from '../../pack/world.ts';
import type { Outcome, Scenario } from '../../scenario-kit/scenario.ts';

export interface Servers {
  readonly ids: readonly string[];
  /** What direct calls were answered. */
  readonly answers: unknown[];
  /** How many calls were made before the scenario began. */
  readonly before?: number;
}

export const PREFIX = 'groundcrew-disk-';

/** Alarms in stable names: instances are named by their place in the seed. */
export async function observe(world: World, { ids, answers, before = 0 }: Servers): Promise<Outcome> {
  const found = await alarms(world);
  const rename = (text: string): string =>
    ids.reduce((rest, id, i) => rest.replaceAll(id, `server ${i + 1}`), text);
  const stable = await Promise.all(
    found.map(async (alarm) => [
      rename(alarm.AlarmName ?? '').replace(PREFIX, ''),
      { ...summarize(alarm, rename), tags: await tagsOf(world, alarm.AlarmArn ?? '') },
    ]),
  );
  return {
    state: { alarms: Object.fromEntries(stable), deadLetters: (await world.deadLetters()).length },
    detail: {
      answers,
      actions: actionsOf(world.calls().slice(before)),
      descriptions: Object.fromEntries(
        found.map((alarm) => [
          rename(alarm.AlarmName ?? '').replace(PREFIX, ''),
          rename(alarm.AlarmDescription ?? ''),
        ]),
      ),
    },
  };
}

type Found = MetricAlarm & CompositeAlarm;

export async function alarms(world: World): Promise<Found[]> {
  const found: Found[] = [];
  let next: string | undefined;
  do {
    const command = new DescribeAlarmsCommand({
      AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
      MaxRecords: 100,
      ...(next && { NextToken: next }),
    });
    const {
      MetricAlarms = [],
      CompositeAlarms = [],
      NextToken,
    } = await world.client(CloudWatchClient).send(command);
    found.push(...MetricAlarms, ...CompositeAlarms);
    next = NextToken;
  } while (next);
  return found;
}

function summarize(alarm: Found, rename: (text: string) => string): object {
  const actions = {
    rings: (alarm.AlarmActions ?? []).map(topicName),
    recovers: alarm.OKActions?.length ?? 0,
  };
  if (alarm.AlarmRule) {
    const { AlarmRule: rule, ActionsSuppressor: suppressor = '' } = alarm;
    return { ...actions, rule: rename(rule), silencedBy: rename(suppressor) };
  }
  const dimensions = (alarm.Dimensions ?? [])
    .map(({ Name, Value = '' }) => `${Name}=${rename(Value)}`)
    .sort();
  return {
    ...actions,
    when: `${alarm.Statistic} of ${alarm.MetricName} ${signs[alarm.ComparisonOperator ?? '']} ${alarm.Threshold}`,
    dimensions: dimensions.join(' '),
    missing: alarm.TreatMissingData,
  };
}

const signs: Readonly<Record<string, string>> = { LessThanThreshold: '<', GreaterThanThreshold: '>' };

const topicName = (arn: string): string =>
  arn.slice(arn.lastIndexOf(':') + 1).replace('groundcrew-Notifications', 'default');

async function tagsOf(world: World, arn: string): Promise<Record<string, string>> {
  const { Tags = [] } = await world
    .client(CloudWatchClient)
    .send(new ListTagsForResourceCommand({ ResourceARN: arn }));
  return Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

interface Summary {
  readonly rings: readonly string[];
  readonly when?: string;
  readonly rule?: string;
  readonly silencedBy?: string;
  readonly dimensions?: string;
  readonly missing?: string;
  readonly tags: Readonly<Record<string, string>>;
}

export function alarmsOf(outcome: Outcome): Readonly<Record<string, Summary>> {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` made it
  return (outcome.state as { alarms: Record<string, Summary> }).alarms;
}

/** What each metric alarm waits for, by its name. */
export function thresholdsOf(outcome: Outcome): Record<string, string> {
  const metric = Object.entries(alarmsOf(outcome)).flatMap(([name, { when }]) =>
    when ? [[name, when] as const] : [],
  );
  return Object.fromEntries(metric);
}

export interface Answer {
  readonly error?: string;
  readonly dryRun?: boolean;
  readonly continues?: boolean;
  readonly counts?: Readonly<Record<string, number>>;
  readonly skippedFor?: Readonly<Record<string, number>>;
  readonly plan?: { readonly create: readonly string[]; readonly update: readonly { changed: string[] }[] };
}

export function answersOf({ detail }: Outcome): readonly Answer[] {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` made it
  return (detail as { answers: readonly Answer[] }).answers;
}

export function descriptionsOf({ detail }: Outcome): Readonly<Record<string, string>> {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` made it
  return (detail as { descriptions: Readonly<Record<string, string>> }).descriptions;
}

const FUNCTION = 'ReconcileDiskAlarms';

/** A person calls, and calls again when the call fails. */
export async function call(world: World, { answers }: Servers, payload: object): Promise<void> {
  answers.push(await world.invoke(FUNCTION, payload).catch(() => world.invoke(FUNCTION, payload)));
  await world.settle();
}

/** What the function called, in order, once the scenario had begun. */
export function actionsIn({ detail }: Outcome): readonly string[] {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` made it
  return (detail as { actions: readonly string[] }).actions;
}

export function actionsOf(calls: readonly Call[]): string[] {
  return calls.filter((one) => one.function === FUNCTION).map(({ action }) => action);
}

export function countOf(actions: readonly string[], action: string): number {
  return actions.filter((one) => one === action).length;
}

export function writesIn(actions: readonly string[]): string[] {
  return actions.filter((action) => !/^(Describe|List|Get)/.test(action));
}

type Parts = Omit<Scenario<Servers>, 'wing' | 'name' | 'observe'> &
  Partial<Pick<Scenario<Servers>, 'observe'>>;

export function scenario(name: string, parts: Parts): Scenario<Servers> {
  return { wing: 'disk-alarms', name, observe, ...parts };
}
