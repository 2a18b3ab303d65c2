import type { StsState } from '../account/services/sts.ts';
import type { World } from './scenario.ts';

/** Lets nobody assume the role any more; every other role may be assumed. */
export function refuseRole(world: World, roleArn: string): void {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the stand-in made it
  (world.stateOf('sts') as StsState).refused.add(roleArn);
}
