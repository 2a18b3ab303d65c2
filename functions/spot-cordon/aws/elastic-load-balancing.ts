import {
  DeregisterInstancesFromLoadBalancerCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingClient,
  RegisterInstancesWithLoadBalancerCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import { createClient } from '#shared/aws/client.ts';
import { paginate } from '#shared/aws/pages.ts';
import { hasName } from '#shared/errors.ts';
import { callWithoutRefused } from './refused-items.ts';

const classic = createClient(ElasticLoadBalancingClient, { deadlineMs: 6_000 });

/** The maximum page size of DescribeLoadBalancers. */
const PAGE_SIZE = 400;

/** @returns the names of the Classic Load Balancers that have some of these instances, each with all its instances */
export async function findClassicLoadBalancers(
  ids: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Map<string, string[]>> {
  const loadBalancers = await paginate<readonly [string, string[]], string>(async (next) => {
    const command = new DescribeLoadBalancersCommand({ PageSize: PAGE_SIZE, ...(next && { Marker: next }) });
    const { LoadBalancerDescriptions = [], NextMarker } = await classic.send(command, {
      abortSignal: signal,
    });
    const items = LoadBalancerDescriptions.map(({ LoadBalancerName = '', Instances = [] }) => {
      return [LoadBalancerName, Instances.map(({ InstanceId = '' }) => InstanceId)] as const;
    });
    return { items, next: NextMarker };
  });
  return new Map(loadBalancers.filter(([, found]) => found.some((id) => ids.has(id))));
}

/** How long a Classic Load Balancer lets open connections of a deregistered instance end. 0 if it cuts them. */
export async function readConnectionDrainingSeconds(name: string, signal: AbortSignal): Promise<number> {
  const command = new DescribeLoadBalancerAttributesCommand({ LoadBalancerName: name });
  const reply = await classic.send(command, { abortSignal: signal }).catch(ignoreNotFound);
  const { Enabled = false, Timeout = 0 } = reply?.LoadBalancerAttributes?.ConnectionDraining ?? {};
  return Enabled ? Timeout : 0;
}

export function deregisterFromClassic(
  name: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  return callForInstances(ids, (Instances) => {
    const command = new DeregisterInstancesFromLoadBalancerCommand({ LoadBalancerName: name, Instances });
    return classic.send(command, { abortSignal: signal });
  });
}

/** Ignores instances and load balancers that no longer exist. */
export function registerWithClassic(
  name: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  return callForInstances(ids, (Instances) => {
    const command = new RegisterInstancesWithLoadBalancerCommand({ LoadBalancerName: name, Instances });
    return classic.send(command, { abortSignal: signal });
  });
}

async function callForInstances(
  ids: readonly string[],
  change: (instances: { InstanceId: string }[]) => Promise<unknown>,
): Promise<void> {
  await callWithoutRefused(
    ids,
    async (some) => {
      await change(some.map((InstanceId) => ({ InstanceId }))).catch(ignoreNotFound);
    },
    { isRefusal: isInvalidInstance, callsAtOnce: 4 },
  );
}

function isInvalidInstance(error: unknown): boolean {
  // The name in the service model and the code in the response.
  return hasName(error, 'InvalidEndPointException', 'InvalidInstance');
}

function ignoreNotFound(error: unknown): undefined {
  if (!hasName(error, 'AccessPointNotFoundException', 'LoadBalancerNotFound')) throw error;
  return undefined;
}
