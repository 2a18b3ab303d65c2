import { createHash, hash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstat,
  lstatSync,
  open,
  openSync,
  read,
  readSync,
  type Stats,
} from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Finding } from '../domain/manifest-diff.ts';
import { hasCode } from './layout.ts';
import { LANES } from './walk.ts';

/** What a regular file is: its attributes, and the SHA-256 of its bytes when they were read. */
export interface Reading {
  readonly stats: Stats;
  readonly digest?: string;
}

export type Read = Reading | Finding['what'];

export interface ReadOptions {
  /** Reads attributes alone. */
  readonly attributesOnly?: boolean;
  /** Looked at before each file. */
  readonly stop: () => boolean;
}

// Links are not followed, and a pipe that took a file's place does not hold the reader.
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Whole files for the most part; a longer one goes through in such pieces. */
const PIECE = 262_144;
/** Reads that take longer than this wait for a network: the work of a local one is a tenth of it. */
const NEAR_MS = 0.4;
const FAR_AFTER = 8;
const YIELD_MS = 10;

/**
 * Reads files in order, as many at once as the file system's distance asks for. A network answers in milliseconds, and
 * 64 requests at once hide that. A cache or a local disk answers in microseconds, where handing a request to a thread
 * costs more than the request: those are read one after the other. It begins near, and goes far when reads are slow.
 *
 * @returns as many readings as there was time for, from the first on
 */
export async function readFiles(paths: readonly string[], options: ReadOptions): Promise<Read[]> {
  const found: Read[] = [];
  await readNear(paths, options, found);
  await readFar(paths, options, found);
  return found;
}

async function readNear(paths: readonly string[], options: ReadOptions, found: Read[]): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(PIECE);
  let slow = 0;
  let yieldAt = performance.now() + YIELD_MS;
  while (found.length < paths.length && slow < FAR_AFTER && !options.stop()) {
    const begun = performance.now();
    const [one, workMs] = readOneNear(paths[found.length] ?? '', buffer, options);
    found.push(one);
    const ended = performance.now();
    slow = ended - begun - workMs > NEAR_MS ? slow + 1 : Math.max(0, slow - 1);
    if (ended < yieldAt) continue;
    await setImmediate(); // the door's deadline is a timer
    yieldAt = performance.now() + YIELD_MS;
  }
}

/** @returns how long hashing and further pieces took, which is not the file system's distance */
function readOneNear(path: string, buffer: Buffer, options: ReadOptions): readonly [Read, number] {
  try {
    if (options.attributesOnly) return [judge(lstatSync(path)), 0];
    const fd = openSync(path, FLAGS);
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile()) return ['special', 0];
      const length = readSync(fd, buffer, 0, PIECE, null);
      const begun = performance.now();
      const digest = finishNear(fd, buffer, length, stats);
      return [{ stats, digest }, performance.now() - begun];
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return [toFinding(error), 0];
  }
}

function finishNear(fd: number, buffer: Buffer, first: number, { size }: Stats): string {
  if (first === size) return hash('sha256', buffer.subarray(0, first));
  const whole = createHash('sha256');
  for (let length = first; length > 0; length = readSync(fd, buffer, 0, PIECE, null))
    whole.update(buffer.subarray(0, length));
  return whole.digest('hex');
}

async function readFar(paths: readonly string[], options: ReadOptions, found: Read[]): Promise<void> {
  let next = found.length;
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    const buffer = options.attributesOnly ? Buffer.alloc(0) : Buffer.allocUnsafeSlow(PIECE);
    while (next < paths.length && failures.length === 0 && !options.stop()) {
      const at = next++;
      try {
        found[at] = await readOneFar(paths[at] ?? '', buffer, options);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  const lanes = Math.min(LANES, paths.length - found.length);
  await Promise.all(Array.from({ length: lanes }, lane));
  if (failures.length > 0) throw failures[0];
}

async function readOneFar(path: string, buffer: Buffer, options: ReadOptions): Promise<Read> {
  try {
    if (options.attributesOnly) return judge(await later<Stats>((tell) => lstat(path, tell)));
    const fd = await later<number>((tell) => open(path, FLAGS, tell));
    try {
      const stats = fstatSync(fd); // NFS sends the attributes along with the open file: no second trip
      if (!stats.isFile()) return 'special';
      return { stats, digest: await hashFar(fd, buffer, stats) };
    } finally {
      closeSync(fd); // nor does NFS wait for the end of a file that was only read
    }
  } catch (error) {
    return toFinding(error);
  }
}

async function hashFar(fd: number, buffer: Buffer, { size }: Stats): Promise<string> {
  const piece = (): Promise<number> => later<number>((tell) => read(fd, buffer, 0, PIECE, null, tell));
  const first = await piece();
  if (first === size) return hash('sha256', buffer.subarray(0, first));
  const whole = createHash('sha256');
  for (let length = first; length > 0; length = await piece()) whole.update(buffer.subarray(0, length));
  return whole.digest('hex');
}

/** Callbacks cost half of what the promises of node:fs do, and there are two of them for each of many files. */
function later<T>(start: (tell: (error: Error | null, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value)));
  });
}

function judge(stats: Stats): Read {
  if (stats.isSymbolicLink()) return 'linked';
  return stats.isFile() ? { stats } : 'special';
}

/** What an error says of the file; one that speaks of the file system is thrown on. */
function toFinding(error: unknown): Finding['what'] {
  if (hasCode(error, 'ENOENT', 'ENOTDIR')) return 'missing';
  if (hasCode(error, 'ELOOP', 'EMLINK')) return 'linked';
  if (hasCode(error, 'ENXIO', 'EISDIR')) return 'special';
  if (hasCode(error, 'EACCES', 'EPERM')) return 'unreadable';
  throw error;
}
