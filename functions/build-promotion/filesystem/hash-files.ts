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
import type { FileDifference } from '../domain/file-difference.ts';
import { hasCode } from './layout.ts';
import { EFS_CONCURRENCY } from './walk.ts';

/** A regular file's attributes, and the SHA-256 of its content if it was read. */
interface FileReading {
  readonly stats: Stats;
  readonly hash?: string;
}

export type ReadResult = FileReading | FileDifference['kind'];

export interface ReadOptions {
  /** Read only attributes. */
  readonly attributesOnly?: boolean;
  /** Checked before each file. */
  readonly isOutOfTime: () => boolean;
}

// Do not follow links, and do not block if a pipe has replaced a file.
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Most files fit; longer ones are read in chunks. */
const CHUNK_BYTES = 262_144;
/** A slower read waits for a network: a local read takes a tenth of this. */
const LOCAL_READ_MS = 0.4;
const MAX_SLOW_READS = 8;
const YIELD_MS = 10;

/**
 * Reads files in order and adapts the concurrency. From a local disk or a cache a read takes microseconds, less than
 * passing it to a thread, so files are read one by one. From a network (EFS) it takes milliseconds, so 64 files are read in
 * parallel. It starts one by one and changes when reads are slow.
 *
 * @returns results for as many files as time allowed, starting with the first
 */
export async function readFiles(paths: readonly string[], options: ReadOptions): Promise<ReadResult[]> {
  const results: ReadResult[] = [];
  await readSequentially(paths, options, results);
  await readInParallel(paths, options, results);
  return results;
}

async function readSequentially(
  paths: readonly string[],
  options: ReadOptions,
  results: ReadResult[],
): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let slow = 0;
  let yieldAt = performance.now() + YIELD_MS;
  while (results.length < paths.length && slow < MAX_SLOW_READS && !options.isOutOfTime()) {
    const begun = performance.now();
    const [one, workMs] = hashFileSync(paths[results.length] ?? '', buffer, options);
    results.push(one);
    const ended = performance.now();
    slow = ended - begun - workMs > LOCAL_READ_MS ? slow + 1 : Math.max(0, slow - 1);
    if (ended < yieldAt) continue;
    await setImmediate(); // lets the handler's timeout timer run
    yieldAt = performance.now() + YIELD_MS;
  }
}

/** @returns the result, and the time for hashing and further chunks, which says nothing about the latency */
function hashFileSync(path: string, buffer: Buffer, options: ReadOptions): readonly [ReadResult, number] {
  try {
    if (options.attributesOnly) return [toReadResult(lstatSync(path)), 0];
    const fd = openSync(path, FLAGS);
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile()) return ['special', 0];
      const length = readSync(fd, buffer, 0, CHUNK_BYTES, null);
      const begun = performance.now();
      const hash = hashSync(fd, buffer, length, stats);
      return [{ stats, hash }, performance.now() - begun];
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return [differenceOf(error), 0];
  }
}

function hashSync(fd: number, buffer: Buffer, first: number, { size }: Stats): string {
  if (first === size) return hash('sha256', buffer.subarray(0, first));
  const whole = createHash('sha256');
  for (let length = first; length > 0; length = readSync(fd, buffer, 0, CHUNK_BYTES, null))
    whole.update(buffer.subarray(0, length));
  return whole.digest('hex');
}

async function readInParallel(
  paths: readonly string[],
  options: ReadOptions,
  results: ReadResult[],
): Promise<void> {
  let next = results.length;
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    const buffer = options.attributesOnly ? Buffer.alloc(0) : Buffer.allocUnsafeSlow(CHUNK_BYTES);
    while (next < paths.length && failures.length === 0 && !options.isOutOfTime()) {
      const at = next++;
      try {
        results[at] = await readFileAsync(paths[at] ?? '', buffer, options);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  const workers = Math.min(EFS_CONCURRENCY, paths.length - results.length);
  await Promise.all(Array.from({ length: workers }, worker));
  if (failures.length > 0) throw failures[0];
}

async function readFileAsync(path: string, buffer: Buffer, options: ReadOptions): Promise<ReadResult> {
  try {
    if (options.attributesOnly)
      return toReadResult(await callbackToPromise<Stats>((callback) => lstat(path, callback)));
    const fd = await callbackToPromise<number>((callback) => open(path, FLAGS, callback));
    try {
      const stats = fstatSync(fd); // NFS returns the attributes when a file is opened: no second request
      if (!stats.isFile()) return 'special';
      return { stats, hash: await hashAsync(fd, buffer, stats) };
    } finally {
      closeSync(fd); // for a file that was only read, NFS does not wait here
    }
  } catch (error) {
    return differenceOf(error);
  }
}

async function hashAsync(fd: number, buffer: Buffer, { size }: Stats): Promise<string> {
  const piece = (): Promise<number> =>
    callbackToPromise<number>((callback) => read(fd, buffer, 0, CHUNK_BYTES, null, callback));
  const first = await piece();
  if (first === size) return hash('sha256', buffer.subarray(0, first));
  const whole = createHash('sha256');
  for (let length = first; length > 0; length = await piece()) whole.update(buffer.subarray(0, length));
  return whole.digest('hex');
}

/** Callbacks of node:fs cost half as much as its promises, which matters for many small files. */
function callbackToPromise<T>(
  start: (callback: (error: Error | null, value: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value)));
  });
}

function toReadResult(stats: Stats): ReadResult {
  if (stats.isSymbolicLink()) return 'linked';
  return stats.isFile() ? { stats } : 'special';
}

/** Maps an error about the file to a difference. @throws errors about the file system */
function differenceOf(error: unknown): FileDifference['kind'] {
  if (hasCode(error, 'ENOENT', 'ENOTDIR')) return 'missing';
  if (hasCode(error, 'ELOOP', 'EMLINK')) return 'linked';
  if (hasCode(error, 'ENXIO', 'EISDIR')) return 'special';
  if (hasCode(error, 'EACCES', 'EPERM')) return 'unreadable';
  throw error;
}
