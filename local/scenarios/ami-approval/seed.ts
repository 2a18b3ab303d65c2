import type { Stay, World } from '../../scenario-kit/scenario.ts';
import { build } from './builds.ts';
import { imageEvent } from './events.ts';
import { linkOf } from './people.ts';

/** A build that waits for approval, with a link that a person can open. */
export async function seedBuild(world: World, _stay: Stay): Promise<readonly string[]> {
  const { amis, imageArn } = await build(world, { regions: ['eu-west-1', 'us-east-1'] });
  await world.put(imageEvent(world, imageArn, 'AVAILABLE'));
  await world.settle();
  const { url } = await world.http(linkOf(world, 'ann'));
  return [`An AMI (${amis[0]?.id}) waits for approval: ${url}`];
}
