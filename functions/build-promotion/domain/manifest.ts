import { createHash, type KeyObject, verify } from 'node:crypto';
import { InvalidInputError } from '#shared/errors.ts';
import { formatValue } from '#shared/redact.ts';
import type { Artifact } from './artifact.ts';
import { MANIFEST, STAMP } from './names.ts';
import { RefusalError } from './refusal.ts';

/** SHA-256 in hexadecimal, by path. Paths are only compared, never opened. */
export type Manifest = ReadonlyMap<string, string>;

/** Enough for more than a million files. */
export const MAX_MANIFEST_BYTES = 128 * 1024 * 1024;

/**
 * Parses the manifest after checking that it is the artifact's.
 *
 * @param publicKey undefined: signatures are not checked
 * @throws RefusalError
 */
export function verifyManifest(
  bytes: Buffer,
  artifact: Artifact,
  publicKey: KeyObject | undefined,
): Manifest {
  const { buildId, files, manifestSha256 } = artifact;
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== manifestSha256)
    throw new RefusalError(`${buildId}: ${MANIFEST} has the digest ${found}, not ${manifestSha256}`);
  if (publicKey !== undefined) assertSignature(bytes, artifact, publicKey);
  const manifest = parseManifest(bytes);
  if (manifest.size !== files)
    throw new RefusalError(
      `${buildId}: ${MANIFEST} lists ${manifest.size} files, the artifact says ${files}`,
    );
  return manifest;
}

/** The same signature as `openssl dgst -sha256 -verify` checks; Ed25519 signs the manifest itself. */
function assertSignature(manifest: Buffer, { buildId, signature }: Artifact, key: KeyObject): void {
  if (signature === undefined)
    throw new RefusalError(`${buildId} is not signed, but a public key is configured`, 'PermissionError');
  const algorithm = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  if (!verify(algorithm, manifest, key, Buffer.from(signature, 'base64')))
    throw new RefusalError(
      `${buildId}: its signature does not match the configured public key`,
      'PermissionError',
    );
}

/**
 * Parses the format of `sha256sum`: 64 digits, a space, a space or `*`, a path. In a line that starts with a backslash,
 * `\\`, `\n` and `\r` in the path are escaped.
 *
 * @throws InvalidInputError with the line number
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  const lines = decode(bytes).split('\n');
  if (lines.pop() !== '') throw new InvalidInputError(`${MANIFEST} does not end with a line break`);
  const manifest = new Map<string, string>();
  for (const [at, line] of lines.entries()) {
    const [digest, path] = parseLine(line, at + 1);
    if (manifest.has(path)) throw invalidLine(at + 1, `lists ${formatValue(path)} twice`);
    manifest.set(path, digest);
  }
  return manifest;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InvalidInputError(`${MANIFEST} is not UTF-8`);
  }
}

function parseLine(line: string, number: number): readonly [digest: string, path: string] {
  const isEscaped = line.startsWith('\\');
  const start = isEscaped ? 1 : 0;
  const digest = line.slice(start, start + 64);
  const mark = line.slice(start + 64, start + 66);
  if (!/^[0-9a-f]{64}$/.test(digest) || (mark !== '  ' && mark !== ' *'))
    throw invalidLine(number, 'is not in the format of sha256sum');
  const written = line.slice(start + 66);
  const path = isEscaped ? unescapePath(written, number) : written;
  assertValidPath(path, number);
  return [digest, path];
}

const escapes: Readonly<Record<string, string>> = { '\\\\': '\\', '\\n': '\n', '\\r': '\r' };

function unescapePath(text: string, number: number): string {
  return text.replace(/\\.?/gs, (pair) => {
    const character = escapes[pair];
    if (character === undefined) throw invalidLine(number, `has the unknown escape ${formatValue(pair)}`);
    return character;
  });
}

/** U+FFFD replaces undecodable bytes, so two different names could look the same. */
function assertValidPath(path: string, number: number): void {
  const isInvalid = path.includes('\0') || path.includes('\uFFFD') || /(?:^|\/)\.{0,2}(?:\/|$)/.test(path);
  if (isInvalid) throw invalidLine(number, `has the invalid path ${formatValue(path)}`);
  if (path === MANIFEST || path === STAMP) throw invalidLine(number, `lists ${path} itself`);
}

function invalidLine(line: number, what: string): InvalidInputError {
  return new InvalidInputError(`${MANIFEST}: line ${line} ${what}`);
}
