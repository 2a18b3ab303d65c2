import * as z from 'zod/mini';
import { parseAs } from '#shared/parse.ts';
import { artifactSchema } from '../domain/artifact.ts';
import { buildId, environment, folder } from '../domain/names.ts';
import type { FailureType } from '../domain/refusal.ts';
import { rollbackFields, switchFields } from './action-parameters.ts';

// Requests to BuildStore by PromoteBuild, RestoreBuild and people, and its replies.

/** State of an unfinished change, so that another invocation can continue. */
const progressSchema = z.strictObject({
  phase: z.enum(['restore', 'verify', 'copy', 'verify-copy']),
  /** Number of files done, in the order of their paths. */
  done: z.int().check(z.nonnegative()),
  /** Digest of the attributes of these files: if they change, the files are read again. */
  digest: z.string(),
  /** The environment's generation when the request began: if it changes, the request is refused. */
  generation: z.int().check(z.nonnegative()),
});
export type Progress = Readonly<z.output<typeof progressSchema>>;

const promoteSchema = z.strictObject({
  action: z.literal('promote'),
  ...switchFields,
  progress: z.optional(progressSchema),
  artifact: artifactSchema,
});
const rollbackSchema = z.strictObject({
  action: z.literal('rollback'),
  ...switchFields,
  progress: z.optional(progressSchema),
  ...rollbackFields,
});

const storeRequestSchema = z.discriminatedUnion('action', [
  promoteSchema,
  rollbackSchema,
  z.strictObject({ action: z.literal('history'), env: environment, copyTo: z.optional(folder) }),
  z.strictObject({ action: z.literal('verify'), env: environment, copyTo: z.optional(folder) }),
  z.strictObject({
    action: z.enum(['mark-bad', 'mark-good', 'pin', 'unpin']),
    buildId,
    reason: z.optional(z.string().check(z.maxLength(500))),
  }),
  z.strictObject({ action: z.literal('open-restore'), buildId }),
  z.strictObject({
    action: z.literal('save-restore-job'),
    buildId,
    token: z.string(),
    jobId: z.string(),
    recoveryPoint: z.string(),
  }),
  z.strictObject({
    action: z.literal('finish-restore'),
    buildId,
    jobId: z.string(),
    restored: z.boolean(),
    progress: z.optional(progressSchema),
  }),
  z.strictObject({ action: z.literal('abandon-restore'), buildId }),
  z.strictObject({ action: z.literal('list-restores') }),
]);

export type StoreRequest = Readonly<z.output<typeof storeRequestSchema>>;
export type StoreRequestOf<A extends StoreRequest['action']> = Extract<StoreRequest, { readonly action: A }>;
export type SwitchRequest = StoreRequestOf<'promote'> | StoreRequestOf<'rollback'>;

/** @throws InvalidInputError with the field and its value */
export function parseStoreRequest(event: unknown): StoreRequest {
  return parseAs(storeRequestSchema, event, 'request');
}

/** The result of a change. */
export interface SwitchResult {
  readonly outcome: 'switched' | 'unchanged' | 'planned';
  readonly env: string;
  readonly from: string | null;
  readonly to: string;
  /** Number in the environment's history; 0 if there is none. */
  readonly generation: number;
  readonly files: number;
  readonly bytes: number;
  /** How the build was verified this time. */
  readonly verified: 'full' | 'fingerprint';
  readonly milliseconds: number;
  readonly switchedAt: string;
  /** From this time on, every host sees the new link. */
  readonly visibleBy: string;
  /** Releases that a rollback skipped, and why. */
  readonly skipped?: readonly string[];
}

export interface Unfinished {
  readonly outcome: 'unfinished';
  readonly progress: Progress;
  readonly percent: number;
  readonly summary: string;
}

interface RefusedReply {
  readonly outcome: 'refused';
  readonly failure: FailureType;
  readonly reason: string;
}

/** The target of a rollback is pruned and must be restored first. Nothing has changed. */
interface TargetPruned {
  readonly outcome: 'pruned';
  readonly buildId: string;
  /** Send it with the request after the restore. */
  readonly progress: Progress;
}

export type SwitchReply = SwitchResult | Unfinished | TargetPruned | RefusedReply;
