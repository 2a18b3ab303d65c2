import * as z from 'zod/mini';
import { parseReply, progressSchema, refusedSchema } from './store-reply.ts';

// BuildStore's replies to RestoreBuild.

const openRestoreSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('present') }),
  z.object({
    outcome: z.enum(['restoring', 'planned']),
    token: z.string(),
    tried: z.array(z.string()),
    jobId: z.optional(z.string()),
    path: z.string(),
    presence: z.object({ from: z.number(), until: z.number() }),
  }),
  refusedSchema,
]);

const finishRestoreSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.enum(['restored', 'missing']), reason: z.optional(z.string()) }),
  z.object({ outcome: z.literal('unfinished'), progress: progressSchema }),
  refusedSchema,
]);

const openRestoresSchema = z.object({ buildIds: z.array(z.string()) });

export type OpenRestoreReply = z.output<typeof openRestoreSchema>;
export type FinishRestoreReply = z.output<typeof finishRestoreSchema>;

export const parseOpenRestoreReply = (reply: unknown): OpenRestoreReply =>
  parseReply(openRestoreSchema, reply);
export const parseFinishRestoreReply = (reply: unknown): FinishRestoreReply =>
  parseReply(finishRestoreSchema, reply);
export const parseOpenRestoresReply = (reply: unknown): readonly string[] =>
  parseReply(openRestoresSchema, reply).buildIds;
