import { createGroup } from '../../scenario-kit/fleet.ts';
import type { SeedContext } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';
import { classicScenarios } from './classic.ts';
import { cordonScenarios } from './cordon.ts';
import { fallBackScenarios } from './fall-back.ts';
import { fallBackLimitScenarios } from './fall-back-limits.ts';
import { hostScenarios } from './hosts.ts';
import { oddInputScenarios } from './odd-input.ts';
import { overdueScenarios } from './overdue.ts';
import { poolScenarios } from './pools.ts';
import { stormScenarios } from './storms.ts';
import { uncordonScenarios } from './uncordon.ts';

/** Starts a small Auto Scaling group. Saves the warning that interrupts one of its instances. */
export async function seed(world: World, { saveEvent }: SeedContext): Promise<readonly string[]> {
  const [instanceId] = await createGroup(world, {
    name: 'workers',
    size: 3,
    tags: { 'groundcrew:managed': 'true' },
  });
  const command = await saveEvent('spot-interruption-warning', {
    source: 'aws.ec2',
    'detail-type': 'EC2 Spot Instance Interruption Warning',
    resources: [`arn:aws:ec2:${world.region}:${world.accountId}:instance/${instanceId}`],
    detail: { 'instance-id': instanceId, 'instance-action': 'terminate' },
  });
  return [`Send an interruption warning for a sample instance:  ${command}`];
}

/** Both are off by default. */
export const parameters = { FallBack: 'true', FallBackReservedFloor: 'true' };

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
];
