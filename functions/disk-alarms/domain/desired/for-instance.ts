import { InvalidInputError } from '#shared/errors.ts';
import { formatValue } from '#shared/redact.ts';
import { alarmName, type Existing } from '../alarm.ts';
import type { Skipped } from '../disk.ts';
import { type Instance, isGone } from '../instance.ts';
import { disksOf, type Facts } from '../inventory.ts';
import type { Wish } from '../plan.ts';
import { type Settings, settingsOf, tagKeys } from '../settings.ts';
import { isTopic, resolveTopic } from '../topic.ts';
import { type Disk, diskAlarms, type Frame } from './for-disk.ts';
import { silenceAlarm, switched } from './for-silent-agent.ts';

export interface Rules extends Pick<Frame, 'prefix' | 'quietWarnings' | 'runbookUrl'> {
  readonly defaults: Settings;
  readonly scope: 'all' | 'tagged';
  readonly defaultTopicArn: string;
  /** Given by a direct call. */
  readonly topicArn?: string | undefined;
}

export interface Wished {
  readonly wish: Wish;
  readonly skipped: readonly Skipped[];
  /** Disks that alarms were wished for. */
  readonly disks: number;
  /** It started within the hour, and nothing was heard of its disks since. */
  readonly isUnheard: boolean;
}

const UNHEARD = 'no disk metrics in the past three hours: does its CloudWatch agent run?';

/** What should be for one instance. Nothing is half made: where one of its tags does not parse, all stays as it is. */
export function wishFor(instanceId: string, facts: Facts, rules: Rules): Wished {
  const instance = facts.instances.get(instanceId);
  if (!instance || isGone(instance)) return nothing(instanceId, { mayDelete: true });
  try {
    return wishForKnown(instance, facts, rules);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return nothing(instanceId, { mayDelete: false, reason: error.message });
  }
}

function wishForKnown(instance: Instance, facts: Facts, rules: Rules): Wished {
  const { instanceId, state } = instance;
  const settings = settingsOf(rules.defaults, instance.tags);
  const mine = facts.existing.get(instanceId) ?? [];
  const frame: Frame = { ...rules, instance, settings, topic: topicFor(instance, mine, rules) };
  const disks = disksOf(instance, rules.prefix, facts);
  const heardAt = Math.max(...disks.map((disk) => disk.heardAt));
  const isUnheard = isFresh(instance, facts.now) && heardAt < instance.launchedAt;
  if (!isWanted(instance, rules)) {
    // Somebody said so of this instance: it needs no proof that its agent is alive.
    const isOff = instance.tags[tagKeys.use] !== undefined;
    return nothing(instanceId, { mayDelete: isOff || disks.length > 0 });
  }
  const isRunning = state === 'running' || state === 'pending';
  const heard = isRunning && !isUnheard && isHeardLately(heardAt, settings, facts.now);
  const silence = silenceOf(frame, { disks, heardAt, mine, heard, isUnheard });
  // After a start, and once an agent has died, metrics are listed at different times: an absence proves nothing then.
  const mayDelete = isRunning && !isFresh(instance, facts.now) && heardAt > Number.NEGATIVE_INFINITY;
  const wish = { owner: instanceId, mayDelete, ...silence };
  if (!isRunning) return { wish, ...idle(instanceId, `the instance is ${state}`), isUnheard };
  if (disks.length === 0) return { wish, ...idle(instanceId, UNHEARD), isUnheard };
  const alarms = [...disks.flatMap((disk) => diskAlarms(frame, disk)), ...silence.alarms];
  return { wish: { ...wish, alarms }, skipped: [], disks: disks.length, isUnheard };
}

function idle(what: string, reason: string): Pick<Wished, 'skipped' | 'disks'> {
  return { skipped: [{ what, reason }], disks: 0 };
}

function nothing(owner: string, { mayDelete, reason }: { mayDelete: boolean; reason?: string }): Wished {
  const skipped = reason === undefined ? [] : [{ what: owner, reason }];
  return { wish: { owner, alarms: [], mayDelete }, skipped, disks: 0, isUnheard: false };
}

function isWanted({ tags }: Instance, { scope }: Rules): boolean {
  const use = tags[tagKeys.use]?.trim();
  if (use === undefined) return scope === 'all';
  if (use !== 'on' && use !== 'off')
    throw new InvalidInputError(`tag ${tagKeys.use} is ${formatValue(use)}, expected on or off`);
  return use === 'on';
}

/** A tag stands above a call, and a call is remembered by the alarms that it made: no later run takes its topic away. */
function topicFor({ tags }: Instance, mine: readonly Existing[], rules: Rules): Frame['topic'] {
  const tagged = tags[tagKeys.topic]?.trim();
  if (tagged !== undefined) {
    return { arn: resolveTopic(tagged, rules.defaultTopicArn, `tag ${tagKeys.topic}`), ofCall: false };
  }
  if (rules.topicArn !== undefined) return { arn: rules.topicArn, ofCall: true };
  const arn = topicOfCall(mine);
  return arn === undefined ? { arn: rules.defaultTopicArn, ofCall: false } : { arn, ofCall: true };
}

/** What most of its alarms ring: one that somebody has changed by hand is outvoted, and put back. */
function topicOfCall(mine: readonly Existing[]): string | undefined {
  const kept = mine.filter(({ note }) => note?.topicOfCall).flatMap(({ config }) => config['AlarmActions']);
  const rung = [...Map.groupBy(kept.filter(isTopic), (arn) => arn)];
  return rung.toSorted(([, a], [, b]) => b.length - a.length)[0]?.[0];
}

interface Hearing {
  readonly disks: readonly Disk[];
  /** When the last of them was. */
  readonly heardAt: number;
  readonly mine: readonly Existing[];
  readonly heard: boolean;
  readonly isUnheard: boolean;
}

/**
 * The disk heard last stands for the agent, from when it is first heard. A stop disarms the alarm, since a stopped
 * instance is silent with reason; after a start it waits until the agent is heard again, or for as long as one may take
 * to be.
 */
function silenceOf(
  frame: Frame,
  { disks, heardAt, mine, heard, isUnheard }: Hearing,
): Pick<Wish, 'alarms' | 'leave'> {
  const { state } = frame.instance;
  if (frame.settings.silentMinutes === 0) return { alarms: [] };
  const last = disks.find((disk) => disk.heardAt === heardAt);
  if (heard && last) return { alarms: [silenceAlarm(frame, last)] };
  const name = alarmName(frame.prefix, frame.instance.instanceId, 'silent');
  const before = mine.find((alarm) => alarm.name === name && alarm.note !== undefined);
  if (!before || isUnheard) return { alarms: [], leave: [name] };
  return { alarms: [switched(before, frame.instance, state === 'running')] };
}

/** An instance that has run for longer than this without a word has no agent. */
function isFresh({ state, launchedAt }: Instance, now: number): boolean {
  return (state === 'running' || state === 'pending') && launchedAt > now - 3_600_000;
}

/** A bit more than the alarm waits for: metrics take some minutes to arrive. */
function isHeardLately(heardAt: number, { silentMinutes }: Settings, now: number): boolean {
  return heardAt >= now - Math.max(silentMinutes, 10) * 60_000;
}
