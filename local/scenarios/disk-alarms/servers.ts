import { CloudWatchClient, type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import type { World } from '../../pack/world.ts';
import type { Tags } from '../../scenario-kit/fleet.ts';

// Servers and what their CloudWatch agents send.

const GB = 2 ** 30;

/** On-Demand instances of one Name. @returns their ids */
export async function runServers(world: World, name: string, count = 1, tags: Tags = {}): Promise<string[]> {
  const Tags = Object.entries({ Name: name, ...tags }).map(([Key, Value]) => ({ Key, Value }));
  const reply = await world.client(EC2Client).send(
    new RunInstancesCommand({
      ImageId: 'ami-12c6146b',
      InstanceType: 'm5.large',
      MinCount: count,
      MaxCount: count,
      TagSpecifications: [{ ResourceType: 'instance', Tags }],
    }),
  );
  return (reply.Instances ?? []).map(({ InstanceId }) => InstanceId ?? '');
}

export interface DiskState {
  readonly mount: string;
  readonly sizeGb: number;
  /** Per cent of it. */
  readonly free: number;
}

export interface LinuxDisk extends DiskState {
  readonly device: string;
  readonly fstype?: string;
  readonly volumeId?: string;
}

/** What the agent on Windows sends; with `renamed` under the names that AWS's sample gives the counters. */
export async function reportWindows(
  world: World,
  id: string,
  disks: readonly DiskState[],
  { renamed = false }: { readonly renamed?: boolean } = {},
): Promise<void> {
  const [percent, megabytes] = renamed
    ? ['FreeStorageSpaceInPercent', 'FreeStorageSpaceInMB']
    : ['LogicalDisk % Free Space', 'LogicalDisk Free Megabytes'];
  await send(
    world,
    disks.flatMap(({ mount, sizeGb, free }) => {
      const dimensions = {
        instance: mount,
        InstanceId: id,
        objectname: 'LogicalDisk',
        ImageId: 'ami-12c6146b',
      };
      return [
        metric(percent, dimensions, free),
        metric(megabytes, dimensions, Math.floor((sizeGb * 1024 * free) / 100)),
      ];
    }),
  );
}

/** What the agent on Linux sends. */
export async function reportLinux(world: World, id: string, disks: readonly LinuxDisk[]): Promise<void> {
  await send(
    world,
    disks.flatMap((disk) => linuxMetrics(id, disk)),
  );
}

export function linuxMetrics(id: string, disk: LinuxDisk): Metric[] {
  const { mount, sizeGb, free, device, fstype = 'xfs', volumeId } = disk;
  const dimensions = { InstanceId: id, path: mount, device, fstype, ...(volumeId && { VolumeId: volumeId }) };
  return [
    metric('disk_used_percent', dimensions, 100 - free),
    metric('disk_total', dimensions, sizeGb * GB),
    metric('disk_free', dimensions, (sizeGb * GB * free) / 100),
  ];
}

type Metric = Omit<MetricDatum, 'Timestamp'>;

export function metric(name: string, dimensions: Readonly<Record<string, string>>, value: number): Metric {
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  return { MetricName: name, Dimensions, Value: value };
}

/** PutMetricData takes a thousand; the SDK compresses what is longer than this, which moto does not read. */
const DATA = 25;

export async function send(world: World, metrics: readonly Metric[]): Promise<void> {
  const Timestamp = new Date(world.clock.now());
  const client = world.client(CloudWatchClient);
  for (let at = 0; at < metrics.length; at += DATA) {
    const MetricData = metrics.slice(at, at + DATA).map((one) => ({ ...one, Timestamp }));
    await client.send(new PutMetricDataCommand({ Namespace: 'CWAgent', MetricData }));
  }
}
