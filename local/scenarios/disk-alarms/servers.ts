import { CloudWatchClient, type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import type { Tags } from '../../scenario-kit/fleet.ts';
import type { World } from '../../scenario-kit/world.ts';

// Servers, and the metrics of their CloudWatch agents.

const GB = 2 ** 30;

/** Runs On-Demand instances with one Name and the tag that opts them in. @returns their ids */
export function runServers(world: World, name: string, count = 1, tags: Tags = {}): Promise<string[]> {
  return runUntaggedServers(world, name, count, { 'groundcrew:disk-alarms': 'on', ...tags });
}

/** Runs On-Demand instances with one Name that only a direct call brings into scope. @returns their ids */
export async function runUntaggedServers(
  world: World,
  name: string,
  count = 1,
  tags: Tags = {},
): Promise<string[]> {
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
  /** Free space in per cent. */
  readonly free: number;
}

export interface LinuxDisk extends DiskState {
  readonly device: string;
  readonly fstype?: string;
  readonly volumeId?: string;
}

/** Sends the metrics of the Windows agent, with `renamed` under the counter names of the AWS sample. */
export async function reportWindows(
  world: World,
  id: string,
  disks: readonly DiskState[],
  { renamed = false }: { readonly renamed?: boolean } = {},
): Promise<void> {
  const [percent, megabytes] = renamed
    ? ['FreeStorageSpaceInPercent', 'FreeStorageSpaceInMB']
    : ['LogicalDisk % Free Space', 'LogicalDisk Free Megabytes'];
  await sendMetrics(
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

/** Sends the metrics of the Linux agent. */
export async function reportLinux(world: World, id: string, disks: readonly LinuxDisk[]): Promise<void> {
  await sendMetrics(
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

/** PutMetricData accepts 1000 metrics, but the SDK compresses larger requests, which moto cannot read. */
const METRICS_PER_CALL = 25;

export async function sendMetrics(world: World, metrics: readonly Metric[]): Promise<void> {
  const Timestamp = new Date(world.clock.now());
  const client = world.client(CloudWatchClient);
  for (let at = 0; at < metrics.length; at += METRICS_PER_CALL) {
    const MetricData = metrics.slice(at, at + METRICS_PER_CALL).map((one) => ({ ...one, Timestamp }));
    await client.send(new PutMetricDataCommand({ Namespace: 'CWAgent', MetricData }));
  }
}
