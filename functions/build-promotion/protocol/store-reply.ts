import * as z from 'zod/mini';
import { GroundcrewError } from '#shared/errors.ts';
import { parseAs } from '#shared/parse.ts';
import type { Failure } from '../domain/refusal.ts';

// What comes back from another function of the wing, read where it arrives.

export const refused = z.object({
  outcome: z.literal('refused'),
  failure: z.enum([
    'JobFailed',
    'ConfigurationError',
    'PermissionError',
    'RevisionOutOfSync',
    'RevisionUnavailable',
  ] satisfies Failure[]),
  reason: z.string(),
});

export const progress = z.object({
  phase: z.enum(['restore', 'verify', 'copy', 'verify-copy']),
  done: z.number(),
  digest: z.string(),
  generation: z.number(),
});

const switched = z.object({
  outcome: z.enum(['switched', 'unchanged', 'planned']),
  env: z.string(),
  from: z.nullable(z.string()),
  to: z.string(),
  generation: z.number(),
  files: z.number(),
  bytes: z.number(),
  verified: z.enum(['full', 'fingerprint']),
  milliseconds: z.number(),
  switchedAt: z.string(),
  visibleBy: z.string(),
  skipped: z.optional(z.array(z.string())),
});

const switchReply = z.discriminatedUnion('outcome', [
  switched,
  z.object({ outcome: z.literal('more'), progress, percent: z.number(), summary: z.string() }),
  z.object({ outcome: z.literal('pruned'), buildId: z.string(), progress }),
  refused,
]);

const restoration = z.object({
  status: z.enum(['restored', 'running', 'planned', 'failed']),
  buildId: z.string(),
  percent: z.number(),
  reason: z.optional(z.string()),
});

export type SwitchAnswer = z.output<typeof switchReply>;
export type SwitchedAnswer = z.output<typeof switched>;
/** How far a restore has come. */
export type Restoration = Readonly<z.output<typeof restoration>>;

export const readSwitchReply = (reply: unknown): SwitchAnswer => readReply(switchReply, reply);
export const readRestoration = (reply: unknown): Restoration => readReply(restoration, reply);

export function readReply<S extends z.ZodMiniType>(schema: S, reply: unknown): z.output<S> {
  try {
    return parseAs(schema, reply, 'the answer');
  } catch (cause) {
    // The store answers what it cannot parse with a reason: the two functions are of different versions.
    throw new GroundcrewError('the store gave an answer that nobody understands', { cause });
  }
}
