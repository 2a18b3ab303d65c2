import assert from 'node:assert/strict';
import { CreateVolumeCommand, EC2Client } from '@aws-sdk/client-ec2';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import type { World } from '../../scenario-kit/world.ts';
import { stateChange } from './events.ts';
import {
  actionsIn,
  alarmsOf,
  callFunction,
  countOf,
  descriptionsOf,
  responsesOf,
  type Servers,
  scenario,
  thresholdsOf,
  writesOf,
} from './observe.ts';
import {
  metric,
  reportLinux,
  reportWindows,
  runServers,
  runUntaggedServers,
  sendMetrics,
} from './servers.ts';

const HOURLY = 'ReconcileDiskAlarmsHourly';
const MINUTE = 60_000;

/** A server as in the AWS sample: four disks, the last with 800 GB, and the total that the agent adds. */
async function createSampleServers(world: World): Promise<Servers> {
  const [id = ''] = await runUntaggedServers(world, 'Windows-1', 1, { Team: 'files' });
  const disks = ['C:', 'D:', 'E:'].map((mount) => ({ mount, sizeGb: 100, free: 60 }));
  const total = { mount: '_Total', sizeGb: 1100, free: 50 };
  await reportWindows(world, id, [...disks, { mount: 'F:', sizeGb: 800, free: 40 }, total], {
    renamed: true,
  });
  const [other = ''] = await runUntaggedServers(world, 'linux-1');
  await reportLinux(world, other, [{ mount: '/', device: 'nvme0n1p1', sizeGb: 20, free: 50 }]);
  await world.client(SNSClient).send(new CreateTopicCommand({ Name: 'file-servers' }));
  return { ids: [id, other], responses: [] };
}

const topicArn = (world: World): string => `arn:aws:sns:${world.region}:${world.accountId}:file-servers`;

export const createScenarios = [
  scenario('four disks of a Windows fleet get eight alarms, called as in the AWS sample', {
    sweep: false, // four times the calls of a single disk; "a full disk" is swept
    arrange: createSampleServers,
    async act(world, servers) {
      await callFunction(world, servers, { hostname: 'Windows*', sns_topic_name: topicArn(world) });
      // The hourly run keeps the alarms of an instance that a call named, and leaves the other instance alone.
      await world.fire(HOURLY);
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(responsesOf(outcome)[0]?.counts, {
        create: 8,
        update: 0,
        unchanged: 0,
        delete: 0,
        skipped: 1,
      });
      assert.deepEqual(responsesOf(outcome)[0]?.skippedFor, { 'not a volume': 1 });
      // Eight alarms with one metric each.
      assert.equal(responsesOf(outcome)[0]?.monthlyUsd, 0.8);
      const free = (percent: number): string => `Average of FreeStorageSpaceInPercent < ${percent}`;
      const between = (critical: number, warning: number): string =>
        `IF(percent < ${critical}, -1, IF(percent < ${warning}, 1, 0)) > 0, percent: Average of FreeStorageSpaceInPercent`;
      assert.deepEqual(thresholdsOf(outcome), {
        'server 1-critical-C:': free(20),
        'server 1-critical-D:': free(20),
        'server 1-critical-E:': free(20),
        'server 1-critical-F:': free(10),
        'server 1-warning-C:': between(20, 30),
        'server 1-warning-D:': between(20, 30),
        'server 1-warning-E:': between(20, 30),
        'server 1-warning-F:': between(10, 15),
      });
      const { 'server 1-warning-F:': warning } = alarmsOf(outcome);
      assert.deepEqual(warning?.topics, ['file-servers']);
      assert.deepEqual(warning?.tags, { Name: 'Windows-1', Team: 'files' });
      assert.match(
        descriptionsOf(outcome)['server 1-critical-F:'] ?? '',
        /^Disk F: of Windows-1 \(server 1\) is nearly full\.\nSize 800 GB\. Warning below 15 % free, critical below 10 %/,
      );
      assert.deepEqual(
        writesOf(actionsIn(outcome)).filter((action) => !action.startsWith('Put')),
        [],
      );
    },
  }),

  scenario('a full disk', {
    async arrange(world) {
      const ec2 = world.client(EC2Client);
      const { VolumeId: volumeId = '' } = await ec2.send(
        new CreateVolumeCommand({ AvailabilityZone: `${world.region}a`, Size: 600 }),
      );
      await world.client(SNSClient).send(new CreateTopicCommand({ Name: 'file-servers' }));
      const [id = ''] = await runServers(world, 'db-1');
      // Without the size metric, the size cannot be computed from 0 % free.
      const dimensions = {
        InstanceId: id,
        path: '/data',
        device: 'nvme1n1',
        fstype: 'xfs',
        VolumeId: volumeId,
      };
      await reportFullDisk(world, dimensions);
      return { ids: [id, volumeId], responses: [] };
    },
    act: (world, servers) =>
      callFunction(world, servers, { hostname: 'db-1', sns_topic_name: 'file-servers' }),
    expect(outcome) {
      assert.deepEqual(thresholdsOf(outcome), {
        'server 1-critical-/data': 'Average of disk_used_percent > 90',
        'server 1-warning-/data':
          'IF(used > 90, -1, IF(used > 85, 1, 0)) > 0, used: Average of disk_used_percent',
      });
      assert.deepEqual(alarmsOf(outcome)['server 1-critical-/data']?.topics, ['file-servers']);
      assert.match(
        descriptionsOf(outcome)['server 1-critical-/data'] ?? '',
        /Size 600 GB\..*\nVolume: server 2\./,
      );
    },
  }),

  scenario('a new instance whose metrics are not listed yet', {
    arrange: async (world) => ({ ids: await runServers(world, 'web-1'), responses: [] }),
    async act(world, { ids: [id = ''] }) {
      await world.put(stateChange(world, id, 'running'));
      await world.advance(14 * MINUTE);
      await reportLinux(world, id, [
        { mount: '/', device: 'nvme0n1p1', sizeGb: 20, free: 50 },
        { mount: '/dev/shm', device: 'tmpfs', fstype: 'tmpfs', sizeGb: 4, free: 100 },
      ]);
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(Object.keys(alarmsOf(outcome)), ['server 1-critical-/', 'server 1-warning-/']);
      assert.equal(countOf(actionsIn(outcome), 'SendMessageBatch'), 1);
    },
  }),

  scenario('a dry run', {
    async arrange(world) {
      const [id = ''] = await runServers(world, 'web-1');
      await reportLinux(world, id, [{ mount: '/', device: 'nvme0n1p1', sizeGb: 20, free: 50 }]);
      return { ids: [id], responses: [] };
    },
    act: (world, servers) => callFunction(world, servers, { hostname: 'web-?', dry_run: true }),
    expect(outcome) {
      const [response] = responsesOf(outcome);
      assert.equal(response?.dryRun, true);
      assert.equal(response?.plan?.create.length, 2);
      assert.equal(response?.monthlyUsd, 0.2);
      assert.deepEqual(alarmsOf(outcome), {});
      assert.deepEqual(writesOf(actionsIn(outcome)), []);
    },
  }),
];

async function reportFullDisk(world: World, dimensions: Readonly<Record<string, string>>): Promise<void> {
  await sendMetrics(world, [
    metric('disk_used_percent', dimensions, 100),
    metric('disk_free', dimensions, 0),
  ]);
}
