import { InvalidInputError } from '#shared/errors.ts';
import { formatValue } from '#shared/redact.ts';
import type { Tags } from './instance.ts';
import type { Thresholds } from './settings.ts';
import { tagKeys } from './tag-keys.ts';

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
  /** GB, for an agent that sends no size. */
  readonly sizeGb?: number;
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
  const sizes = options.flatMap((word) => parseSize(/^size=(.+)$/.exec(word)?.[1] ?? '') ?? []);
  const isOff = options.includes('off');
  const isValid =
    mount !== '' &&
    options.length > 0 &&
    options.length === percents.length + topics.length + sizes.length + Number(isOff) &&
    [percents, topics, sizes].every(({ length }) => length <= 1) &&
    (!isOff || options.length === 1);
  const [thresholds] = percents;
  const [topic] = topics;
  const [sizeGb] = sizes;
  return {
    key,
    mount,
    isOff,
    ...(thresholds && { thresholds }),
    ...(topic && { topic }),
    ...(sizeGb && { sizeGb }),
    ...(!isValid && {
      fault: `is ${formatValue(value)}, expected a mount and off, <warning %>/<critical %>, topic=<name> or size=<GB>, like /data 25/10 topic=team`,
    }),
  };
}

function isOption(word: string): boolean {
  return word === 'off' || /^(topic|size)=/.test(word) || /^[\d.]+\/[\d.]+$/.test(word);
}

function parsePercents(word: string): Thresholds | undefined {
  const [, warning = 0, critical = 0] = /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(word)?.map(Number) ?? [];
  return warning < 100 && critical <= warning && critical > 0 ? { warning, critical } : undefined;
}

function parseSize(raw: string): number | undefined {
  const size = Number(raw);
  return /^\d{1,6}(\.\d+)?$/.test(raw) && size > 0 ? size : undefined;
}

/** The size of each mount in GB, if a tag says it. @throws InvalidInputError that names the invalid tag */
export function sizeTags(tags: Tags): (mount: string) => number | undefined {
  const byMount = mountTagsByMount(tags);
  const raw = tags[tagKeys.size]?.trim();
  const all = raw === undefined ? undefined : parseSize(raw);
  if (raw !== undefined && all === undefined)
    throw new InvalidInputError(`tag ${tagKeys.size} is ${formatValue(raw)}, expected GB like 800`);
  return (mount) => byMount.get(mount)?.sizeGb ?? all;
}
