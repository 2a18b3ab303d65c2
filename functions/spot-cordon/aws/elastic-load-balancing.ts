import {
  DeregisterInstancesFromLoadBalancerCommand,
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingClient,
  RegisterInstancesWithLoadBalancerCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import { createClient } from '#shared/aws/client.ts';
import { paginate } from '#shared/aws/pages.ts';
import { hasName } from '#shared/errors.ts';
import { callWithoutRefused } from './refused-items.ts';

const classic = createClient(ElasticLoadBalancingClient, { deadlineMs: 6_000 });

/** The most that one page of DescribeLoadBalancers holds. */
const PAGE = 400;

/** @returns names of the Classic Load Balancers with the instances among `ids` that each holds */
export async function classicHolding(
  ids: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Map<string, string[]>> {
  const balancers = await paginate<readonly [string, string[]], string>(async (next) => {
    const command = new DescribeLoadBalancersCommand({ PageSize: PAGE, ...(next && { Marker: next }) });
    const { LoadBalancerDescriptions = [], NextMarker } = await classic.send(command, {
      abortSignal: signal,
    });
    const items = LoadBalancerDescriptions.map(({ LoadBalancerName = '', Instances = [] }) => {
      const held = Instances.map(({ InstanceId = '' }) => InstanceId).filter((id) => ids.has(id));
      return [LoadBalancerName, held] as const;
    });
    return { items, next: NextMarker };
  });
  return new Map(balancers.filter(([, held]) => held.length > 0));
}

export function deregisterFromClassic(
  name: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  return changeClassic(ids, (Instances) => {
    const command = new DeregisterInstancesFromLoadBalancerCommand({ LoadBalancerName: name, Instances });
    return classic.send(command, { abortSignal: signal });
  });
}

/** An instance that does not exist any more has nothing to go back to; that is no failure. */
export function registerWithClassic(
  name: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  return changeClassic(ids, (Instances) => {
    const command = new RegisterInstancesWithLoadBalancerCommand({ LoadBalancerName: name, Instances });
    return classic.send(command, { abortSignal: signal });
  });
}

async function changeClassic(
  ids: readonly string[],
  change: (instances: { InstanceId: string }[]) => Promise<unknown>,
): Promise<void> {
  await callWithoutRefused(
    ids,
    async (some) => {
      await change(some.map((InstanceId) => ({ InstanceId }))).catch(unlessGone);
    },
    { isRefusal: isInvalidInstance, callsAtOnce: 4 },
  );
}

function isInvalidInstance(error: unknown): boolean {
  // The model's name and the code on the wire.
  return hasName(error, 'InvalidEndPointException', 'InvalidInstance');
}

function unlessGone(error: unknown): undefined {
  if (!hasName(error, 'AccessPointNotFoundException', 'LoadBalancerNotFound')) throw error;
  return undefined;
}
