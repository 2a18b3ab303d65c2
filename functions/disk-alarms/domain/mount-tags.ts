import { InvalidInputError } from '#shared/errors.ts';
import { formatValue } from '#shared/redact.ts';
import type { Tags } from './alarm.ts';
import { type Thresholds, tagKeys } from './settings.ts';

/** What a tag says about one mount of its instance. */
export interface MountTag {
  readonly key: string;
  readonly mount: string;
  /** The disk gets no alarms. */
  readonly isOff: boolean;
  /** Percent of free space, instead of the tiers. */
  readonly thresholds?: Thresholds;
  /** Name or ARN. */
  readonly topic?: string;
  /** Why the tag cannot be used. */
  readonly fault?: string;
}

/** The tags `groundcrew:disk-mount` and `groundcrew:disk-mount:<any label>`, in the order of their keys. */
export function parseMountTags(tags: Tags): readonly MountTag[] {
  return Object.entries(tags)
    .filter(([key]) => key === tagKeys.mount || key.startsWith(`${tagKeys.mount}:`))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => parseMountTag(key, value));
}

/** @throws InvalidInputError if a tag is invalid, or if two tags name the same mount */
export function mountTagsByMount(tags: Tags): ReadonlyMap<string, MountTag> {
  const byMount = new Map<string, MountTag>();
  for (const tag of parseMountTags(tags)) {
    const twice = byMount.get(tag.mount);
    const fault = tag.fault ?? (twice && `names ${tag.mount}, which the tag ${twice.key} names, too`);
    if (fault) throw new InvalidInputError(`tag ${tag.key} ${fault}`);
    byMount.set(tag.mount, tag);
  }
  return byMount;
}

/** Options follow the mount, which may contain spaces, so we read them from the end. */
function parseMountTag(key: string, value: string): MountTag {
  const words = value.trim().split(/\s+/);
  const options = words.slice(words.findLastIndex((word) => !isOption(word)) + 1);
  const mount = words.slice(0, words.length - options.length).join(' ');
  const percents = options.flatMap((word) => parsePercents(word) ?? []);
  const topics = options.flatMap((word) => /^topic=(.+)$/.exec(word)?.[1] ?? []);
  const isOff = options.includes('off');
  const isValid =
    mount !== '' &&
    options.length > 0 &&
    options.length === percents.length + topics.length + Number(isOff) &&
    percents.length <= 1 &&
    topics.length <= 1 &&
    (!isOff || options.length === 1);
  const [thresholds] = percents;
  const [topic] = topics;
  return {
    key,
    mount,
    isOff,
    ...(thresholds && { thresholds }),
    ...(topic && { topic }),
    ...(!isValid && {
      fault: `is ${formatValue(value)}, expected a mount and off, <warning %>/<critical %> or topic=<name>, like /data 25/10 topic=team`,
    }),
  };
}

function isOption(word: string): boolean {
  return word === 'off' || word.startsWith('topic=') || /^[\d.]+\/[\d.]+$/.test(word);
}

function parsePercents(word: string): Thresholds | undefined {
  const [, warning = 0, critical = 0] = /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(word)?.map(Number) ?? [];
  return warning < 100 && critical <= warning && critical > 0 ? { warning, critical } : undefined;
}
