import type { World } from '../../pack/world.ts';
import { findLink } from './approvers.ts';
import { createBuild } from './builds.ts';
import { decideScenarios } from './decide.ts';
import { imageStateChange } from './events.ts';
import { executeScenarios } from './execute.ts';
import { linkScenarios } from './links.ts';
import { reopenScenarios } from './reopen.ts';
import { requestScenarios } from './request.ts';
import { scopeScenarios } from './scope.ts';

export { parameters } from './builds.ts';

/** Creates a build that waits for approval. Returns a link that a person can open. */
export async function seed(world: World): Promise<readonly string[]> {
  const { amis, imageArn } = await createBuild(world, { regions: ['eu-west-1', 'us-east-1'] });
  await world.put(imageStateChange(world, imageArn, 'AVAILABLE'));
  await world.settle();
  const { url } = await world.http(findLink(world, 'ann'));
  return [`An AMI (${amis[0]?.id}) waits for approval: ${url}`];
}

export default [
  ...requestScenarios,
  ...scopeScenarios,
  ...decideScenarios,
  ...reopenScenarios,
  ...linkScenarios,
  ...executeScenarios,
];
