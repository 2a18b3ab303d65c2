import { createGroup, createTargetGroup, registerTargets } from '../../scenario-kit/fleet.ts';
import type { SeedContext } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';
import { classicScenarios } from './classic.ts';
import { cordonScenarios } from './cordon.ts';
import { fallBackScenarios } from './fall-back.ts';
import { fallBackLimitScenarios } from './fall-back-limits.ts';
import { OPT_IN } from './fleet.ts';
import { hookScenarios } from './hooks.ts';
import { hostScenarios } from './hosts.ts';
import { oddInputScenarios } from './odd-input.ts';
import { overdueScenarios } from './overdue.ts';
import { poolScenarios } from './pools.ts';
import { stormScenarios } from './storms.ts';
import { terminationScenarios } from './terminations.ts';
import { uncordonScenarios } from './uncordon.ts';
import { sendHeartbeat } from './workers.ts';

export { panel } from './panel.ts';

/** Starts a small Auto Scaling group that serves a load balancer, with one busy worker. Saves the warning that interrupts one of its instances. */
export async function seed(world: World, { saveEvent }: SeedContext): Promise<readonly string[]> {
  const ids = await createGroup(world, { name: 'workers', size: 4, tags: OPT_IN });
  const targets = await createTargetGroup(world, 'web');
  await registerTargets(
    world,
    targets,
    ids.map((Id) => ({ Id, Port: 8080 })),
  );
  await sendHeartbeat(world, { group: 'workers', id: ids.at(-1) ?? '' }, 35);
  const [instanceId] = ids;
  const command = await saveEvent('spot-interruption-warning', {
    source: 'aws.ec2',
    'detail-type': 'EC2 Spot Instance Interruption Warning',
    resources: [`arn:aws:ec2:${world.region}:${world.accountId}:instance/${instanceId}`],
    detail: { 'instance-id': instanceId, 'instance-action': 'terminate' },
  });
  return [`Send an interruption warning for a sample instance:  ${command}`];
}

/** All are off by default. */
export const parameters = {
  FallBack: 'true',
  FallBackReservedFloor: 'true',
  CompleteHooks: 'true',
  TerminationPolicy: 'true',
};

export default [
  ...cordonScenarios,
  ...uncordonScenarios,
  ...classicScenarios,
  ...hostScenarios,
  ...oddInputScenarios,
  ...overdueScenarios,
  ...poolScenarios,
  ...stormScenarios,
  ...fallBackScenarios,
  ...fallBackLimitScenarios,
  ...hookScenarios,
  ...terminationScenarios,
];
