import type { Alarm, ExistingAlarm } from '../alarm.ts';
import type { Disk, SkippedItem } from '../disk.ts';
import { displayName } from '../instance.ts';
import { type MountTag, mountTagsByMount } from '../mount-tags.ts';
import { chooseTopic, type TopicRules } from '../topic.ts';
import { diskAlarms, type InstanceAlarmOptions, isSizeNeeded } from './for-disk.ts';
import { forecastAlarms } from './for-forecast.ts';

export interface AlarmsOfDisks {
  readonly alarms: readonly Alarm[];
  readonly skipped: readonly SkippedItem[];
  /** Number of disks with alarms. */
  readonly disks: number;
  /** Disks whose size is unknown, so that their thresholds may be those of another size. */
  readonly unsized: readonly string[];
  /** Why topics of tags or of a call are not used. */
  readonly topicFaults: readonly string[];
}

interface TopicContext {
  readonly mine: readonly ExistingAlarm[];
  readonly rules: TopicRules;
  readonly unusableTopics: ReadonlyMap<string, string>;
}

/**
 * The alarms of all disks of an instance. A tag may exclude a disk, or change its thresholds and topic.
 * @throws InvalidInputError that names the invalid tag
 */
export function alarmsOfDisks(
  options: InstanceAlarmOptions,
  disks: readonly Disk[],
  context: TopicContext,
): AlarmsOfDisks {
  const { instanceId, tags } = options.instance;
  const byMount = mountTagsByMount(tags);
  const watched = disks
    .filter(({ mount }) => byMount.get(mount)?.isOff !== true)
    .map((disk) => ({ disk, options: optionsForDisk(options, byMount.get(disk.mount), context) }));
  const faults = [options, ...watched.map((one) => one.options)].flatMap(({ topic }) => topic.fault ?? []);
  const topicFaults = [...new Set(faults)].sort();
  const skip = (mount: string, reason: string): SkippedItem => ({ what: `${instanceId} ${mount}`, reason });
  return {
    alarms: watched.flatMap((one) => [
      ...diskAlarms(one.options, one.disk),
      ...forecastAlarms(one.options, one.disk, context.mine),
    ]),
    disks: watched.length,
    unsized: watched
      .filter((one) => isSizeNeeded(one.options, one.disk))
      .map(({ disk }) => `${displayName(options.instance)} ${disk.mount}`),
    topicFaults,
    skipped: [
      ...topicFaults.map((fault) => ({ what: instanceId, reason: `${fault}; the default topic is used` })),
      ...disks.flatMap(({ mount, otherMounts }) => {
        const tag = byMount.get(mount);
        const merged = otherMounts.map((other) => skip(other, `the same disk as ${mount}`));
        return [...merged, ...(tag?.isOff ? [skip(mount, `tag ${tag.key} is off`)] : [])];
      }),
      ...[...byMount.values()].flatMap((tag) => {
        const reason = unusedTagReason(tag, disks);
        return reason === undefined ? [] : [skip(tag.mount, reason)];
      }),
    ],
  };
}

/** @returns undefined if the tag names a disk */
function unusedTagReason({ key, mount }: MountTag, disks: readonly Disk[]): string | undefined {
  if (disks.some((disk) => disk.mount === mount)) return undefined;
  const same = disks.find(({ otherMounts }) => otherMounts.includes(mount));
  return same
    ? `tag ${key} must name ${same.mount}, the same disk`
    : `tag ${key} names no disk of this instance`;
}

function optionsForDisk(
  options: InstanceAlarmOptions,
  tag: MountTag | undefined,
  { mine, rules, unusableTopics }: TopicContext,
): InstanceAlarmOptions {
  if (tag === undefined) return options;
  const { key, topic, thresholds } = tag;
  return {
    ...options,
    ...(thresholds && { settings: { ...options.settings, tiers: [{ fromGb: 0, ...thresholds }] } }),
    ...(topic && { topic: chooseTopic({ key, topic }, mine, rules, unusableTopics) }),
  };
}
