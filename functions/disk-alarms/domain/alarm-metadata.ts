import { sha256 } from '#shared/hash.ts';
import type { Tags } from './instance.ts';

/**
 * What we store about an alarm, in the last line of its description: CloudWatch is the only state. It also marks an
 * alarm as ours.
 */
export interface AlarmMetadata {
  /** GB as last measured. A full disk cannot be measured, and small fluctuations must not rewrite the alarm. */
  readonly sizeGb?: number;
  /** Hash of the copied tags, because DescribeAlarms does not return tags. */
  readonly tags: string;
  /** The topic came from a direct call; later runs keep it. */
  readonly topicFromCall: boolean;
  /** A direct call named the instance, which `Scope` leaves out; later runs keep it in scope. */
  readonly scopeFromCall: boolean;
  /** When that call was made, in epoch milliseconds: a run that began earlier must not undo it. */
  readonly calledAt?: number;
}

const shape = /\n\[groundcrew disk-alarms((?: [a-z]+=[\w.]+)*)\]$/;

export function formatMetadata(metadata: AlarmMetadata): string {
  const { sizeGb, tags, topicFromCall, scopeFromCall, calledAt } = metadata;
  const isFromCall = topicFromCall || scopeFromCall;
  const members = [
    ...(sizeGb === undefined ? [] : [`size=${sizeGb}`]),
    `tags=${tags}`,
    ...(topicFromCall ? ['topic=call'] : []),
    ...(scopeFromCall ? ['scope=call'] : []),
    ...(isFromCall && calledAt !== undefined ? [`called=${calledAt}`] : []),
  ];
  return `\n[groundcrew disk-alarms ${members.join(' ')}]`;
}

export function parseMetadata(description: string): AlarmMetadata | undefined {
  const members = shape.exec(description)?.[1];
  if (members === undefined) return undefined;
  const given = new Map(members.trim().split(' ').map(splitMember));
  const size = Number(given.get('size') ?? Number.NaN);
  const calledAt = Number(given.get('called') ?? Number.NaN);
  return {
    ...(size > 0 && { sizeGb: size }),
    tags: given.get('tags') ?? '',
    topicFromCall: given.get('topic') === 'call',
    scopeFromCall: given.get('scope') === 'call',
    ...(calledAt > 0 && { calledAt }),
  };
}

/** When the latest direct call that this alarm remembers was made; 0 without one. */
export function calledAtOf(metadata: AlarmMetadata | undefined): number {
  return metadata?.calledAt ?? 0;
}

/** The part of a description that people read. */
export function withoutMetadata(description: string): string {
  return description.replace(shape, '');
}

function splitMember(member: string): readonly [string, string] {
  const at = member.indexOf('=');
  return [member.slice(0, at), member.slice(at + 1)];
}

/** AWS rejects `aws:` keys. `groundcrew:` keys are settings and do not describe the disk. */
const excludedKeys = /^(aws|groundcrew):/i;
/** EC2 allows any character in a tag, other services only these. An unusual tag must not prevent the alarm. */
const allowedText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
/** Tags per alarm. */
const MAX_TAGS = 50;

export function copiedTags(tags: Tags): Tags {
  const copied = Object.entries(tags).filter(
    ([key, value]) => !excludedKeys.test(key) && allowedText.test(key) && allowedText.test(value),
  );
  return Object.fromEntries(copied.sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, MAX_TAGS));
}

export function hashTags(tags: Tags): string {
  return sha256(JSON.stringify(Object.entries(tags)), 8);
}
