import {
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeVolumesCommand,
  EC2Client,
  type Instance as Ec2Instance,
  type Filter,
} from '@aws-sdk/client-ec2';
import { createClient } from '#shared/aws/client.ts';
import { paginate } from '#shared/aws/pages.ts';
import { chunk, mapLimit } from '#shared/concurrency.ts';
import type { Instance } from '../domain/instance.ts';

// A page holds a thousand instances with all their tags, which takes seconds.
const ec2 = createClient(EC2Client, { deadlineMs: 60_000 });

/** A page holds a thousand instances, a filter 200 values. */
const PAGE_SIZE = 1000;
const FILTER_VALUES = 200;

export function describeAllInstances(signal: AbortSignal): Promise<Instance[]> {
  return describePages([], signal);
}

/** By the Name tag; `*` and `?` as EC2's filters know them. */
export function describeInstancesNamed(pattern: string, signal: AbortSignal): Promise<Instance[]> {
  return describePages([{ Name: 'tag:Name', Values: [pattern] }], signal);
}

/** @returns the instances that exist. We filter by id because asking for ids fails if one of them is unknown. */
export async function describeInstances(ids: readonly string[], signal: AbortSignal): Promise<Instance[]> {
  const found = await mapLimit(chunk(ids, FILTER_VALUES), 2, (some) =>
    describePages([{ Name: 'instance-id', Values: [...some] }], signal),
  );
  return found.flat();
}

/** @returns GB by volume id, for those that exist */
export async function volumeSizes(ids: readonly string[], signal: AbortSignal): Promise<Map<string, number>> {
  const sizes = await mapLimit(chunk(ids, FILTER_VALUES), 2, (Values) =>
    paginate<readonly [string, number], string>(async (next) => {
      const Filters = [{ Name: 'volume-id', Values: [...Values] }];
      const command = new DescribeVolumesCommand({ Filters, ...(next && { NextToken: next }) });
      const { Volumes = [], NextToken } = await ec2.send(command, { abortSignal: signal });
      return {
        items: Volumes.map(({ VolumeId = '', Size = 0 }) => [VolumeId, Size] as const),
        next: NextToken,
      };
    }),
  );
  return new Map(sizes.flat());
}

/** @returns those of the instance types that have no disks of their own */
export async function findEbsOnlyTypes(
  types: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const found = await mapLimit(chunk(types, FILTER_VALUES), 2, (Values) =>
    paginate<string, string>(async (next) => {
      const Filters = [{ Name: 'instance-type', Values: [...Values] }];
      const command = new DescribeInstanceTypesCommand({ Filters, ...(next && { NextToken: next }) });
      const { InstanceTypes = [], NextToken } = await ec2.send(command, { abortSignal: signal });
      const items = InstanceTypes.flatMap(({ InstanceType, InstanceStorageSupported }) =>
        InstanceStorageSupported === false && InstanceType ? [InstanceType] : [],
      );
      return { items, next: NextToken };
    }),
  );
  return new Set(found.flat());
}

function describePages(filters: readonly Filter[], signal: AbortSignal): Promise<Instance[]> {
  return paginate<Instance, string>(async (next) => {
    const command = new DescribeInstancesCommand({
      ...(filters.length > 0 && { Filters: [...filters] }),
      MaxResults: PAGE_SIZE,
      ...(next && { NextToken: next }),
    });
    const { Reservations = [], NextToken } = await ec2.send(command, { abortSignal: signal });
    return {
      items: Reservations.flatMap(({ Instances = [] }) => Instances.map(toInstance)),
      next: NextToken,
    };
  });
}

function toInstance(instance: Ec2Instance): Instance {
  return {
    instanceId: instance.InstanceId ?? '',
    state: instance.State?.Name ?? 'unknown',
    launchedAt: instance.LaunchTime?.getTime() ?? 0,
    tags: Object.fromEntries((instance.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
    instanceType: instance.InstanceType ?? '',
    rootDevice: instance.RootDeviceName ?? '',
    volumes: (instance.BlockDeviceMappings ?? []).flatMap(({ DeviceName = '', Ebs }) =>
      Ebs?.VolumeId ? [{ volumeId: Ebs.VolumeId, device: DeviceName }] : [],
    ),
  };
}
