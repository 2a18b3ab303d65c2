import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { findBusybox } from '../support/tools/busybox.ts';

/** The shells in which the scripts of tools/ must behave alike; those that are not installed are skipped by name. */
export const shells = ['dash', 'bash', 'bash --posix', 'busybox sh'] as const;

export type Shell = (typeof shells)[number];

export function isInstalled(shell: Shell): boolean {
  if (shell === 'busybox sh') return findBusybox() !== undefined;
  return spawnSync(shell.split(' ')[0] ?? '', ['-c', ':']).error === undefined;
}

/** A shell, and where it finds its commands: busybox has its own, and none of the machine's except `others`. */
export interface Interpreter {
  readonly command: readonly string[];
  readonly path: string;
}

/** @param folder gets the applets of busybox */
export function findInterpreter(shell: Shell, folder: string, others: readonly string[] = []): Interpreter {
  const path = process.env['PATH'] ?? '';
  if (shell !== 'busybox sh') return { command: shell.split(' '), path };
  const applets = join(folder, 'applets');
  fs.mkdirSync(applets);
  execFileSync(findBusybox() ?? 'busybox', ['--install', '-s', applets]);
  for (const other of others) {
    const found = path.split(':').find((one) => fs.existsSync(join(one, other)));
    if (found && !fs.existsSync(join(applets, other)))
      fs.symlinkSync(join(found, other), join(applets, other));
  }
  return { command: [join(applets, 'sh')], path: applets };
}
