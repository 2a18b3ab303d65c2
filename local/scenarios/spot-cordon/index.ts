import type { World } from '../../pack/world.ts';
import { runGroup } from '../../scenario-kit/fleet.ts';
import type { Stay } from '../../scenario-kit/scenario.ts';
import { cordoning } from './cordon.ts';
import { oddInput } from './odd-input.ts';
import { storms } from './storms.ts';
import { releasing } from './uncordon.ts';

/** Starts a small Auto Scaling group, and keeps the warning that interrupts one of its instances. */
export async function seed(world: World, { keepEvent }: Stay): Promise<readonly string[]> {
  const [instanceId] = await runGroup(world, {
    name: 'workers',
    size: 3,
    tags: { 'groundcrew:managed': 'true' },
  });
  const command = await keepEvent('spot-interruption-warning', {
    source: 'aws.ec2',
    'detail-type': 'EC2 Spot Instance Interruption Warning',
    resources: [`arn:aws:ec2:${world.region}:${world.accountId}:instance/${instanceId}`],
    detail: { 'instance-id': instanceId, 'instance-action': 'terminate' },
  });
  return [`An interruption of a seeded instance:   ${command}`];
}

export default [...cordoning, ...releasing, ...oddInput, ...storms];
