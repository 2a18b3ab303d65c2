import { accessSync, constants, mkdirSync, renameSync, rmSync } from 'node:fs';

// Tools that tests need and that a machine may lack.

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Lets `fill` install a tool into a folder of the project; a failure leaves nothing behind. */
export function installInto(folder: string, fill: (draft: string) => boolean): void {
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  if (fill(draft)) {
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
  } else rmSync(draft, { recursive: true, force: true });
}
