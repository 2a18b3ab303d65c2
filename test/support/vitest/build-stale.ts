import type { TestProject } from 'vitest/node';
import { buildIfStale } from '../../../build.ts';

/**
 * Vitest's global set-up: tests run the bundles in dist/, so it builds them first if anything they are made of has
 * changed. In watch mode it does so before every run.
 */
// biome-ignore lint/style/noDefaultExport: Vitest calls it
export default async function buildStale(project: TestProject): Promise<void> {
  const update = async (): Promise<void> => {
    const built = await buildIfStale({ root: project.config.root });
    if (built) console.error(`Built ${built.functions.length} functions: their bundles were stale.`);
  };
  project.onTestsRerun(update);
  await update();
}
