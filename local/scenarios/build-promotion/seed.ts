import type { World } from '../../scenario-kit/scenario.ts';
import { folderOf, offer, stamp } from './builds.ts';
import { createRelease, PIPELINE, release } from './pipeline.ts';

/** Two releases in two environments, to look at while the pack stays up. */
export async function seedSite(world: World): Promise<readonly string[]> {
  await createRelease(world, PIPELINE, [{ env: 'test' }, { env: 'prod' }]);
  for (const buildId of ['b-41', 'b-42']) {
    await offer(world, PIPELINE, stamp(world, buildId));
    await release(world);
  }
  return [`Environments as links, and their history:  ls -lA ${folderOf(world)}/envs`];
}
