import {
  CloudWatchClient,
  type CompositeAlarm,
  DescribeAlarmsCommand,
  type Dimension,
  ListTagsForResourceCommand,
  type MetricAlarm,
} from '@aws-sdk/client-cloudwatch';
import { isReadAction } from '../../account/read-actions.ts';
import type { Call } from '../../account/types.ts';
import type { Outcome, Scenario } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';

export interface Servers {
  readonly ids: readonly string[];
  /** The responses to direct calls. */
  readonly responses: unknown[];
  /** The number of calls before the scenario started. */
  readonly before?: number;
}

export const PREFIX = 'groundcrew-disk-';

/** The alarms, with instances named by their order instead of their ids. */
export async function observe(world: World, { ids, responses, before = 0 }: Servers): Promise<Outcome> {
  const found = await listAlarms(world);
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
      responses,
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

type AnyAlarm = MetricAlarm & CompositeAlarm;

export async function listAlarms(world: World): Promise<AnyAlarm[]> {
  const found: AnyAlarm[] = [];
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

function summarize(alarm: AnyAlarm, rename: (text: string) => string): object {
  const actions = {
    topics: (alarm.AlarmActions ?? []).map(topicName),
    okActions: alarm.OKActions?.length ?? 0,
  };
  if (alarm.AlarmRule) {
    const { AlarmRule: rule, ActionsSuppressor: suppressor = '' } = alarm;
    return { ...actions, rule: rename(rule), suppressedBy: rename(suppressor) };
  }
  const dimensions = dimensionsOf(alarm)
    .map(({ Name, Value = '' }) => `${Name}=${rename(Value)}`)
    .sort();
  return {
    ...actions,
    condition: conditionOf(alarm),
    dimensions: dimensions.join(' '),
    missingData: alarm.TreatMissingData,
  };
}

function dimensionsOf({ Dimensions, Metrics = [] }: AnyAlarm): readonly Dimension[] {
  const [first] = Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric ?? []);
  return (Metrics.length > 0 ? first?.Dimensions : Dimensions) ?? [];
}

/** For example `Average of disk_used_percent > 80`, or an expression followed by its metrics. */
function conditionOf(alarm: AnyAlarm): string {
  const { Statistic, MetricName, Metrics = [], Threshold } = alarm;
  const limit = `${signs[alarm.ComparisonOperator ?? '']} ${Threshold}`;
  if (Metrics.length === 0) return `${Statistic} of ${MetricName} ${limit}`;
  const expression = Metrics.find(({ ReturnData }) => ReturnData)?.Expression;
  const metrics = Metrics.flatMap(({ Id, MetricStat }) =>
    MetricStat ? [`${Id}: ${MetricStat.Stat} of ${MetricStat.Metric?.MetricName}`] : [],
  );
  return [`${expression} ${limit}`, ...metrics.sort()].join(', ');
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

interface AlarmSummary {
  readonly topics: readonly string[];
  readonly condition?: string;
  readonly rule?: string;
  readonly suppressedBy?: string;
  readonly dimensions?: string;
  readonly missingData?: string;
  readonly tags: Readonly<Record<string, string>>;
}

export function alarmsOf(outcome: Outcome): Readonly<Record<string, AlarmSummary>> {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` created it
  return (outcome.state as { alarms: Record<string, AlarmSummary> }).alarms;
}

/** The condition of each metric alarm, by its name. */
export function thresholdsOf(outcome: Outcome): Record<string, string> {
  const metric = Object.entries(alarmsOf(outcome)).flatMap(([name, { condition }]) =>
    condition ? [[name, condition] as const] : [],
  );
  return Object.fromEntries(metric);
}

export interface CallResponse {
  readonly error?: string;
  readonly dryRun?: boolean;
  readonly continues?: boolean;
  readonly monthlyUsd?: number;
  readonly overMaximum?: number;
  readonly counts?: Readonly<Record<string, number>>;
  readonly otherAlarms?: readonly string[];
  readonly unmonitored?: readonly string[];
  readonly unsized?: readonly string[];
  readonly unusableTopics?: readonly string[];
  readonly skippedFor?: Readonly<Record<string, number>>;
  readonly plan?: { readonly create: readonly string[]; readonly update: readonly { changed: string[] }[] };
}

export function responsesOf({ detail }: Outcome): readonly CallResponse[] {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` created it
  return (detail as { responses: readonly CallResponse[] }).responses;
}

export function descriptionsOf({ detail }: Outcome): Readonly<Record<string, string>> {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` created it
  return (detail as { descriptions: Readonly<Record<string, string>> }).descriptions;
}

const FUNCTION = 'ReconcileDiskAlarms';

/** Calls the function directly, and again if the call fails, as a person would. */
export async function callFunction(world: World, { responses }: Servers, payload: object): Promise<void> {
  responses.push(await world.invoke(FUNCTION, payload).catch(() => world.invoke(FUNCTION, payload)));
  await world.settle();
}

/** The actions that the function called since the scenario started, in order. */
export function actionsIn({ detail }: Outcome): readonly string[] {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` created it
  return (detail as { actions: readonly string[] }).actions;
}

export function actionsOf(calls: readonly Call[]): string[] {
  return calls.filter((one) => one.function === FUNCTION).map(({ action }) => action);
}

export function countOf(actions: readonly string[], action: string): number {
  return actions.filter((one) => one === action).length;
}

export function writesOf(actions: readonly string[]): string[] {
  return actions.filter((action) => !isReadAction(action));
}

type ScenarioParts = Omit<Scenario<Servers>, 'wing' | 'name' | 'observe'> &
  Partial<Pick<Scenario<Servers>, 'observe'>>;

export function scenario(name: string, parts: ScenarioParts): Scenario<Servers> {
  return { wing: 'disk-alarms', name, observe, ...parts };
}
