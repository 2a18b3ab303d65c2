import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** A library that makes file operations below a folder as slow as on a file server. */
export interface Shim {
  environment(folder: string, ms: number): Readonly<Record<string, string>>;
}

/** @returns undefined without a C compiler or without Linux, which is needed to preload it */
export function buildShim(folder: string): Shim | undefined {
  const library = join(folder, 'slow-files.so');
  const source = join(import.meta.dirname, 'slow-files.c');
  const { status } = spawnSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source]);
  if (status !== 0 || process.platform !== 'linux') return undefined;
  return {
    environment: (below, ms) => ({
      LD_PRELOAD: library,
      SLOW_BELOW: below,
      SLOW_MICROSECONDS: String(ms * 1000),
    }),
  };
}
