import * as z from 'zod/mini';
import { InvalidInputError } from '#shared/errors.ts';
import { parseAs, parseJson } from '#shared/parse.ts';
import { artifactSchema } from '../domain/artifact.ts';
import { rollbackFields, switchFields } from '../protocol/switch-fields.ts';

const actionParametersSchema = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('promote'), ...switchFields }),
  z.strictObject({
    action: z.literal('rollback'),
    ...switchFields,
    ...rollbackFields,
  }),
]);

/** An action's UserParameters. */
export type ActionParameters = Readonly<z.output<typeof actionParametersSchema>>;

/** @throws InvalidInputError with the field and its value */
export function parseActionParameters(text: string | undefined): ActionParameters {
  if (!text) throw new InvalidInputError('UserParameters: expected JSON such as {"env":"prod"}, got none');
  const given = parseJson(text, 'UserParameters');
  const isPlain = typeof given === 'object' && given !== null && !Array.isArray(given);
  return parseAs(actionParametersSchema, isPlain ? { action: 'promote', ...given } : given, 'UserParameters');
}

/** Continuation token: state for the next job of the same action, which has another id. */
const jobTokenSchema = z.object({
  /** The first job's id; identifies the request in the store. */
  key: z.string(),
  artifact: z.optional(artifactSchema),
  progress: z.optional(z.unknown()),
  begunAt: z.number(),
});
export type JobToken = z.output<typeof jobTokenSchema>;

/** @throws InvalidInputError with the field and its value */
export function parseJobToken(text: string): JobToken {
  return parseAs(jobTokenSchema, parseJson(text, 'continuationToken'), 'continuationToken');
}
