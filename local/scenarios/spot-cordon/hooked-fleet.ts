import { AutoScalingClient, TerminateInstanceInAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import {
  CreateLoadBalancerCommand,
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingClient,
  ModifyLoadBalancerAttributesCommand,
  RegisterInstancesWithLoadBalancerCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import {
  createTargetGroup,
  describeMembers,
  listTargets,
  registerTargets,
} from '../../scenario-kit/fleet.ts';
import { createMixedGroup, markets, wakeGroups } from '../../scenario-kit/markets.ts';
import type { Outcome } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';

// A group with a terminate hook, and what is seen of it.

const GROUP = 'hooked-workers';
export const HOOK = 'drain';
const HEARTBEAT_SECONDS = 60;
const BALANCER = 'old-faithful';

export interface HookedFleet {
  readonly ids: readonly string[];
  readonly targetGroup?: string;
}

/** Two instances. With a time to drain they are in load balancers that the Auto Scaling group does not know. */
export async function createHookedGroup(
  world: World,
  { drainSeconds, hookToComplete }: { readonly drainSeconds?: number; readonly hookToComplete: string },
): Promise<HookedFleet> {
  const tags = { 'groundcrew:complete-hook': hookToComplete };
  const hook = {
    LifecycleHookName: HOOK,
    LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
    HeartbeatTimeout: HEARTBEAT_SECONDS,
    DefaultResult: 'CONTINUE',
  };
  await createMixedGroup(
    world,
    { name: GROUP, size: 2, tags },
    { LifecycleHookSpecificationList: [hook], AvailabilityZones: ['eu-west-1a'] },
  );
  const ids = (await describeMembers(world, GROUP)).map(({ id }) => id);
  if (drainSeconds === undefined) return { ids };
  const targetGroup = await createTargetGroup(world, 'hooked', { drainSeconds });
  await registerTargets(
    world,
    targetGroup,
    ids.map((Id) => ({ Id, Port: 8080 })),
  );
  await createClassicLoadBalancer(world, ids, drainSeconds);
  return { ids, targetGroup };
}

async function createClassicLoadBalancer(world: World, ids: readonly string[], Timeout: number) {
  const classic = world.client(ElasticLoadBalancingClient);
  const create = new CreateLoadBalancerCommand({
    LoadBalancerName: BALANCER,
    Listeners: [{ Protocol: 'HTTP', LoadBalancerPort: 80, InstancePort: 80 }],
    AvailabilityZones: ['eu-west-1a'],
  });
  await classic.send(create);
  const LoadBalancerAttributes = { ConnectionDraining: { Enabled: true, Timeout } };
  const LoadBalancerName = BALANCER;
  await classic.send(new ModifyLoadBalancerAttributesCommand({ LoadBalancerName, LoadBalancerAttributes }));
  const Instances = ids.map((InstanceId) => ({ InstanceId }));
  await classic.send(new RegisterInstancesWithLoadBalancerCommand({ LoadBalancerName, Instances }));
}

async function listClassic(world: World): Promise<string[]> {
  const { LoadBalancerDescriptions = [] } = await world
    .client(ElasticLoadBalancingClient)
    .send(new DescribeLoadBalancersCommand({}));
  const instances = LoadBalancerDescriptions.flatMap(({ Instances = [] }) => Instances);
  return instances.map(({ InstanceId }) => `${InstanceId}:classic`);
}

/** The group becomes smaller by the first instance. */
export async function terminateFirst(world: World, { ids }: HookedFleet): Promise<void> {
  const command = new TerminateInstanceInAutoScalingGroupCommand({
    InstanceId: ids[0],
    ShouldDecrementDesiredCapacity: true,
  });
  await world.client(AutoScalingClient).send(command);
  await world.settle();
}

/** The hook ends with its default result. */
export async function skipHeartbeat(world: World): Promise<void> {
  world.clock.skip((HEARTBEAT_SECONDS + 1) * 1000);
  await wakeGroups(world);
}

/** Each event that is held comes twice. */
export function repeatEvents(world: World): void {
  const { heldEvents } = markets(world);
  heldEvents.push(...heldEvents);
}

export async function observeHooked(world: World, { ids, targetGroup }: HookedFleet): Promise<Outcome> {
  const members = await describeMembers(world, GROUP);
  const names = new Map(ids.map((id, i) => [id, `instance ${i + 1}`]));
  const targets = targetGroup === undefined ? [] : await listTargets(world, targetGroup);
  const all = [...targets, ...(await listClassic(world))];
  return {
    state: {
      group: ids.map((id) => members.find((one) => one.id === id)?.state ?? 'out'),
      targets: all
        .map((target) => target.split(':'))
        .map(([id = '', port]) => `${names.get(id) ?? 'another'}:${port}`)
        .sort(),
      deadLetters: (await world.deadLetters()).length,
      results: completed(world),
    },
  };
}

/** How actions ended that somebody completed. */
function completed(world: World): string[] {
  return markets(world).completed.map(({ result }) => result);
}

interface ObservedHook {
  readonly group: readonly string[];
  readonly targets: readonly string[];
  readonly deadLetters: number;
  readonly results: readonly string[];
}

export function heldOf({ state }: Outcome): ObservedHook {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observeHooked` created it
  return state as ObservedHook;
}
