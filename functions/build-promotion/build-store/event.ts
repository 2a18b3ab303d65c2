import * as z from 'zod/mini';
import { parseAs } from '#shared/parse.ts';
import { artifactSchema } from '../domain/artifact.ts';
import { buildId, environment, folder } from '../domain/names.ts';
import { rollbackFields, switchFields } from '../protocol/switch-fields.ts';

// Requests of PromoteBuild, RestoreBuild and people.

/** State of an unfinished change, so that another invocation can continue. */
const progressSchema = z.strictObject({
  phase: z.enum(['restore', 'verify', 'copy', 'verify-copy']),
  /** Number of files done, in the order of their paths. */
  done: z.int().check(z.nonnegative()),
  /** Fingerprint of the attributes of these files: if they change, the files are read again. */
  fingerprint: z.string(),
  /** The environment's generation when the request began: if it changes, the request is refused. */
  generation: z.int().check(z.nonnegative()),
});

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
