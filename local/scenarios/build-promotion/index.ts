import type { World } from '../../pack/world.ts';
import { folderOf, offer, stamp } from './builds.ts';
import { copying } from './copy.ts';
import { createRelease, PIPELINE, release } from './pipeline.ts';
import { promoting } from './promote.ts';
import { goingBack } from './rollback.ts';
import { tampering } from './tampering.ts';

/** Off by default, and its pruning too. */
export const parameters = {
  DeployBuildPromotion: 'true',
  BuildPromotionCopyFolders: 'live/web',
  BuildPromotionPrune: 'true',
};

/** Two releases in two environments, to look at while the pack stays up. */
export async function seed(world: World): Promise<readonly string[]> {
  await createRelease(world, PIPELINE, [{ env: 'test' }, { env: 'prod' }]);
  for (const buildId of ['b-41', 'b-42']) {
    await offer(world, PIPELINE, stamp(world, buildId));
    await release(world);
  }
  return [`Environments as links, and their history:  ls -lA ${folderOf(world)}/envs`];
}

export default [...promoting, ...tampering, ...goingBack, ...copying];
