import * as z from 'zod/mini';
import { buildId, environment, folder } from '../domain/names.ts';

const verifyField = z._default(z.enum(['auto', 'full', 'fingerprint']), 'auto');

// Fields that PromoteBuild takes from its action and passes on to BuildStore.

/** Fields of promote and rollback. */
export const switchFields = {
  env: environment,
  /** Refuse the change unless this build is live; `none` means no release. */
  expectCurrent: z.optional(z.string()),
  /** Copy the build to this folder first, and move the link there. */
  copyTo: z.optional(folder),
  verify: verifyField,
  /** Requests with the same key are the same change. Default: the id of the job; a retried stage is a new job. */
  key: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
};

/** Additional fields of rollback. */
export const rollbackFields = {
  /** Roll back to this build instead of the previous one. */
  to: z.optional(buildId),
  /** Restore the target if it is pruned, instead of skipping it. */
  restore: z._default(z.boolean(), false),
};
