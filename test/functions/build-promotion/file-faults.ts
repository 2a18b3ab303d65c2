import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/**
 * killed: the operation is carried out, and none after it. replayed: it is carried out twice and the second answer
 * counts, as on a file system that keeps no answers. The others are what it throws, without being carried out.
 */
export type FileFault = 'killed' | 'replayed' | 'ENOSPC' | 'ESTALE' | 'EIO';

export interface FileFaults {
  /**
   * Strikes an operation by its name in `operations`. By its number would strike another one now and then: operations that
   * run in parallel come in any order.
   */
  inject(operation: string, kind: FileFault): void;
  /** Records without striking. */
  clear(): void;
  /** The operations below the folder since the last of these two, without times and random parts, each with its count. */
  operations(): readonly string[];
  restore(): void;
}

type Call = (...args: unknown[]) => unknown;
type Functions = Record<string, Call>;

const asynchronous = [
  'chmod',
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

/** Times and random parts of names: they differ from run to run. */
const RANDOM = /\d{13}-[0-9a-f]{8}|\d{13}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Puts itself between whatever runs in this process and the file operations below a folder. */
export function openFileFaults(folder: string): FileFaults {
  let seen: string[] = [];
  let counts = new Map<string, number>();
  let strike: { readonly operation: string; readonly kind: FileFault } | undefined;
  let isDead = false;
  const undo: (() => void)[] = [];

  const befall = (name: string, args: unknown[]): FileFault | undefined => {
    const isOurs = args.some((one) => typeof one === 'string' && one.startsWith(folder));
    if (!isOurs && typeof args[0] !== 'number') return undefined;
    if (isDead) throw failure('EDEAD', name);
    const paths = args.filter((one) => typeof one === 'string' && one.startsWith(folder)).map(String);
    const text = `${name} ${paths.map((one) => one.replace(folder, '').replace(RANDOM, '*')).join(' ')}`;
    const count = (counts.get(text) ?? 0) + 1;
    counts.set(text, count);
    const operation = `${text} #${count}`;
    seen.push(operation);
    return strike?.operation === operation ? strike.kind : undefined;
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
    counts = new Map();
    strike = next;
    isDead = false;
  };
  return {
    inject: (operation, kind) => begin({ operation, kind }),
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
