import { AutoScalingClient, SetInstanceProtectionCommand } from '@aws-sdk/client-auto-scaling';
import {
  createGroup,
  createTargetGroup,
  describeInstances,
  registerTargets,
  runSpotInstances,
  type Tags,
} from '../../scenario-kit/fleet.ts';
import type { Scenario } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';
import { type Fleet, GROUP, observe } from './observe.ts';

/** In scope by default. Without this tag the wing leaves an instance alone. */
export const MANAGED: Tags = { 'groundcrew:managed': 'true' };
export const OPT_IN: Tags = { ...MANAGED, 'groundcrew:drain': 'true', 'groundcrew:replace': 'true' };

/** Two protected instances in a group. Each has two ports in one target group and its IP address in another. */
export async function createServingGroup(world: World, tags: Tags = OPT_IN): Promise<Fleet> {
  const ids = await createGroup(world, { name: GROUP, size: 2, tags });
  const command = new SetInstanceProtectionCommand({
    AutoScalingGroupName: GROUP,
    InstanceIds: ids,
    ProtectedFromScaleIn: true,
  });
  await world.client(AutoScalingClient).send(command);
  const byId = await createTargetGroup(world, 'by-id');
  const byIp = await createTargetGroup(world, 'by-ip', { type: 'ip', drainSeconds: 300 });
  const [first = '', second = ''] = ids;
  const addresses = await describeInstances(world, ids);
  await registerTargets(world, byId, [
    { Id: first, Port: 8080 },
    { Id: first, Port: 8081 },
    { Id: second, Port: 8080 },
    { Id: second, Port: 8081 },
  ]);
  const byAddress = ids.map((id) => ({ Id: addresses.get(id)?.privateIp ?? '', Port: 9000 }));
  await registerTargets(world, byIp, byAddress);
  return { ids: [first, second], targetGroups: [byId, byIp] };
}

export async function createPlainGroup(world: World, tags: Tags = OPT_IN): Promise<Fleet> {
  return { ids: await createGroup(world, { name: GROUP, size: 1, tags }) };
}

export async function runOneInstance(world: World): Promise<Fleet> {
  return { ids: await runSpotInstances(world, 1, MANAGED) };
}

type ScenarioParts<S> = Omit<Scenario<S>, 'wing' | 'name' | 'observe'> &
  Partial<Pick<Scenario<S>, 'observe'>>;

export function scenario<S extends Fleet>(name: string, parts: ScenarioParts<S>): Scenario<S> {
  return { wing: 'spot-cordon', name, observe, ...parts };
}

export function firstInstance({ ids }: Fleet): string {
  return ids[0] ?? '';
}

export const drainedAndReplaced = {
  tags: ['interruption', 'none'],
  targets: [['instance 2:8080', 'instance 2:8081'], ['instance 2 by ip:9000']],
  group: { size: 2, ours: ['out', 'InService, protected'] },
};
