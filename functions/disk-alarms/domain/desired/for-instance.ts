import { InvalidInputError } from '#shared/errors.ts';
import { formatValue } from '#shared/redact.ts';
import { alarmName, type ExistingAlarm } from '../alarm.ts';
import { calledAtOf } from '../alarm-metadata.ts';
import type { Disk, SkippedItem } from '../disk.ts';
import { displayName, type Instance, isTerminated } from '../instance.ts';
import { disksOfInstance, type Inventory } from '../inventory.ts';
import type { DesiredState } from '../plan.ts';
import { topicsOf } from '../recovery.ts';
import { type Settings, settingsFor } from '../settings.ts';
import { tagKeys } from '../tag-keys.ts';
import { chooseTopic, topicTagOf } from '../topic.ts';
import type { InstanceAlarmOptions } from './for-disk.ts';
import { alarmsOfDisks } from './for-disks.ts';
import { silentAgentAlarm, withActionsEnabled } from './for-silent-agent.ts';

export interface DesiredAlarmsOptions extends Pick<InstanceAlarmOptions, 'prefix' | 'runbookUrl'> {
  readonly defaults: Settings;
  /** Instances whose tag does not say on or off. `none`: no instance, and all alarms may be deleted. */
  readonly scope: 'all' | 'tagged' | 'none';
  /** A direct call named the instances. */
  readonly isNamed: boolean;
  readonly defaultTopicArn: string;
  /** From a direct call. */
  readonly topicArn?: string | undefined;
  /** When that call was made, in epoch milliseconds. */
  readonly calledAt?: number | undefined;
}

export interface DesiredAlarms {
  readonly desired: DesiredState;
  readonly skipped: readonly SkippedItem[];
  /** Number of disks with alarms. */
  readonly disks: number;
  /** The instance started within the past hour and its disks have sent no metrics since. */
  readonly hasNoMetrics: boolean;
  /** The instance's name, if it runs for more than an hour, is in scope and has no disk metrics. */
  readonly unmonitored?: string;
  /** Its disks whose size is unknown. */
  readonly unsized?: readonly string[];
  /** Why topics of its tags or of a call are not used. */
  readonly topicFaults?: readonly string[];
}

const NO_METRICS_REASON = 'no disk metrics in the past three hours: check that its CloudWatch agent runs';

/** The desired alarms of one instance. If one of its tags is invalid, all its alarms stay unchanged. */
export function desiredAlarmsFor(
  instanceId: string,
  inventory: Inventory,
  rules: DesiredAlarmsOptions,
): DesiredAlarms {
  const instance = inventory.instances.get(instanceId);
  if (!instance || isTerminated(instance)) return noAlarms(instanceId, { mayDelete: true });
  try {
    return desiredAlarmsForKnown(instance, inventory, rules);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return noAlarms(instanceId, { mayDelete: false, reason: error.message });
  }
}

function desiredAlarmsForKnown(
  instance: Instance,
  inventory: Inventory,
  rules: DesiredAlarmsOptions,
): DesiredAlarms {
  const { instanceId, state: ec2State } = instance;
  const settings = settingsFor(rules.defaults, instance.tags);
  const mine = inventory.alarmsByOwner.get(instanceId) ?? [];
  const scope = decideScope(instance, mine, rules);
  const topic = chooseTopic(topicTagOf(instance.tags), mine, rules, inventory.unusableTopics);
  const scopeFromCall = scope.fromCall === true;
  const calledAt = rememberedCall({ topic, scopeFromCall }, mine, rules.calledAt);
  const options: InstanceAlarmOptions = { ...rules, instance, settings, topic, scopeFromCall, calledAt };
  const disks = disksOfInstance(instance, rules.prefix, inventory);
  const lastMetricAt = Math.max(...disks.map((disk) => disk.lastMetricAt));
  const hasNoMetrics = hasStartedRecently(instance, inventory.now) && lastMetricAt < instance.launchedAt;
  if (scope.outReason !== undefined) {
    const mayDelete = scope.isOptedOut === true || disks.length > 0;
    return noAlarms(instanceId, { mayDelete, ...(rules.isNamed && { reason: scope.outReason }) });
  }
  const isRunning = ec2State === 'running' || ec2State === 'pending';
  const isReporting = isRunning && !hasNoMetrics && hasRecentMetrics(lastMetricAt, settings, inventory.now);
  const silence = desiredSilentAlarm(options, { disks, lastMetricAt, mine, isReporting, hasNoMetrics });
  // After a start or an agent failure metrics appear at different times, so a missing disk proves nothing.
  const mayDelete =
    isRunning && !hasStartedRecently(instance, inventory.now) && lastMetricAt > Number.NEGATIVE_INFINITY;
  const desired = { owner: instanceId, mayDelete, ...silence };
  if (!isRunning)
    return { desired, ...skipInstance(instanceId, `the instance is ${ec2State}`), hasNoMetrics };
  if (disks.length === 0) {
    const unmonitored = hasStartedRecently(instance, inventory.now)
      ? {}
      : { unmonitored: displayName(instance) };
    return { desired, ...skipInstance(instanceId, NO_METRICS_REASON), hasNoMetrics, ...unmonitored };
  }
  const { unusableTopics } = inventory;
  const ofDisks = alarmsOfDisks(options, disks, { mine, rules, unusableTopics });
  return {
    ...ofDisks,
    desired: { ...desired, alarms: [...ofDisks.alarms, ...silence.alarms] },
    hasNoMetrics,
  };
}

