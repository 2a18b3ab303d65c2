import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  EC2Client,
  type Instance as Ec2Instance,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { createClient } from '#shared/aws/client.ts';
import { paginate } from '#shared/aws/pages.ts';
import { chunk, mapLimit } from '#shared/concurrency.ts';
import { hasName } from '#shared/errors.ts';
import type { Severity } from '../domain/disruption.ts';
import { INSTANCE_TERMINATED, type Instance } from '../domain/instance.ts';
import { tagKeys } from '../domain/scope.ts';

// In a storm EC2 throttles for a minute, and a message that fails waits for 30 s: so we try more often within a step. Each
// attempt has 4.5 s; the limit of the step ends them all (bench/storm.ts).
export const ec2 = createClient(EC2Client, { deadlineMs: 40_000, attempts: 8 });

/** EC2 recommends at most 1,000 ids for DescribeInstances, CreateTags and DeleteTags. A filter takes 200 values. */
const MAX_IDS = 1000;
const MAX_FILTER_VALUES = 200;

/** @returns the instances that exist; EC2 still describes terminated ones for about an hour */
export async function describeInstances(
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, Instance>> {
  // EC2 accepts twice as many paged requests with a filter as requests by id (EC2 developer guide, request throttling).
  const isFew = ids.length <= MAX_FILTER_VALUES;
  if (isFew) return byInstanceId(await describeByFilter(ids, signal));
  const found = await mapLimit(chunk(ids, MAX_IDS), 2, async (some) => {
    const instances: Instance[] = [];
    await callWithoutUnknown(some, async (known) => {
      instances.push(...(await describePages({ InstanceIds: [...known] }, signal)));
    }).catch(async (error) => {
      if (!isUnknownInstance(error)) throw error;
      instances.push(...(await describeByFilter(some, signal)));
    });
    return instances;
  });
  return byInstanceId(found.flat());
}

/** The instances on Dedicated Hosts, also terminated ones. */
export async function describeInstancesOnHosts(
  hostIds: readonly string[],
  signal: AbortSignal,
): Promise<Instance[]> {
  const pages = await mapLimit(chunk(hostIds, MAX_FILTER_VALUES), 2, (Values) =>
    describePages({ Filters: [{ Name: 'host-id', Values: [...Values] }], MaxResults: MAX_IDS }, signal),
  );
  return pages.flat();
}

function byInstanceId(instances: readonly Instance[]): Map<string, Instance> {
  return new Map(instances.map((instance) => [instance.instanceId, instance]));
}

/** Sets the tag groundcrew:cordon. @returns the ids that could not be tagged, each with the reason */
export async function createCordonTags(
  ids: readonly string[],
  severity: Severity,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const untagged = await mapLimit(chunk(ids, MAX_IDS), 2, (some) => createTags(some, severity, signal));
  return new Map(untagged.flat());
}

/** If one instance already has 50 tags, EC2 refuses the whole call and may not name it. Halving the list finds it. */
async function createTags(
  ids: readonly string[],
  severity: Severity,
  signal: AbortSignal,
): Promise<[string, string][]> {
  try {
    const unknown = await callWithoutUnknown(ids, async (known) => {
      const Tags = [{ Key: tagKeys.cordon, Value: severity }];
      await ec2.send(new CreateTagsCommand({ Resources: [...known], Tags }), { abortSignal: signal });
    });
    return unknown.map((id) => [id, INSTANCE_TERMINATED]);
  } catch (error) {
    if (!hasName(error, 'TagLimitExceeded')) throw error;
    if (ids.length === 1) return ids.map((id) => [id, 'has 50 tags already']);
    const halves = chunk(ids, Math.ceil(ids.length / 2));
    return (await mapLimit(halves, 1, (half) => createTags(half, severity, signal))).flat();
  }
}

/** Deletes the tag only if it has this severity, so that the tag of a worse, newer disruption stays. */
export async function deleteCordonTags(
  ids: readonly string[],
  severity: Severity,
  signal: AbortSignal,
): Promise<void> {
  await mapLimit(chunk(ids, MAX_IDS), 2, (some) =>
    callWithoutUnknown(some, async (known) => {
      const Tags = [{ Key: tagKeys.cordon, Value: severity }];
      await ec2.send(new DeleteTagsCommand({ Resources: [...known], Tags }), { abortSignal: signal });
    }),
  );
}

/** One call for each instance: EC2 refuses a whole call if one of them is protected from termination. */
export async function terminateInstance(instanceId: string, signal: AbortSignal): Promise<void> {
  const command = new TerminateInstancesCommand({ InstanceIds: [instanceId] });
  await ec2.send(command, { abortSignal: signal });
}

/**
 * EC2 refuses a whole call if one id does not exist, and names the unknown ids in its message.
 *
 * @returns the ids that were left out to make the call succeed
 */
async function callWithoutUnknown(
  ids: readonly string[],
  call: (known: readonly string[]) => Promise<void>,
): Promise<string[]> {
  const unknown = new Set<string>();
  for (;;) {
    const known = ids.filter((id) => !unknown.has(id));
    if (known.length === 0) return [...unknown];
    try {
      await call(known);
      return [...unknown];
    } catch (error) {
      const named = isUnknownInstance(error) ? instanceIdsIn(error).filter((id) => known.includes(id)) : [];
      if (named.length === 0) throw error;
      for (const id of named) unknown.add(id);
    }
  }
}

function isUnknownInstance(error: unknown): boolean {
  // Calls that take any kind of resource answer InvalidID.
  const names = [
    'InvalidInstanceID.NotFound',
    'InvalidInstanceID.Malformed',
    'InvalidInstanceID',
    'InvalidID',
  ];
  return hasName(error, ...names);
}

function instanceIdsIn(error: unknown): string[] {
  return error instanceof Error ? (error.message.match(/i-[0-9a-f]{8,17}/g) ?? []) : [];
}

/** A filter ignores unknown ids, but takes only 200 of them. */
async function describeByFilter(ids: readonly string[], signal: AbortSignal): Promise<Instance[]> {
  const pages = await mapLimit(chunk(ids, MAX_FILTER_VALUES), 2, (Values) =>
    describePages({ Filters: [{ Name: 'instance-id', Values: [...Values] }], MaxResults: MAX_IDS }, signal),
  );
  return pages.flat();
}

function describePages(input: DescribeInstancesCommandInput, signal: AbortSignal): Promise<Instance[]> {
  return paginate<Instance, string>(async (next) => {
    const command = new DescribeInstancesCommand({ ...input, ...(next && { NextToken: next }) });
    const { Reservations = [], NextToken } = await ec2.send(command, { abortSignal: signal });
    const items = Reservations.flatMap(({ Instances = [] }) => Instances.map(toInstance));
    return { items, next: NextToken };
  });
}

function toInstance(instance: Ec2Instance): Instance {
  const addresses = (instance.NetworkInterfaces ?? []).flatMap((nic) => [
    ...(nic.PrivateIpAddresses ?? []).map((address) => address.PrivateIpAddress),
    ...(nic.Ipv6Addresses ?? []).map((address) => address.Ipv6Address),
  ]);
  return {
    instanceId: instance.InstanceId ?? '',
    state: instance.State?.Name ?? 'unknown',
    isSpot: instance.InstanceLifecycle === 'spot',
    purchaseOption: instance.InstanceLifecycle ?? 'on-demand',
    instanceType: instance.InstanceType ?? 'unknown',
    availabilityZone: instance.Placement?.AvailabilityZone ?? 'unknown',
    ...(instance.Placement?.HostId && { hostId: instance.Placement.HostId }),
    ...(instance.VpcId && { vpcId: instance.VpcId }),
    privateIps: [...new Set([instance.PrivateIpAddress, ...addresses])].filter((ip) => ip !== undefined),
    tags: Object.fromEntries((instance.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
  };
}
