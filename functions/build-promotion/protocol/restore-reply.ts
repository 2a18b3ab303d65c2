import * as z from 'zod/mini';
import { progress, readReply, refused } from './store-reply.ts';

// What the store answers RestoreBuild.

const beginReply = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('present') }),
  z.object({
    outcome: z.enum(['restoring', 'planned']),
    token: z.string(),
    tried: z.array(z.string()),
    jobId: z.optional(z.string()),
    path: z.string(),
    sighting: z.object({ from: z.number(), until: z.number() }),
  }),
  refused,
]);

const endReply = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.enum(['restored', 'not-there']), reason: z.optional(z.string()) }),
  z.object({ outcome: z.literal('more'), progress }),
  refused,
]);

const openReply = z.object({ buildIds: z.array(z.string()) });

export type BeginAnswer = z.output<typeof beginReply>;
export type EndAnswer = z.output<typeof endReply>;

export const readBeginReply = (reply: unknown): BeginAnswer => readReply(beginReply, reply);
export const readEndReply = (reply: unknown): EndAnswer => readReply(endReply, reply);
export const readOpenReply = (reply: unknown): readonly string[] => readReply(openReply, reply).buildIds;