/**
 * The time of the call that the alarms remember. A repeated call that changes nothing keeps the earlier time, so that it
 * writes nothing.
 */
function rememberedCall(
  { topic, scopeFromCall }: Pick<InstanceAlarmOptions, 'topic' | 'scopeFromCall'>,
  mine: readonly ExistingAlarm[],
  calledAt = 0,
): number | undefined {
  const before = Math.max(0, ...mine.map(({ metadata }) => calledAtOf(metadata)));
  const isRemembered = mine.some(
    ({ metadata, config }) =>
      metadata?.topicFromCall === topic.fromCall &&
      metadata.scopeFromCall === scopeFromCall &&
      (!topic.fromCall || topicsOf({ config }).includes(topic.arn)),
  );
  const latest = isRemembered ? before : Math.max(before, calledAt);
  return latest > 0 ? latest : undefined;
}

function skipInstance(what: string, reason: string): Pick<DesiredAlarms, 'skipped' | 'disks'> {
  return { skipped: [{ what, reason }], disks: 0 };
}

function noAlarms(
  owner: string,
  { mayDelete, reason }: { mayDelete: boolean; reason?: string },
): DesiredAlarms {
  const skipped = reason === undefined ? [] : [{ what: owner, reason }];
  return { desired: { owner, alarms: [], mayDelete }, skipped, disks: 0, hasNoMetrics: false };
}

interface ScopeDecision {
  /** Absent if the instance is in scope. */
  readonly outReason?: string;
  /** Somebody opted out, so alarms may be deleted without proof that the agent works. */
  readonly isOptedOut?: boolean;
  readonly fromCall?: boolean;
}

/** A tag wins over a direct call, and a call over `Scope`. The alarms remember a call, so later runs keep it. */
function decideScope(
  { tags }: Instance,
  mine: readonly ExistingAlarm[],
  { scope, isNamed }: DesiredAlarmsOptions,
): ScopeDecision {
  const use = tags[tagKeys.use]?.trim();
  if (use !== undefined && use !== 'on' && use !== 'off')
    throw new InvalidInputError(`tag ${tagKeys.use} is ${formatValue(use)}, expected on or off`);
  if (scope === 'none') return { outReason: 'Scope is none', isOptedOut: true };
  if (use === 'off') return { outReason: `tag ${tagKeys.use} is off`, isOptedOut: true };
  if (use === 'on' || scope === 'all') return {};
  const wasNamed = mine.some(({ metadata }) => metadata?.scopeFromCall);
  return isNamed || wasNamed ? { fromCall: true } : { outReason: `it has no tag ${tagKeys.use}=on` };
}

interface AgentStatus {
  readonly disks: readonly Disk[];
  /** Time of the newest metric of all disks. */
  readonly lastMetricAt: number;
  readonly mine: readonly ExistingAlarm[];
  readonly isReporting: boolean;
  readonly hasNoMetrics: boolean;
}

/**
 * The alarm watches the disk with the newest metric. While an instance is stopped its actions are disabled. After a
 * start they stay disabled until the agent sends data, or until it had enough time to do so.
 */
function desiredSilentAlarm(
  options: InstanceAlarmOptions,
  { disks, lastMetricAt, mine, isReporting, hasNoMetrics }: AgentStatus,
): Pick<DesiredState, 'alarms' | 'keep'> {
  const { state } = options.instance;
  if (options.settings.silentMinutes === 0) return { alarms: [] };
  const last = disks.find((disk) => disk.lastMetricAt === lastMetricAt);
  if (isReporting && last) return { alarms: [silentAgentAlarm(options, last)] };
  const name = alarmName(options.prefix, options.instance.instanceId, 'silent');
  const before = mine.find((alarm) => alarm.name === name && alarm.metadata !== undefined);
  if (!before || hasNoMetrics) return { alarms: [], keep: [name] };
  return { alarms: [withActionsEnabled(before, options.instance, state === 'running')] };
}

/** Whether the instance started within the past hour. After that, an agent without metrics counts as silent. */
function hasStartedRecently({ state, launchedAt }: Instance, now: number): boolean {
  return (state === 'running' || state === 'pending') && launchedAt > now - 3_600_000;
}

/** At least ten minutes, because metrics take some minutes to arrive. */
function hasRecentMetrics(lastMetricAt: number, { silentMinutes }: Settings, now: number): boolean {
  return lastMetricAt >= now - Math.max(silentMinutes, 10) * 60_000;
}
