import { createHash } from 'node:crypto';
import type { Shape } from './schema-probe.ts';

/** Where an endpoint is chosen by an input, the capture server would no longer be called. */
const LEFT_OUT = new Set(['EndpointId']);

/** SQS checks its replies: a body and its digest must fit, and the ids of a batch recur in its answer. */
const BODY = 'Zählt "alles" & <jedes> Zeichen: 日本 + 100 %, a=b/c\\d';
const FIXED: Readonly<Record<string, string>> = {
  Id: 'entry-1',
  Body: BODY,
  MessageBody: BODY,
  MD5OfBody: createHash('md5').update(BODY).digest('hex'),
  MD5OfMessageBody: createHash('md5').update(BODY).digest('hex'),
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
  if (shape.isListSchema()) {
    const items = [sample(shape.getValueSchema(), name, walk), sample(shape.getValueSchema(), name, walk)];
    const [first] = items;
    return first === undefined ? undefined : items;
  }
  if (shape.isMapSchema()) {
    const value = sample(shape.getValueSchema(), name, walk);
    return value === undefined ? undefined : { [`key ${walk.count} "ä" & <b>`]: value };
  }
  walk.count += 1;
  return sampleSimple(shape, name, walk.count);
}

function sampleStruct(shape: Shape, walk: Walk): unknown {
  const inside = enter(shape, walk);
  if (!inside) return undefined;
  const members = Object.entries(shape.getMemberSchemas())
    .filter(([name]) => !LEFT_OUT.has(name))
    .map(([name, member]) => [name, sample(member, name, inside)] as const);
  walk.count = inside.count;
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
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
  if (shape.isBlobSchema()) return Uint8Array.from([0, 255, 128, 10, count % 256]);
  if (shape.isBooleanSchema()) return count % 2 === 0;
  if (shape.isTimestampSchema()) return new Date(1_790_000_000_000 + count * 1000);
  if (shape.isNumericSchema()) return count % 3 === 0 ? -count : count;
  if (shape.isStringSchema()) return FIXED[name] ?? `${name} ${count}: "Größe" & <é> 'x' 日本 + 5 % of a=b/c`;
  throw new Error(
    `No sample for ${name}, a ${String(shape.getSchema())}: teach test/support/schema-sample.ts`,
  );
}
