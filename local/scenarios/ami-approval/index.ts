import type { World } from '../../pack/world.ts';
import { build } from './builds.ts';
import { deciding } from './decide.ts';
import { imageEvent } from './events.ts';
import { executing } from './execute.ts';
import { links } from './links.ts';
import { linkOf } from './people.ts';
import { asking } from './request.ts';

export { parameters } from './builds.ts';

/** A build that waits for approval, with a link that a person can open. */
export async function seed(world: World): Promise<readonly string[]> {
  const { amis, imageArn } = await build(world, { regions: ['eu-west-1', 'us-east-1'] });
  await world.put(imageEvent(world, imageArn, 'AVAILABLE'));
  await world.settle();
  const { url } = await world.http(linkOf(world, 'ann'));
  return [`An AMI (${amis[0]?.id}) waits for approval: ${url}`];
}

export default [...asking, ...deciding, ...links, ...executing];
