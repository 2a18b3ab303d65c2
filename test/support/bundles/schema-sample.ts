import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Shape } from './schema-probe.ts';

/** Where an endpoint is chosen by an input, the capture server would no longer be called. */
const LEFT_OUT = new Set(['EndpointId']);

/** S3's client checks a reply's body by these, or overwrites one with what it worked out. */
const UNSAMPLED = /^Checksum(CRC32C|CRC64NVME|SHA512|MD5|XXHASH\d+)$/;

/** SQS checks its replies: a body and its digest must fit, and the ids of a batch recur in its answer. */
const BODY = 'Zählt "alles" & <jedes> Zeichen: 日本 + 100 %, a=b/c\\d';
const FIXED: Readonly<Record<string, string>> = {
  Id: 'entry-1',
  Body: BODY,
  MessageBody: BODY,
  MD5OfBody: createHash('md5').update(BODY).digest('hex'),
  MD5OfMessageBody: createHash('md5').update(BODY).digest('hex'),
  // What S3's client takes for names of its own.
  Bucket: 'groundcrew-bucket',
  ChecksumAlgorithm: 'CRC32',
  ChecksumMode: 'ENABLED',
  ChecksumCRC32: base64Of(crc32(BODY)),
  ChecksumSHA1: createHash('sha1').update(BODY).digest('base64'),
  ChecksumSHA256: createHash('sha256').update(BODY).digest('base64'),
};

interface Walk {
  count: number;
  readonly turns: Map<string, number>;
  readonly path: readonly string[];
}

/** A value of the shape with every member set, lists of two, maps of one; a shape may contain itself once. */
export function makeSample(shape: Shape): unknown {
  return sample(shape, 'input', { count: 0, turns: new Map(), path: [] });
}

function sample(shape: Shape, name: string, walk: Walk): unknown {
  if (shape.isUnitSchema()) return {};
  if (shape.isUnionSchema()) return sampleUnion(shape, walk);
  if (shape.isStructSchema()) return sampleStruct(shape, walk);
  if (shape.isListSchema()) return sampleList(shape, name, walk);
  if (shape.isMapSchema()) return sampleMap(shape, name, walk);
  walk.count += 1;
  return sampleSimple(shape, name, walk.count);
}

function sampleList(shape: Shape, name: string, walk: Walk): unknown {
  const items = [sampleItem(shape, name, walk), sampleItem(shape, name, walk)];
  return items[0] === undefined ? undefined : items;
}

function sampleMap(shape: Shape, name: string, walk: Walk): unknown {
  const value = sampleItem(shape, name, walk);
  const key = isInHeader(shape) ? `key-${walk.count}` : `key ${walk.count} "ä" & <b>`;
  return value === undefined ? undefined : { [key]: value };
}

/** The items of a list or a map do not know that a header carries them. */
function sampleItem(shape: Shape, name: string, walk: Walk): unknown {
  const item = shape.getValueSchema();
  if (!isInHeader(shape) || !item.isStringSchema()) return sample(item, name, walk);
  walk.count += 1;
  return sampleHeader(name, walk.count);
}

function sampleStruct(shape: Shape, walk: Walk): unknown {
  const inside = enter(shape, walk);
  if (!inside) return undefined;
  const members = Object.entries(shape.getMemberSchemas())
    .filter(([name]) => !LEFT_OUT.has(name) && !UNSAMPLED.test(name))
    .map(([name, member]) => [name, sample(member, name, inside)] as const);
  walk.count = inside.count;
  return fitTogether(Object.fromEntries(members.filter(([, value]) => value !== undefined)));
}

/** S3's client gives the header that it reads as a time once more as it came. */
function fitTogether(members: Record<string, unknown>): Record<string, unknown> {
  const { Expires: expires } = members;
  return expires instanceof Date && 'ExpiresString' in members
    ? { ...members, ExpiresString: expires.toUTCString() }
    : members;
}

/** One member, and another one the next time, so that a walk meets them all. */
function sampleUnion(shape: Shape, walk: Walk): unknown {
  const inside = enter(shape, walk);
  if (!inside) return undefined;
  const members = Object.entries(shape.getMemberSchemas());
  const union = shape.getName() ?? '';
  for (const _ of members) {
    const turn = walk.turns.get(union) ?? 0;
    walk.turns.set(union, turn + 1);
    const [name, member] = members[turn % members.length] ?? [];
    const value = name && member && sample(member, name, inside);
    walk.count = inside.count;
    if (name && value !== undefined) return { [name]: value };
  }
  return undefined;
}

function enter(shape: Shape, walk: Walk): Walk | undefined {
  const name = shape.getName() ?? '';
  const depth = walk.path.filter((passed) => passed === name).length;
  return depth < 2 ? { ...walk, path: [...walk.path, name] } : undefined;
}

function sampleSimple(shape: Shape, name: string, count: number): unknown {
  if (shape.getMergedTraits().streaming) return new TextEncoder().encode(BODY);
  if (shape.isBlobSchema()) return Uint8Array.from([0, 255, 128, 10, count % 256]);
  if (shape.isBooleanSchema()) return count % 2 === 0;
  if (shape.isTimestampSchema()) return new Date(1_790_000_000_000 + count * 1000);
  if (shape.isNumericSchema()) return sampleNumber(shape, count);
  if (shape.isStringSchema()) {
    if (FIXED[name] !== undefined) return FIXED[name];
    return isInHeader(shape)
      ? sampleHeader(name, count)
      : `${name} ${count}: "Größe" & <é> 'x' 日本 + 5 % of a=b/c`;
  }
  throw new Error(
    `No sample for ${name}, a ${String(shape.getSchema())}: teach test/support/bundles/schema-sample.ts`,
  );
}

/** HTTP itself reads the status and the length of a body, where they are members. */
function sampleNumber(shape: Shape, count: number): number {
  const { httpResponseCode, httpHeader } = shape.getMergedTraits();
  if (httpResponseCode) return 202;
  if (httpHeader === 'Content-Length') return Buffer.byteLength(BODY);
  return count % 3 === 0 ? -count : count;
}

function isInHeader(shape: Shape): boolean {
  const { httpHeader, httpPrefixHeaders } = shape.getMergedTraits();
  return httpHeader !== undefined || httpPrefixHeaders !== undefined;
}

/** What a header can hold, alone and in a list. */
function sampleHeader(name: string, count: number): string {
  return `${name} ${count}: & <e> 'x' + 5 % of a=b/c`;
}

function base64Of(checksum: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(checksum);
  return bytes.toString('base64');
}
