import * as z from 'zod/mini';
import { GroundcrewError } from '#shared/errors.ts';
import { parseAs } from '#shared/parse.ts';
import type { FailureType } from '../domain/refusal.ts';

// Replies of other functions of the wing: their types for the sender, and their schemas for the caller.

export const refusedSchema = z.object({
  outcome: z.literal('refused'),
  failure: z.enum([
    'JobFailed',
    'ConfigurationError',
    'PermissionError',
    'RevisionOutOfSync',
    'RevisionUnavailable',
  ] satisfies FailureType[]),
  reason: z.string(),
});

/** State of an unfinished change. The caller sends it with the next request. */
export const progressSchema = z.object({
  phase: z.enum(['restore', 'verify', 'copy', 'verify-copy']),
  done: z.number(),
  fingerprint: z.string(),
  generation: z.number(),
});

const switchResultSchema = z.object({
  outcome: z.enum(['switched', 'unchanged', 'planned']),
  env: z.string(),
  from: z.nullable(z.string()),
  to: z.string(),
  /** Number in the environment's history; 0 if there is none. */
  generation: z.number(),
  files: z.number(),
  bytes: z.number(),
  /** How the build was verified this time. */
  verified: z.enum(['full', 'fingerprint']),
  milliseconds: z.number(),
  switchedAt: z.string(),
  /** From this time on, every host sees the new link. */
  visibleBy: z.string(),
  /** Releases that a rollback skipped, and why. */
  skipped: z.exactOptional(z.readonly(z.array(z.string()))),
});

const switchReplySchema = z.discriminatedUnion('outcome', [
  switchResultSchema,
  z.object({
    outcome: z.literal('unfinished'),
    progress: progressSchema,
    percent: z.number(),
    summary: z.string(),
  }),
  // The target of a rollback is pruned and must be restored first. Nothing has changed.
  z.object({ outcome: z.literal('pruned'), buildId: z.string(), progress: progressSchema }),
  refusedSchema,
]);

const restoreStatusSchema = z.object({
  status: z.enum(['restored', 'running', 'planned', 'failed']),
  buildId: z.string(),
  percent: z.number(),
  reason: z.optional(z.string()),
});

export type Progress = Readonly<z.output<typeof progressSchema>>;
export type SwitchReply = Readonly<z.output<typeof switchReplySchema>>;
export type SwitchResult = Readonly<z.output<typeof switchResultSchema>>;
/** State of a restore. */
export type RestoreStatus = Readonly<z.output<typeof restoreStatusSchema>>;

export const parseSwitchReply = (reply: unknown): SwitchReply => parseReply(switchReplySchema, reply);
export const parseRestoreStatus = (reply: unknown): RestoreStatus => parseReply(restoreStatusSchema, reply);

export function parseReply<S extends z.ZodMiniType>(schema: S, reply: unknown): z.output<S> {
  try {
    return parseAs(schema, reply, 'reply');
  } catch (cause) {
    // The store rejects invalid requests with a reason, so here the two functions have different versions.
    throw new GroundcrewError(
      'the reply of BuildStore is invalid: the functions may have different versions',
      { cause },
    );
  }
}
