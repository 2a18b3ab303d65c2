import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  EC2Client,
  type Instance as Ec2Instance,
} from '@aws-sdk/client-ec2';
import { createClient } from '#shared/aws/client.ts';
import { paginate } from '#shared/aws/pages.ts';
import { chunk, mapLimit } from '#shared/concurrency.ts';
import { hasName } from '#shared/errors.ts';
import type { Severity } from '../domain/disruption.ts';
import { GONE, type Instance } from '../domain/instance.ts';
import { tagKeys } from '../domain/scope.ts';

const ec2 = createClient(EC2Client, { deadlineMs: 15_000 });

/** The recommended most of DescribeInstances, CreateTags and DeleteTags; a filter takes 200 values. */
const IDS = 1000;
const FILTER_VALUES = 200;

/** @returns those that exist; EC2 keeps terminated ones for about an hour */
export async function describeInstances(
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, Instance>> {
  const found = await mapLimit(chunk(ids, IDS), 2, async (some) => {
    const instances: Instance[] = [];
    await withoutUnknown(some, async (known) => {
      instances.push(...(await describe({ InstanceIds: [...known] }, signal)));
    }).catch(async (error) => {
      if (!isUnknownInstance(error)) throw error;
      instances.push(...(await describeByFilter(some, signal)));
    });
    return instances;
  });
  return new Map(found.flat().map((instance) => [instance.instanceId, instance]));
}

/** Marks instances as cordoned. @returns the ids that could not be marked, with why */
export async function tagCordoned(
  ids: readonly string[],
  severity: Severity,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const parts = await mapLimit(chunk(ids, IDS), 2, (some) => mark(some, severity, signal));
  return new Map(parts.flat());
}

/** EC2 refuses the whole call when one instance has no room for a tag, and may not name it: halving finds it. */
async function mark(
  ids: readonly string[],
  severity: Severity,
  signal: AbortSignal,
): Promise<[string, string][]> {
  try {
    const unknown = await withoutUnknown(ids, async (known) => {
      const tags = [{ Key: tagKeys.cordon, Value: severity }];
      await ec2.send(new CreateTagsCommand({ Resources: [...known], Tags: tags }), { abortSignal: signal });
    });
    return unknown.map((id) => [id, GONE]);
  } catch (error) {
    if (!hasName(error, 'TagLimitExceeded')) throw error;
    if (ids.length === 1) return ids.map((id) => [id, 'has 50 tags already']);
    const halves = chunk(ids, Math.ceil(ids.length / 2));
    return (await mapLimit(halves, 1, (half) => mark(half, severity, signal))).flat();
  }
}

/** Takes the mark away where it still has this severity: a worse danger's mark, written meanwhile, stays. */
export async function untagCordoned(
  ids: readonly string[],
  severity: Severity,
  signal: AbortSignal,
): Promise<void> {
  await mapLimit(chunk(ids, IDS), 2, (some) =>
    withoutUnknown(some, async (known) => {
      const tags = [{ Key: tagKeys.cordon, Value: severity }];
      await ec2.send(new DeleteTagsCommand({ Resources: [...known], Tags: tags }), { abortSignal: signal });
    }),
  );
}

/**
 * EC2 refuses a whole call for one id that does not exist, and names the ids in its message.
 *
 * @returns the ids that were left out to make the call pass
 */
async function withoutUnknown(
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
      const named = isUnknownInstance(error) ? idsIn(error).filter((id) => known.includes(id)) : [];
      if (named.length === 0) throw error;
      for (const id of named) unknown.add(id);
    }
  }
}

function isUnknownInstance(error: unknown): boolean {
  // InvalidID is what the calls say that take any resource.
  const names = [
    'InvalidInstanceID.NotFound',
    'InvalidInstanceID.Malformed',
    'InvalidInstanceID',
    'InvalidID',
  ];
  return hasName(error, ...names);
}

function idsIn(error: unknown): string[] {
  return error instanceof Error ? (error.message.match(/i-[0-9a-f]{8,17}/g) ?? []) : [];
}

/** A filter passes over unknown ids, for more calls: the way out when the message named none. */
async function describeByFilter(ids: readonly string[], signal: AbortSignal): Promise<Instance[]> {
  const pages = await mapLimit(chunk(ids, FILTER_VALUES), 2, (Values) =>
    describe({ Filters: [{ Name: 'instance-id', Values: [...Values] }], MaxResults: IDS }, signal),
  );
  return pages.flat();
}

function describe(input: DescribeInstancesCommandInput, signal: AbortSignal): Promise<Instance[]> {
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
    spot: instance.InstanceLifecycle === 'spot',
    ...(instance.VpcId && { vpcId: instance.VpcId }),
    privateIps: [...new Set([instance.PrivateIpAddress, ...addresses])].filter((ip) => ip !== undefined),
    tags: Object.fromEntries((instance.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
  };
}
