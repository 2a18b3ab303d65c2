import { createHash, type KeyObject, verify } from 'node:crypto';
import { InvalidInputError } from '#shared/errors.ts';
import { formatValue } from '#shared/redact.ts';
import type { Artifact } from './artifact.ts';
import { MANIFEST, STAMP } from './names.ts';
import { Refused } from './refusal.ts';

/** SHA-256 in hexadecimal by path. A path is a key to compare with and is never opened. */
export type Manifest = ReadonlyMap<string, string>;

/** More than a million files. */
export const MANIFEST_LIMIT = 128 * 1024 * 1024;

/**
 * The manifest that an artifact speaks of, and none other.
 *
 * @param publicKey without one signatures are not looked at
 * @throws Refused
 */
export function readManifest(bytes: Buffer, artifact: Artifact, publicKey: KeyObject | undefined): Manifest {
  const { buildId, files, manifestSha256 } = artifact;
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== manifestSha256)
    throw new Refused(`${buildId}: ${MANIFEST} has the digest ${found}, not ${manifestSha256}`);
  if (publicKey !== undefined) checkSignature(bytes, artifact, publicKey);
  const manifest = parseManifest(bytes);
  if (manifest.size !== files)
    throw new Refused(`${buildId}: ${MANIFEST} lists ${manifest.size} files, the artifact says ${files}`);
  return manifest;
}

/** The same signature as `openssl dgst -sha256 -verify` checks; Ed25519 signs the manifest itself. */
function checkSignature(manifest: Buffer, { buildId, signature }: Artifact, key: KeyObject): void {
  if (signature === undefined)
    throw new Refused(`${buildId} is not signed, and this wing was given a key`, 'PermissionError');
  const algorithm = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  if (!verify(algorithm, manifest, key, Buffer.from(signature, 'base64')))
    throw new Refused(
      `${buildId}: its signature is not by the key that this wing was given`,
      'PermissionError',
    );
}

/**
 * Lines as `sha256sum` writes and checks them: 64 digits, a space, a space or `*`, a path. A line that begins with a
 * backslash has `\\`, `\n` and `\r` in its path escaped.
 *
 * @throws BadInput naming the line
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  const lines = decode(bytes).split('\n');
  if (lines.pop() !== '') throw new InvalidInputError(`${MANIFEST} does not end with a line break`);
  const manifest = new Map<string, string>();
  for (const [at, line] of lines.entries()) {
    const [digest, path] = readLine(line, at + 1);
    if (manifest.has(path)) throw odd(at + 1, `lists ${formatValue(path)} twice`);
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

function readLine(line: string, number: number): readonly [digest: string, path: string] {
  const isEscaped = line.startsWith('\\');
  const start = isEscaped ? 1 : 0;
  const digest = line.slice(start, start + 64);
  const mark = line.slice(start + 64, start + 66);
  if (!/^[0-9a-f]{64}$/.test(digest) || (mark !== '  ' && mark !== ' *'))
    throw odd(number, 'is no line of sha256sum');
  const written = line.slice(start + 66);
  const path = isEscaped ? unescape(written, number) : written;
  checkPath(path, number);
  return [digest, path];
}

const escapes: Readonly<Record<string, string>> = { '\\\\': '\\', '\\n': '\n', '\\r': '\r' };

function unescape(text: string, number: number): string {
  return text.replace(/\\.?/gs, (pair) => {
    const meant = escapes[pair];
    if (meant === undefined) throw odd(number, `escapes nothing with ${formatValue(pair)}`);
    return meant;
  });
}

/** U+FFFD is what an undecodable name looks like: two such names would be one. */
function checkPath(path: string, number: number): void {
  const isOdd = path.includes('\0') || path.includes('\uFFFD') || /(?:^|\/)\.{0,2}(?:\/|$)/.test(path);
  if (isOdd) throw odd(number, `has the path ${formatValue(path)}`);
  if (path === MANIFEST || path === STAMP) throw odd(number, `lists ${path} itself`);
}

function odd(line: number, what: string): InvalidInputError {
  return new InvalidInputError(`${MANIFEST}: line ${line} ${what}`);
}
