import type { World } from '../../pack/world.ts';
import { createGroup } from '../../scenario-kit/fleet.ts';
import type { SeedContext } from '../../scenario-kit/scenario.ts';
import { cordoning } from './cordon.ts';
import { oddInput } from './odd-input.ts';
import { storms } from './storms.ts';
import { releasing } from './uncordon.ts';

/** Starts a small Auto Scaling group, and keeps the warning that interrupts one of its instances. */
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
  return [`An interruption of a seeded instance:   ${command}`];
}

export default [...cordoning, ...releasing, ...oddInput, ...storms];
