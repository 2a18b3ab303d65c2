import * as z from 'zod/mini';
import { parseAs, parseJson } from '#shared/parse.ts';
import { buildId, sha256 } from './names.ts';

/** Limit for the input artifact, packed and unpacked. A build's artifact has about 300 bytes. */
export const MAX_ARCHIVE_BYTES = 65_536;

const count = z.int().check(z.nonnegative());

/** A build as the pipeline passes it on, and as BUILD.json in its folder. The hash of the manifest covers every byte. */
export const artifactSchema = z.object({
  v: z.literal(1),
  buildId,
  /** SHA-256 of the manifest. */
  manifestSha256: sha256,
  files: count,
  bytes: count,
  createdAt: z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/)),
  /** Signature of the manifest in base64, made by `openssl dgst -sha256 -sign` or KMS. */
  signature: z.optional(z.string().check(z.regex(/^[A-Za-z0-9+/]{16,1000}={0,2}$/))),
});

export type Artifact = Readonly<z.output<typeof artifactSchema>>;

/** @param text the content of build.json. @throws InvalidInputError with the field and its value */
export function parseArtifact(text: string): Artifact {
  return parseAs(artifactSchema, parseJson(text, 'build.json'), 'build.json');
}
