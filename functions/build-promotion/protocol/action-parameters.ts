import * as z from 'zod/mini';
import { InvalidInputError } from '#shared/errors.ts';
import { parseAs, parseJson } from '#shared/parse.ts';
import { buildId, environment, folder } from '../domain/names.ts';

const mode = z._default(z.enum(['auto', 'full', 'fingerprint']), 'auto');

/** Common to both ways of moving a link. */
export const switching = {
  env: environment,
  /** Refuses unless this is live; `none` stands for no release at all. */
  expectCurrent: z.optional(z.string()),
  /** Copies the build to this folder first and moves the link there. */
  copyTo: z.optional(folder),
  verify: mode,
  /** Requests with the same key are one; a job's own id unless told, and a retried stage is another job. */
  key: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
};

/** Beside that, a rollback may say where to. */
export const goingBack = {
  /** Goes back to this build and not to the one before. */
  to: z.optional(buildId),
  /** Names a pruned build as the target, instead of passing over it. */
  restore: z._default(z.boolean(), false),
};

const parameters = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('promote'), ...switching }),
  z.strictObject({
    action: z.literal('rollback'),
    ...switching,
    ...goingBack,
  }),
]);

/** What an action's UserParameters say. */
export type Parameters = Readonly<z.output<typeof parameters>>;

/** @throws BadInput */
export function readParameters(text: string | undefined): Parameters {
  if (!text) throw new InvalidInputError('UserParameters: expected JSON such as {"env":"prod"}, got nothing');
  const given = parseJson(text, 'UserParameters');
  const isPlain = typeof given === 'object' && given !== null && !Array.isArray(given);
  return parseAs(parameters, isPlain ? { action: 'promote', ...given } : given, 'UserParameters');
}
