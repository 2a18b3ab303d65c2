import assert from 'node:assert/strict';
import { AttachVolumeCommand, CreateVolumeCommand, EC2Client } from '@aws-sdk/client-ec2';
import type { Tags } from '../../scenario-kit/fleet.ts';
import type { World } from '../../scenario-kit/world.ts';
import {
  actionsIn,
  callFunction,
  countOf,
  responsesOf,
  type Servers,
  scenario,
  thresholdsOf,
} from './observe.ts';
import { linuxMetrics, runServers, sendMetrics } from './servers.ts';

/** Runs a server with data volumes, whose agent sends percentages and no sizes, as its basic configuration does. */
async function runServerWithVolumes(
  world: World,
  sizesGb: readonly number[],
  tags: Tags = {},
): Promise<string> {
  const ec2 = world.client(EC2Client);
  const [id = ''] = await runServers(world, 'db', 1, tags);
  for (const [i, Size] of sizesGb.entries()) {
    const volume = { AvailabilityZone: `${world.region}a`, Size };
    const { VolumeId } = await ec2.send(new CreateVolumeCommand(volume));
    const Device = `/dev/sd${'fgh'[i]}`;
    await ec2.send(new AttachVolumeCommand({ InstanceId: id, VolumeId, Device }));
  }
  const mounts = ['/', ...sizesGb.map((_, i) => `/data${i + 1}`)];
  const metrics = mounts.flatMap((mount, i) =>
    linuxMetrics(id, { mount, device: `nvme${i}n1`, sizeGb: 1, free: 50 }).slice(0, 1),
  );
  await sendMetrics(world, metrics);
  return id;
}

const critical = (thresholds: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(thresholds)
      .filter(([name]) => name.includes('-critical-'))
      .map(([name, condition]) => [name.replace('-critical-', ' '), condition.replace(/^.*> /, '')]),
  );

export const sizeScenarios = [
  scenario('agents send no sizes, and EC2 knows some', {
    sweep: false, // two reads more than other scenarios, and the same writes
    async arrange(world): Promise<Servers> {
      const ids = [
        await runServerWithVolumes(world, [600]),
        await runServerWithVolumes(world, [500, 700]),
        await runServerWithVolumes(world, [100, 700]),
        await runServerWithVolumes(world, [100, 700], { 'groundcrew:disk-mount': '/data2 size=700' }),
      ];
      return { ids, responses: [], before: world.calls().length };
    },
    act: (world, servers) => callFunction(world, servers, { hostname: 'db' }),
    expect(outcome) {
      assert.deepEqual(critical(thresholdsOf(outcome)), {
        'server 1 /': '80',
        'server 1 /data1': '90',
        'server 2 /': '80',
        'server 2 /data1': '90',
        'server 2 /data2': '90',
        'server 3 /': '80',
        'server 3 /data1': '80',
        'server 3 /data2': '80',
        'server 4 /': '80',
        'server 4 /data1': '80',
        'server 4 /data2': '90',
      });
      const unsized = responsesOf(outcome)[0]?.unsized?.map((name) => name.replace(/^.*\) /, ''));
      assert.deepEqual(unsized?.sort(), ['/data1', '/data1', '/data2']);
      assert.deepEqual(
        ['DescribeVolumes', 'DescribeInstanceTypes'].map((action) => countOf(actionsIn(outcome), action)),
        [1, 1],
      );
    },
  }),
];
