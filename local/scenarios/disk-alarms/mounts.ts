import assert from 'node:assert/strict';
import { CloudWatchClient, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import type { World } from '../../scenario-kit/world.ts';
import { alarmsOf, callFunction, PREFIX, responsesOf, type Servers, scenario } from './observe.ts';
import { type LinuxDisk, reportLinux, runServers } from './servers.ts';

const HOUR = 3_600_000;

/** What the agent of a node sends: three disks, of which one is mounted at six places. */
const root = { device: 'nvme0n1p1', sizeGb: 80, free: 50 };
const nodeMounts: readonly LinuxDisk[] = [
  ...['/', '/srv/registry', '/var/log/journal', '/etc/hosts', '/etc/resolv.conf'].map((mount) => ({
    mount,
    ...root,
  })),
  { mount: '/var/lib/kubelet/pods/1a2b/volumes/data', ...root },
  { mount: '/data', device: 'nvme1n1', sizeGb: 100, free: 50 },
  { mount: '/var/cache', device: 'nvme2n1', sizeGb: 100, free: 50 },
];

/** An alarm for one mount, with our metadata. */
async function copyAlarm(world: World, { ids: [id = ''] }: Servers, mount: string): Promise<void> {
  const command = new PutMetricAlarmCommand({
    AlarmName: `${PREFIX}${id}-critical-${mount}`,
    AlarmDescription: `Disk ${mount} is nearly full.\n[groundcrew disk-alarms size=80 tags=4f53cda1]`,
    Namespace: 'CWAgent',
    MetricName: 'disk_used_percent',
    Dimensions: [{ Name: 'InstanceId', Value: id }],
    Statistic: 'Average',
    Period: 300,
    EvaluationPeriods: 3,
    Threshold: 80,
    ComparisonOperator: 'GreaterThanThreshold',
  });
  await world.client(CloudWatchClient).send(command);
}

export const mountScenarios = [
  scenario('the bind mounts of a Kubernetes node are one disk, and their earlier alarms go', {
    async arrange(world) {
      const [id = ''] = await runServers(world, 'node-1', 1, {
        'groundcrew:disk-mount': '/data 8/5 topic=storage',
        'groundcrew:disk-mount:cache': '/var/cache off',
      });
      await world.client(SNSClient).send(new CreateTopicCommand({ Name: 'storage' }));
      // Within an hour of a start nothing is deleted.
      world.clock.skip(2 * HOUR);
      await reportLinux(world, id, nodeMounts);
      const servers = { ids: [id], responses: [] };
      // As an earlier version left them: one alarm for each mount.
      await copyAlarm(world, servers, '/etc/hosts');
      await copyAlarm(world, servers, '/srv/registry');
      return { ...servers, before: world.calls().length };
    },
    act: (world, servers) => callFunction(world, servers, { hostname: 'node-1' }),
    expect(outcome) {
      assert.deepEqual(Object.keys(alarmsOf(outcome)).sort(), [
        'server 1-critical-/',
        'server 1-critical-/data',
        'server 1-warning-/',
        'server 1-warning-/data',
      ]);
      const { condition, topics } = alarmsOf(outcome)['server 1-critical-/data'] ?? {};
      assert.deepEqual([condition, topics], ['Average of disk_used_percent > 95', ['storage']]);
      assert.deepEqual(responsesOf(outcome)[0]?.counts, {
        create: 4,
        update: 0,
        unchanged: 0,
        delete: 2,
        skipped: 6,
      });
      assert.deepEqual(responsesOf(outcome)[0]?.skippedFor, {
        'ignored by IgnoreMounts': 3,
        'the same disk as /': 2,
        'tag groundcrew:disk-mount:cache is off': 1,
      });
    },
  }),
];
