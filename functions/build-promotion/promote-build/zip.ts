import { crc32, inflateRawSync } from 'node:zlib';
import { InvalidInputError } from '#shared/errors.ts';
import { formatValue } from '#shared/redact.ts';
import { MAX_ARCHIVE_BYTES } from '../domain/artifact.ts';

const LOCAL_SIGNATURE = 0x04034b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const END_SIGNATURE = 0x06054b50;
const LOCAL_SIZE = 30;
const CENTRAL_SIZE = 46;
const END_SIZE = 22;
const ENCRYPTED = 1;
const DESCRIPTOR = 8;

interface ZipEntry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
}

/**
 * Reads the only file of an archive. Sizes come from the directory at the end, because CodeBuild streams its archives and
 * leaves out the sizes at the front. Ambiguous archives (extra bytes, two names for one entry) are refused.
 *
 * @throws InvalidInputError
 */
export function readSingleFile(archive: Buffer, name: string): string {
  if (archive.length > MAX_ARCHIVE_BYTES)
    throw invalidArchive(`has ${archive.length} bytes, expected at most ${MAX_ARCHIVE_BYTES}`);
  const directory = findDirectory(archive);
  const entry = readEntry(archive, directory);
  if (entry.name !== name)
    throw invalidArchive(`contains ${formatValue(entry.name)}, expected ${formatValue(name)}`);
  if (entry.flags & ENCRYPTED) throw invalidArchive('is encrypted');
  if (entry.size > MAX_ARCHIVE_BYTES)
    throw invalidArchive(`unpacks to ${entry.size} bytes, expected at most ${MAX_ARCHIVE_BYTES}`);
  const content = unpack(packedBytes(archive, entry, directory), entry);
  if (content.length !== entry.size)
    throw invalidArchive(`unpacks to ${content.length} bytes but declares ${entry.size}`);
  if (crc32(content) !== entry.crc) throw invalidArchive('does not match its checksum');
  return content.toString('utf8');
}

/** Offset of the central directory. */
function findDirectory(archive: Buffer): number {
  const end = archive.length - END_SIZE;
  if (end < 0 || archive.readUInt32LE(end) !== END_SIGNATURE)
    throw invalidArchive('is not a zip archive, or has a comment');
  const [disk, firstDisk, here, entries] = [4, 6, 8, 10].map((at) => archive.readUInt16LE(end + at));
  if (disk !== 0 || firstDisk !== 0 || here !== entries) throw invalidArchive('has several parts');
  if (entries !== 1) throw invalidArchive(`has ${entries} entries, expected one`);
  const size = archive.readUInt32LE(end + 12);
  const start = archive.readUInt32LE(end + 16);
  if (size < CENTRAL_SIZE || start + size !== end) throw invalidArchive('has a wrong directory offset');
  return start;
}

function readEntry(archive: Buffer, at: number): ZipEntry {
  if (archive.readUInt32LE(at) !== CENTRAL_SIGNATURE) throw invalidArchive('has no directory entry');
  const nameLength = archive.readUInt16LE(at + 28);
  const rest = archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  if (at + CENTRAL_SIZE + nameLength + rest !== archive.length - END_SIZE)
    throw invalidArchive('has extra bytes in its directory');
  if (archive.readUInt32LE(at + 42) !== 0) throw invalidArchive('has extra bytes before its entry');
  return {
    name: archive.toString('utf8', at + CENTRAL_SIZE, at + CENTRAL_SIZE + nameLength),
    flags: archive.readUInt16LE(at + 8),
    method: archive.readUInt16LE(at + 10),
    crc: archive.readUInt32LE(at + 16),
    packed: archive.readUInt32LE(at + 20),
    size: archive.readUInt32LE(at + 24),
  };
}

function packedBytes(archive: Buffer, entry: ZipEntry, directory: number): Buffer {
  if (directory < LOCAL_SIZE || archive.readUInt32LE(0) !== LOCAL_SIGNATURE)
    throw invalidArchive('has a wrong entry offset');
  const nameLength = archive.readUInt16LE(26);
  const start = LOCAL_SIZE + nameLength + archive.readUInt16LE(28);
  if (archive.toString('utf8', LOCAL_SIZE, LOCAL_SIZE + nameLength) !== entry.name)
    throw invalidArchive('has two names for its entry');
  const spare = directory - start - entry.packed;
  // A data descriptor has 12 bytes, or 16 with a signature.
  const allowed = entry.flags & DESCRIPTOR ? [12, 16] : [0];
  if (!allowed.includes(spare)) throw invalidArchive('has extra bytes after its entry');
  return archive.subarray(start, start + entry.packed);
}

function unpack(packed: Buffer, { method }: ZipEntry): Buffer {
  if (method === 0) return packed;
  if (method !== 8) throw invalidArchive(`uses the unknown compression method ${method}`);
  try {
    return inflateRawSync(packed, { maxOutputLength: MAX_ARCHIVE_BYTES });
  } catch (cause) {
    throw new InvalidInputError('the input artifact does not unpack', { cause });
  }
}

function invalidArchive(what: string): InvalidInputError {
  return new InvalidInputError(`the input artifact ${what}`);
}
