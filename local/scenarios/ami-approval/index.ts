import type { World } from '../../scenario-kit/world.ts';
import { approve, findLink, requestApproval, subscribeApprovers } from './approvers.ts';
import { type BuildInput, createBuild } from './builds.ts';
import { decideScenarios } from './decide.ts';
import { executeScenarios } from './execute.ts';
import { interventionScenarios } from './intervene.ts';
import { linkScenarios } from './links.ts';
import { reopenScenarios } from './reopen.ts';
import { requestScenarios } from './request.ts';
import { scopeScenarios } from './scope.ts';
import { settingsScenarios } from './settings.ts';
import { subscriptionScenarios } from './subscriptions.ts';

export { parameters } from './builds.ts';
export { panel } from './panel.ts';

const earlierBuild: BuildInput = {
  version: '1.3.0/12',
  components: ['nginx/1.0.2/1'],
  packages: { openssl: '3.0.8-1', zlib: '1.2.11-33' },
};

const waitingBuild: BuildInput = {
  regions: ['eu-west-1', 'us-east-1'],
  components: ['nginx/1.0.3/1', 'node-exporter/2.1.0/1'],
  packages: { openssl: '3.2.2-1', zlib: '1.2.11-33' },
  tests: [{ status: 'COMPLETED', totalStepCount: 5, totalStepsSucceeded: 5 }],
  scan: 'COMPLETED',
  tags: { 'groundcrew:started-by': 'dan@example.com' },
};

/** Creates a build that waits for approval. Returns a link that a person can open. */
export async function seed(world: World): Promise<readonly string[]> {
  await subscribeApprovers(world);
  await requestApproval(world, await createBuild(world, earlierBuild));
  await approve(world, 'ann');
  await world.settle();
  const { amis } = await requestApproval(world, await createBuild(world, waitingBuild));
  const { url } = await world.http(findLink(world, 'ann'));
  return [`An AMI (${amis[0]?.id}) waits for approval: ${url}`];
}

export default [
  ...subscriptionScenarios,
  ...requestScenarios,
  ...scopeScenarios,
  ...settingsScenarios,
  ...decideScenarios,
  ...reopenScenarios,
  ...interventionScenarios,
  ...linkScenarios,
  ...executeScenarios,
];
