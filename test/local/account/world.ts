import type { World } from '../../../local/scenario-kit/world.ts';
import type { Fixture } from './fixture.ts';

/** As much of a world as there is in an account without a pack; events that are put go to `put`. */
export function worldOf({ account, client, clock }: Fixture, put: (event: object) => void = () => {}): World {
  const world: Partial<World> = {
    clock,
    region: 'eu-west-1',
    accountId: '123456789012',
    ref: (logicalId) => `groundcrew-${logicalId}`,
    client: (ctor) => client(ctor),
    serviceState: account.serviceState,
    put: async (...events) => events.forEach(put),
  };
  return world as World;
}
