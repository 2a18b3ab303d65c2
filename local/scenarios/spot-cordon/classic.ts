import assert from 'node:assert/strict';
import { AutoScalingClient, DetachLoadBalancersCommand } from '@aws-sdk/client-auto-scaling';
import {
  CreateLoadBalancerCommand,
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingClient,
} from '@aws-sdk/client-elastic-load-balancing';
import { createGroup } from '../../scenario-kit/fleet.ts';
import type { World } from '../../scenario-kit/world.ts';
import { rebalanceRecommendation } from './events.ts';
import { firstInstance, OPT_IN, scenario } from './fleet.ts';
import { type Fleet, GROUP, observe, stateOf } from './observe.ts';

const MINUTE = 60_000;
const BALANCER = 'old-faithful';

async function createClassicGroup(world: World): Promise<Fleet> {
  const Listeners = [{ Protocol: 'HTTP', LoadBalancerPort: 80, InstancePort: 80 }];
  const create = new CreateLoadBalancerCommand({
    LoadBalancerName: BALANCER,
    Listeners,
    AvailabilityZones: ['eu-west-1a'],
  });
  await world.client(ElasticLoadBalancingClient).send(create);
  const tags = { ...OPT_IN, 'groundcrew:drain': 'advice' };
  return { ids: await createGroup(world, { name: GROUP, size: 2, tags }, { LoadBalancerNames: [BALANCER] }) };
}

async function cordonUntilItExpires(
  world: World,
  fleet: Fleet,
  meanwhile: () => Promise<unknown>,
): Promise<void> {
  await world.put(rebalanceRecommendation(world, firstInstance(fleet)));
  await world.settle();
  assert.equal(await hasFirst(world, fleet), false, 'deregistered while it is cordoned');
  await meanwhile();
  for (const minutes of [31, 5]) {
    world.clock.skip(minutes * MINUTE);
    await world.fire('UncordonInstancesSweep');
    await world.settle();
  }
}

async function hasFirst(world: World, fleet: Fleet): Promise<boolean> {
  const { LoadBalancerDescriptions = [] } = await world
    .client(ElasticLoadBalancingClient)
    .send(new DescribeLoadBalancersCommand({}));
  const registered = LoadBalancerDescriptions.flatMap(({ Instances = [] }) => Instances);
  return registered.some(({ InstanceId }) => InstanceId === firstInstance(fleet));
}

async function observeClassic(world: World, fleet: Fleet) {
  const outcome = await observe(world, fleet);
  return { ...outcome, state: { ...stateOf(outcome), isRegistered: await hasFirst(world, fleet) } };
}

// Not in the fault sweep: the calls are those of the other cordons that end.
export const classicScenarios = [
  scenario<Fleet>('a group still uses its Classic Load Balancer when a cordon ends', {
    sweep: false,
    arrange: createClassicGroup,
    act: (world, fleet) => cordonUntilItExpires(world, fleet, async () => {}),
    observe: observeClassic,
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).records, []);
      assert.deepEqual(outcome.state, { ...stateOf(outcome), isRegistered: true });
    },
  }),

  scenario<Fleet>('a group no longer uses its Classic Load Balancer when a cordon ends', {
    sweep: false,
    arrange: createClassicGroup,
    act: (world, fleet) =>
      cordonUntilItExpires(world, fleet, () => {
        const names = { AutoScalingGroupName: GROUP, LoadBalancerNames: [BALANCER] };
        return world.client(AutoScalingClient).send(new DetachLoadBalancersCommand(names));
      }),
    observe: observeClassic,
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).records, []);
      assert.deepEqual(outcome.state, { ...stateOf(outcome), isRegistered: false });
    },
  }),
];
