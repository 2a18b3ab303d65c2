import { type KeyObject, verify } from 'node:crypto';
import { InvalidInputError } from '#shared/errors.ts';
import { sha256 } from '#shared/hash.ts';
import { formatValue } from '#shared/redact.ts';
import type { Artifact } from './artifact.ts';
import { type Modes, parseModes } from './modes.ts';
import { MANIFEST, MODES, STAMP } from './names.ts';
import { RefusalError } from './refusal.ts';

/** What a build holds. Paths are only compared, never opened. */
export interface Manifest {
  /** SHA-256 in hexadecimal, by path. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Undefined for a build that was stamped without modes. */
  readonly modes: Modes | undefined;
}

/** Enough for more than a million files. */
export const MAX_MANIFEST_BYTES = 128 * 1024 * 1024;

/** The two files with which a build is stamped; `modes` is undefined if there is no such file. */
export interface ManifestFiles {
  readonly manifest: Buffer;
  readonly modes: Buffer | undefined;
}

/**
 * Parses the manifest after checking that it is the artifact's.
 *
 * @param publicKey undefined: signatures are not checked
 * @throws RefusalError
 */
export function verifyManifest(
  stamped: ManifestFiles,
  artifact: Artifact,
  publicKey: KeyObject | undefined,
): Manifest {
  const { buildId, files, manifestSha256 } = artifact;
  const found = sha256(stamped.manifest);
  if (found !== manifestSha256)
    throw new RefusalError(`${buildId}: ${MANIFEST} has the hash ${found}, not ${manifestSha256}`);
  if (publicKey !== undefined) assertSignature(stamped.manifest, artifact, publicKey);
  const manifest = parseManifest(stamped);
  if (manifest.hashes.size !== files)
    throw new RefusalError(
      `${buildId}: ${MANIFEST} lists ${manifest.hashes.size} files, the artifact says ${files}`,
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

/** @throws InvalidInputError if one of the files is invalid, or the modes are not those of the manifest */
export function parseManifest({ manifest, modes }: ManifestFiles): Manifest {
  const hashes = parseHashes(manifest);
  const modesHash = hashes.get(MODES);
  if (modesHash === undefined) return { hashes, modes: undefined };
  hashes.delete(MODES);
  if (modes === undefined) throw new InvalidInputError(`${MODES} is missing`);
  const found = sha256(modes);
  if (found !== modesHash)
    throw new InvalidInputError(`${MODES} has the hash ${found}, ${MANIFEST} says ${modesHash}`);
  return { hashes, modes: parseModes(modes.toString('utf8')) };
}

/**
 * Parses the format of `sha256sum`: 64 digits, a space, a space or `*`, a path. In a line that starts with a backslash,
 * `\\`, `\n` and `\r` in the path are escaped.
 *
 * @throws InvalidInputError with the line number
 */
function parseHashes(bytes: Uint8Array): Map<string, string> {
  const lines = decode(bytes).split('\n');
  if (lines.pop() !== '') throw new InvalidInputError(`${MANIFEST} does not end with a line break`);
  const manifest = new Map<string, string>();
  for (const [at, line] of lines.entries()) {
    const [hash, path] = parseLine(line, at + 1);
    if (manifest.has(path)) throw invalidLine(at + 1, `lists ${formatValue(path)} twice`);
    manifest.set(path, hash);
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

function parseLine(line: string, number: number): readonly [hash: string, path: string] {
  const isEscaped = line.startsWith('\\');
  const start = isEscaped ? 1 : 0;
  const hash = line.slice(start, start + 64);
  const mark = line.slice(start + 64, start + 66);
  if (!/^[0-9a-f]{64}$/.test(hash) || (mark !== '  ' && mark !== ' *'))
    throw invalidLine(number, 'is not in the format of sha256sum');
  const written = line.slice(start + 66);
  const path = isEscaped ? unescapePath(written, number) : written;
  assertValidPath(path, number);
  return [hash, path];
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
