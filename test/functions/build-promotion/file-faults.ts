import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/**
 * killed: the operation is carried out, and none after it. replayed: it is carried out twice and the second answer
 * counts, as on a file system that keeps no answers. The others are what it throws, without being carried out.
 */
export type FileFault = 'killed' | 'replayed' | 'ENOSPC' | 'ESTALE' | 'EIO';

export interface FileFaults {
  /** Strikes the operation with this number, counted from 1. */
  inject(at: number, kind: FileFault): void;
  /** Counts without striking. */
  clear(): void;
  /** So many operations below the folder since the last of these two; and what they were. */
  operations(): readonly string[];
  restore(): void;
}

type Call = (...args: unknown[]) => unknown;
type Functions = Record<string, Call>;

const asynchronous = [
  'copyFile',
  'link',
  'lstat',
  'mkdir',
  'readdir',
  'readFile',
  'readlink',
  'rename',
  'rm',
  'rmdir',
  'stat',
  'symlink',
  'unlink',
  'writeFile',
];
const synchronous = ['closeSync', 'fstatSync', 'lstatSync', 'openSync', 'readSync'];

/** Puts itself between whatever runs in this process and the file operations below a folder. */
export function openFileFaults(folder: string): FileFaults {
  let seen: string[] = [];
  let strike: { readonly at: number; readonly kind: FileFault } | undefined;
  let isDead = false;
  const undo: (() => void)[] = [];

  const befall = (name: string, args: unknown[]): FileFault | undefined => {
    const isOurs = args.some((one) => typeof one === 'string' && one.startsWith(folder));
    if (!isOurs && typeof args[0] !== 'number') return undefined;
    if (isDead) throw failure('EDEAD', name);
    seen.push(
      `${name} ${args.filter((one) => typeof one === 'string').map((one) => String(one).replace(folder, ''))}`,
    );
    return strike?.at === seen.length ? strike.kind : undefined;
  };

  const patch = (target: Functions, name: string, wrap: (real: Call) => Call): void => {
    const real = target[name] as Call;
    target[name] = wrap(real);
    undo.push(() => {
      target[name] = real;
    });
  };

  for (const name of asynchronous) {
    patch(fs.promises as unknown as Functions, name, (real) => async (...args) => {
      const kind = befall(name, args);
      if (kind === 'ENOSPC' || kind === 'ESTALE' || kind === 'EIO') throw failure(kind, name);
      if (kind === 'replayed') await real(...args);
      const result = await real(...args);
      if (kind === 'killed') {
        isDead = true;
        throw failure('EDEAD', name);
      }
      return result;
    });
  }
  for (const name of synchronous) {
    patch(fs as unknown as Functions, name, (real) => (...args) => {
      // A descriptor is closed even by a process that dies, and once alone.
      const kind = name === 'closeSync' ? undefined : befall(name, args);
      if (kind === 'ENOSPC' || kind === 'ESTALE' || kind === 'EIO') throw failure(kind, name);
      const result = real(...args);
      if (kind === 'killed') {
        isDead = true;
        throw failure('EDEAD', name);
      }
      return result;
    });
  }
  syncBuiltinESMExports();

  const begin = (next: typeof strike): void => {
    seen = [];
    strike = next;
    isDead = false;
  };
  return {
    inject: (at, kind) => begin({ at, kind }),
    clear: () => begin(undefined),
    operations: () => seen,
    restore: () => {
      for (const one of undo) one();
      syncBuiltinESMExports();
    },
  };
}

function failure(code: string, name: string): Error {
  return Object.assign(new Error(`${code}: injected, ${name}`), { code, syscall: name });
}
