import { sha256 } from '#shared/hash.ts';
import type { Tags } from './alarm.ts';

/**
 * What the wing has to remember of an alarm, kept in the last line of its description, since CloudWatch is all the
 * state there is. It also tells the wing's alarms from others.
 */
export interface Note {
  /** GB as last measured: a full disk cannot be measured, and a measure that trembles must not rewrite the alarm. */
  readonly sizeGb?: number;
  /** A digest of the tags that were copied: DescribeAlarms tells no tags. */
  readonly tags: string;
  /** The topic came with a direct call: runs without one keep it. */
  readonly topicOfCall: boolean;
}

const shape = /\n\[groundcrew disk-alarms((?: [a-z]+=[\w.]+)*)\]$/;

export function writeNote({ sizeGb, tags, topicOfCall }: Note): string {
  const size = sizeGb === undefined ? '' : ` size=${sizeGb}`;
  return `\n[groundcrew disk-alarms${size} tags=${tags}${topicOfCall ? ' topic=call' : ''}]`;
}

export function readNote(description: string): Note | undefined {
  const members = shape.exec(description)?.[1];
  if (members === undefined) return undefined;
  const given = new Map(members.trim().split(' ').map(splitMember));
  const size = Number(given.get('size') ?? Number.NaN);
  return {
    ...(size > 0 && { sizeGb: size }),
    tags: given.get('tags') ?? '',
    topicOfCall: given.get('topic') === 'call',
  };
}

function splitMember(member: string): readonly [string, string] {
  const at = member.indexOf('=');
  return [member.slice(0, at), member.slice(at + 1)];
}

/** AWS takes no `aws:` keys, and ours are settings for the wing or marks of others: neither says whose disk it is. */
const keptBack = /^(aws|groundcrew):/i;
/** EC2 takes any character in a tag, the other services these alone: one odd tag must not cost an alarm. */
const sendable = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
/** An alarm takes fifty. */
const MOST_TAGS = 50;

export function copiedTags(tags: Tags): Tags {
  const copied = Object.entries(tags).filter(
    ([key, value]) => !keptBack.test(key) && sendable.test(key) && sendable.test(value),
  );
  return Object.fromEntries(copied.sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, MOST_TAGS));
}

export function tagsDigest(tags: Tags): string {
  return sha256(JSON.stringify(Object.entries(tags)), 8);
}
