import { build } from '../../build.ts';
import { findPython } from '../../local/python/find.ts';
import { installJudges, installMiniStack, installSam } from './tools/install.ts';

/** Builds what is deployed and installs what the tests need, once and before any test's time limit counts. */
export async function setup(): Promise<void> {
  const progress = (line: string): void => console.log(line);
  await build();
  await findPython(progress);
  await installMiniStack(progress);
  await installSam(progress);
  await installJudges(progress);
}
