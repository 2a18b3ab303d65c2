import assert from 'node:assert/strict';
import {
  DeleteTagsCommand,
  EC2Client,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { type Tags, tagInstances } from '../../scenario-kit/fleet.ts';
import type { World } from '../../scenario-kit/world.ts';
import { stateChange, tagChange } from './events.ts';
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
import { type LinuxDisk, reportLinux, runServers } from './servers.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Creates a server that has its alarms. */
async function createServerWithAlarms(
  world: World,
  disks: readonly LinuxDisk[],
  tags: Tags = {},
): Promise<Servers> {
  const [id = ''] = await runServers(world, 'db-1', 1, tags);
  await reportLinux(world, id, disks);
  const servers = { ids: [id], responses: [] };
  await callFunction(world, servers, { hostname: 'db-1' });
  return { ids: [id], responses: [], before: world.calls().length };
}

const data: LinuxDisk = { mount: '/data', device: 'nvme1n1', sizeGb: 100, free: 50 };
const logs: LinuxDisk = { mount: '/logs', device: 'nvme2n1', sizeGb: 100, free: 50 };
const names = ['server 1-critical-/data', 'server 1-warning-/data'];

export const maintainScenarios = [
  scenario('NVMe device names swap on reboot', {
    arrange: (world) => createServerWithAlarms(world, [data, logs]),
    async act(world, servers) {
      world.clock.skip(10 * MINUTE);
      const [id = ''] = servers.ids;
      await reportLinux(world, id, [
        { ...data, device: logs.device },
        { ...logs, device: data.device },
      ]);
      await callFunction(world, servers, { hostname: 'db-1' });
    },
    expect(outcome) {
      const { 'server 1-critical-/data': critical, 'server 1-warning-/logs': warning } = alarmsOf(outcome);
      assert.equal(critical?.dimensions, 'InstanceId=server 1 device=nvme2n1 fstype=xfs path=/data');
      assert.equal(warning?.dimensions, 'InstanceId=server 1 device=nvme1n1 fstype=xfs path=/logs');
      assert.deepEqual(responsesOf(outcome)[0]?.counts, {
        create: 0,
        update: 4,
        unchanged: 0,
        delete: 0,
        skipped: 0,
      });
      assert.equal(countOf(actionsIn(outcome), 'DeleteAlarms'), 0);
    },
  }),

  scenario('a resized disk moves to another threshold tier', {
    arrange: (world) => createServerWithAlarms(world, [data]),
    async act(world, servers) {
      world.clock.skip(10 * MINUTE);
      await reportLinux(world, servers.ids[0] ?? '', [{ ...data, sizeGb: 500 }]);
      await callFunction(world, servers, { hostname: 'db-1' });
    },
    expect(outcome) {
      assert.deepEqual(thresholdsOf(outcome), {
        'server 1-critical-/data': 'Average of disk_used_percent > 90',
        'server 1-warning-/data':
          'IF(used > 90, -1, IF(used > 85, 1, 0)) > 0, used: Average of disk_used_percent',
      });
      assert.deepEqual(responsesOf(outcome)[0]?.counts, {
        create: 0,
        update: 2,
        unchanged: 0,
        delete: 0,
        skipped: 0,
      });
      assert.match(descriptionsOf(outcome)['server 1-warning-/data'] ?? '', /Size 500 GB/);
    },
  }),

  scenario('a warning becomes a composite alarm', {
    arrange: (world) => createServerWithAlarms(world, [data]),
    async act(world, { ids: [id = ''] }) {
      await tagInstances(world, [id], { 'groundcrew:disk-warning': 'composite' });
      await world.put(tagChange(world, id, 'groundcrew:disk-warning'));
      await world.settle();
    },
    expect(outcome) {
      const { 'server 1-warning-/data': warning, 'server 1-warning-notice-/data': composite } =
        alarmsOf(outcome);
      assert.deepEqual([warning?.topics, composite?.topics], [[], ['default']]);
      assert.equal(composite?.rule, 'ALARM("groundcrew-disk-server 1-warning-/data")');
      assert.equal(composite?.suppressedBy, 'groundcrew-disk-server 1-critical-/data');
      assert.deepEqual(writesOf(actionsIn(outcome)), ['PutCompositeAlarm', 'PutMetricAlarm']);
    },
  }),

  scenario('a terminated instance', {
    arrange: (world) => createServerWithAlarms(world, [data], { 'groundcrew:disk-warning': 'composite' }),
    async act(world, { ids: [id = ''] }) {
      await world.client(EC2Client).send(new TerminateInstancesCommand({ InstanceIds: [id] }));
      await world.put(stateChange(world, id, 'terminated'));
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(alarmsOf(outcome), {});
      assert.deepEqual(writesOf(actionsIn(outcome)), ['DeleteAlarms', 'DeleteAlarms']);
    },
  }),

  scenario('an agent stops sending data', {
    arrange: (world) => createServerWithAlarms(world, [data], { 'groundcrew:disk-silent': '15' }),
    async act(world, { ids: [id = ''] }) {
      world.clock.skip(5 * HOUR);
      await world.put(tagChange(world, id, 'Team'));
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(Object.keys(alarmsOf(outcome)).sort(), [...names, 'server 1-silent'].sort());
      const { condition, missingData, topics } = alarmsOf(outcome)['server 1-silent'] ?? {};
      assert.deepEqual(
        { condition, missingData, topics },
        { condition: 'SampleCount of disk_used_percent < 1', missingData: 'breaching', topics: ['default'] },
      );
      assert.deepEqual(writesOf(actionsIn(outcome)), []);
    },
  }),

  scenario('a stopped instance does not count as silent', {
    arrange: (world) => createServerWithAlarms(world, [data], { 'groundcrew:disk-silent': '15' }),
    async act(world, { ids: [id = ''] }) {
      await world.client(EC2Client).send(new StopInstancesCommand({ InstanceIds: [id] }));
      await world.put(stateChange(world, id, 'stopped'));
      await world.settle();
    },
    expect(outcome) {
      assert.equal(alarmsOf(outcome)['server 1-silent']?.missingData, 'notBreaching');
      assert.equal(alarmsOf(outcome)['server 1-critical-/data']?.missingData, 'missing');
      assert.deepEqual(writesOf(actionsIn(outcome)), ['PutMetricAlarm']);
    },
  }),

  scenario('the tags of an instance change', {
    arrange: (world) =>
      createServerWithAlarms(world, [data], {
        Team: 'files',
        Stage: 'test',
        'groundcrew:cordon': 'rebalance',
      }),
    async act(world, { ids: [id = ''] }) {
      await tagInstances(world, [id], { Team: 'storage' });
      const gone = { Resources: [id], Tags: [{ Key: 'Stage' }, { Key: 'groundcrew:cordon' }] };
      await world.client(EC2Client).send(new DeleteTagsCommand(gone));
      await world.put(tagChange(world, id, 'Team', 'Stage'), tagChange(world, id, 'groundcrew:cordon'));
      await world.settle();
    },
    expect(outcome) {
      const tags = Object.values(alarmsOf(outcome)).map((alarm) => alarm.tags);
      assert.deepEqual(tags, Array(2).fill({ Name: 'db-1', Team: 'storage' }));
      assert.equal(countOf(actionsIn(outcome), 'DescribeInstances'), 1);
    },
  }),

  scenario('one of two disks is removed', {
    sweep: false, // the same deletions as for a terminated instance
    arrange: (world) => createServerWithAlarms(world, [data, logs]),
    async act(world, servers) {
      world.clock.skip(4 * HOUR);
      await reportLinux(world, servers.ids[0] ?? '', [data]);
      await callFunction(world, servers, { hostname: 'db-1' });
    },
    expect(outcome) {
      assert.deepEqual(Object.keys(alarmsOf(outcome)).sort(), names);
    },
  }),

  scenario('an instance opts out through its tag', {
    sweep: false, // the same deletions as for a terminated instance
    arrange: (world) => createServerWithAlarms(world, [data]),
    async act(world, { ids: [id = ''] }) {
      await tagInstances(world, [id], { 'groundcrew:disk-alarms': 'off' });
      await world.put(tagChange(world, id, 'groundcrew:disk-alarms'));
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(alarmsOf(outcome), {});
    },
  }),
];
