import { BadInput } from '../../shared/errors.ts';
import { show } from '../../shared/redact.ts';
import { type Alarm, alarmName, type Existing } from './alarm.ts';
import { type Disk, diskAlarms, type Frame, silenceAlarm } from './desired.ts';
import type { Skipped } from './disk.ts';
import { type Instance, isGone } from './instance.ts';
import type { Wish } from './plan.ts';
import { type Settings, settingsOf, tagKeys } from './settings.ts';
import { disksOf, type Facts } from './sizing.ts';
import { resolveTopic } from './topic.ts';

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
    if (!(error instanceof BadInput)) throw error;
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
  if (!isWanted(instance, rules)) return nothing(instanceId, { mayDelete: disks.length > 0 });
  if (state !== 'running' && state !== 'pending') {
    const wish = { owner: instanceId, alarms: disarmed(frame, disks, mine), mayDelete: false };
    return { wish, skipped: [{ what: instanceId, reason: `the instance is ${state}` }], disks: 0, isUnheard };
  }
  if (disks.length === 0) return { ...nothing(instanceId, { mayDelete: false, reason: UNHEARD }), isUnheard };
  const silence = silenceOf(frame, disks, isHeardLately(heardAt, settings, facts.now) && !isUnheard);
  const alarms = [...disks.flatMap((disk) => diskAlarms(frame, disk)), ...silence.alarms];
  return {
    wish: { owner: instanceId, alarms, mayDelete: true, leave: silence.leave },
    skipped: [],
    disks: disks.length,
    isUnheard,
  };
}

function nothing(owner: string, { mayDelete, reason }: { mayDelete: boolean; reason?: string }): Wished {
  const skipped = reason === undefined ? [] : [{ what: owner, reason }];
  return { wish: { owner, alarms: [], mayDelete }, skipped, disks: 0, isUnheard: false };
}

function isWanted({ tags }: Instance, { scope }: Rules): boolean {
  const use = tags[tagKeys.use]?.trim();
  if (use === undefined) return scope === 'all';
  if (use !== 'on' && use !== 'off')
    throw new BadInput(`tag ${tagKeys.use} is ${show(use)}, expected on or off`);
  return use === 'on';
}

/** A tag stands above a call, and a call is remembered by the alarms that it made: no later run takes its topic away. */
function topicFor({ tags }: Instance, mine: readonly Existing[], rules: Rules): Frame['topic'] {
  const tagged = tags[tagKeys.topic]?.trim();
  if (tagged !== undefined) {
    return { arn: resolveTopic(tagged, rules.defaultTopicArn, `tag ${tagKeys.topic}`), ofCall: false };
  }
  if (rules.topicArn !== undefined) return { arn: rules.topicArn, ofCall: true };
  const kept = mine.filter(({ note }) => note?.topicOfCall).flatMap(({ config }) => config['AlarmActions']);
  const arn = kept.find((action) => typeof action === 'string');
  return arn === undefined ? { arn: rules.defaultTopicArn, ofCall: false } : { arn, ofCall: true };
}

/** The first disk stands for the agent. Until something is heard again, an alarm that is there stays as it is. */
function silenceOf(
  frame: Frame,
  [first]: readonly Disk[],
  isHeard: boolean,
): Required<Pick<Wish, 'alarms' | 'leave'>> {
  if (frame.settings.silentMinutes === 0 || !first) return { alarms: [], leave: [] };
  if (isHeard) return { alarms: [silenceAlarm(frame, first, true)], leave: [] };
  return { alarms: [], leave: [silentName(frame)] };
}

/** An instance that has run for longer than this without a word has no agent. */
function isFresh({ state, launchedAt }: Instance, now: number): boolean {
  return (state === 'running' || state === 'pending') && launchedAt > now - 3_600_000;
}

/** A bit more than the alarm waits for: metrics take some minutes to arrive. */
function isHeardLately(heardAt: number, { silentMinutes }: Settings, now: number): boolean {
  return heardAt >= now - Math.max(silentMinutes, 10) * 60_000;
}

/** A stopped instance is silent with reason. */
function disarmed(frame: Frame, [first]: readonly Disk[], mine: readonly Existing[]): readonly Alarm[] {
  const isThere = mine.some(({ name, note }) => note && name === silentName(frame));
  return isThere && first && frame.settings.silentMinutes > 0 ? [silenceAlarm(frame, first, false)] : [];
}

function silentName({ prefix, instance }: Frame): string {
  return alarmName(prefix, instance.instanceId, 'silent');
}
