import { crc32, inflateRawSync } from 'node:zlib';
import { InvalidInputError } from '#shared/errors.ts';
import { formatValue } from '#shared/redact.ts';
import { MAX_ARCHIVE_BYTES } from '../domain/artifact.ts';

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const LOCAL_SIZE = 30;
const CENTRAL_SIZE = 46;
const END_SIZE = 22;
const ENCRYPTED = 1;
const DESCRIPTOR = 8;

interface Entry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
}

/**
 * The text of the one file in an archive. Sizes come from the directory at the end, since CodeBuild writes its archives
 * as a stream and leaves them out at the front. An archive that could be read in two ways (something before, after or
 * between its parts, two names for one entry) is refused.
 *
 * @throws BadInput
 */
export function readOnlyFile(archive: Buffer, name: string): string {
  if (archive.length > MAX_ARCHIVE_BYTES)
    throw odd(`has ${archive.length} bytes, at most ${MAX_ARCHIVE_BYTES} are read`);
  const directory = findDirectory(archive);
  const entry = readEntry(archive, directory);
  if (entry.name !== name) throw odd(`holds ${formatValue(entry.name)}, expected ${formatValue(name)}`);
  if (entry.flags & ENCRYPTED) throw odd('is encrypted');
  if (entry.size > MAX_ARCHIVE_BYTES)
    throw odd(`unpacks to ${entry.size} bytes, at most ${MAX_ARCHIVE_BYTES} are read`);
  const content = unpack(packedBytes(archive, entry, directory), entry);
  if (content.length !== entry.size) throw odd(`unpacks to ${content.length} bytes and says ${entry.size}`);
  if (crc32(content) !== entry.crc) throw odd('does not match its checksum');
  return content.toString('utf8');
}

/** Where the directory begins. */
function findDirectory(archive: Buffer): number {
  const end = archive.length - END_SIZE;
  if (end < 0 || archive.readUInt32LE(end) !== END)
    throw odd('is no zip archive, or has a comment at its end');
  const [disk, firstDisk, here, entries] = [4, 6, 8, 10].map((at) => archive.readUInt16LE(end + at));
  if (disk !== 0 || firstDisk !== 0 || here !== entries) throw odd('has several parts');
  if (entries !== 1) throw odd(`holds ${entries} entries, expected one`);
  const size = archive.readUInt32LE(end + 12);
  const start = archive.readUInt32LE(end + 16);
  if (size < CENTRAL_SIZE || start + size !== end) throw odd('has a directory that is not where it says');
  return start;
}

function readEntry(archive: Buffer, at: number): Entry {
  if (archive.readUInt32LE(at) !== CENTRAL) throw odd('has no directory');
  const nameLength = archive.readUInt16LE(at + 28);
  const rest = archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  if (at + CENTRAL_SIZE + nameLength + rest !== archive.length - END_SIZE)
    throw odd('has a directory too long');
  if (archive.readUInt32LE(at + 42) !== 0) throw odd('has something before its entry');
  return {
    name: archive.toString('utf8', at + CENTRAL_SIZE, at + CENTRAL_SIZE + nameLength),
    flags: archive.readUInt16LE(at + 8),
    method: archive.readUInt16LE(at + 10),
    crc: archive.readUInt32LE(at + 16),
    packed: archive.readUInt32LE(at + 20),
    size: archive.readUInt32LE(at + 24),
  };
}

function packedBytes(archive: Buffer, entry: Entry, directory: number): Buffer {
  if (directory < LOCAL_SIZE || archive.readUInt32LE(0) !== LOCAL) throw odd('has no entry where it says');
  const nameLength = archive.readUInt16LE(26);
  const start = LOCAL_SIZE + nameLength + archive.readUInt16LE(28);
  if (archive.toString('utf8', LOCAL_SIZE, LOCAL_SIZE + nameLength) !== entry.name)
    throw odd('has two names for its entry');
  const spare = directory - start - entry.packed;
  // A descriptor after the data has 12 bytes, or 16 with a mark.
  const allowed = entry.flags & DESCRIPTOR ? [12, 16] : [0];
  if (!allowed.includes(spare)) throw odd('has something between its entry and its directory');
  return archive.subarray(start, start + entry.packed);
}

function unpack(packed: Buffer, { method }: Entry): Buffer {
  if (method === 0) return packed;
  if (method !== 8) throw odd(`is packed by method ${method}`);
  try {
    return inflateRawSync(packed, { maxOutputLength: MAX_ARCHIVE_BYTES });
  } catch (cause) {
    throw new InvalidInputError('the input artifact does not unpack', { cause });
  }
}

function odd(what: string): InvalidInputError {
  return new InvalidInputError(`the input artifact ${what}`);
}
