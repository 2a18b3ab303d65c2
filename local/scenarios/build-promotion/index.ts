import type { World } from '../../scenario-kit/world.ts';
import { setBuildArtifact, stampBuild, storeFolder } from './builds.ts';
import { copyScenarios } from './copy.ts';
import { hostScenarios } from './hosts.ts';
import { createReleasePipeline, PIPELINE, runPipeline } from './pipeline.ts';
import { promoteScenarios } from './promote.ts';
import { rollbackScenarios } from './rollback.ts';
import { tamperingScenarios } from './tampering.ts';

export { panel } from './panel.ts';

/** Pruning is off by default. */
export const parameters = { CopyFolders: 'live/web', Prune: 'true' };

/** Promotes two builds to two environments, so that there is something to look at. */
export async function seed(world: World): Promise<readonly string[]> {
  await createReleasePipeline(world, PIPELINE, [{ env: 'test' }, { env: 'prod' }]);
  for (const buildId of ['b-41', 'b-42']) {
    await setBuildArtifact(world, PIPELINE, stampBuild(world, buildId));
    await runPipeline(world);
  }
  return [`The environments (links) and their history:  ls -lA ${storeFolder(world)}/envs`];
}

export default [
  ...promoteScenarios,
  ...tamperingScenarios,
  ...rollbackScenarios,
  ...copyScenarios,
  ...hostScenarios,
];
