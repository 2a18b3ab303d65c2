import { expect, it } from 'vitest';
import { NO_BUSYBOX } from '../support/tools/busybox.ts';
import { isInstalled, type Shell, shells } from './shells.ts';

// Tests in a shell that is not installed are reported as skipped. In CI none may be missing.

const missing = (shell: Shell): string =>
  shell === 'busybox sh' ? NO_BUSYBOX : `There is no ${shell}, so the scripts of tools/ are not run in it.`;

it.each(shells)('finds %s where it is required', (shell) => {
  const isNeeded = Boolean(process.env.CI);
  if (!isInstalled(shell) && !isNeeded) console.log(missing(shell));
  expect(isInstalled(shell) || !isNeeded, missing(shell)).toBe(true);
});
