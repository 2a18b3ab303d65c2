import * as z from 'zod/mini';
import { parseAs, parseJson } from '#shared/parse.ts';
import { buildId, digest } from './names.ts';

/** Of the input artifact's archive, and of what it unpacks to. A build's artifact has about 300 bytes. */
export const MAX_ARCHIVE_BYTES = 65_536;

const count = z.int().check(z.nonnegative());

/** What a pipeline carries of a build, and what lies beside it as BUILD.json: one digest pins every byte. */
export const artifact = z.object({
  v: z.literal(1),
  buildId,
  /** Of the manifest's bytes. */
  manifestSha256: digest,
  files: count,
  bytes: count,
  createdAt: z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/)),
  /** Over the manifest, in base64: what `openssl dgst -sha256 -sign` or KMS makes. */
  signature: z.optional(z.string().check(z.regex(/^[A-Za-z0-9+/]{16,1000}={0,2}$/))),
});

export type Artifact = Readonly<z.output<typeof artifact>>;

/** The small file's text. @throws BadInput naming the field and the value it got */
export function readArtifact(text: string): Artifact {
  return parseAs(artifact, parseJson(text, 'build.json'), 'build.json');
}
