import assert from 'node:assert/strict';
import {
  DeleteTagsCommand,
  EC2Client,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { World } from '../../pack/world.ts';
import { type Tags, tagInstances } from '../../scenario-kit/fleet.ts';
import { stateChange, tagChange } from './events.ts';
import {
  actionsIn,
  alarmsOf,
  answersOf,
  call,
  countOf,
  descriptionsOf,
  type Servers,
  scenario,
  thresholdsOf,
  writesIn,
} from './observe.ts';
import { type LinuxDisk, reportLinux, runServers } from './servers.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A server that has its alarms. */
async function served(world: World, disks: readonly LinuxDisk[], tags: Tags = {}): Promise<Servers> {
  const [id = ''] = await runServers(world, 'db-1', 1, tags);
  await reportLinux(world, id, disks);
  const servers = { ids: [id], answers: [] };
  await call(world, servers, { hostname: 'db-1' });
  return { ids: [id], answers: [], before: world.calls().length };
}

const data: LinuxDisk = { mount: '/data', device: 'nvme1n1', sizeGb: 100, free: 50 };
const logs: LinuxDisk = { mount: '/logs', device: 'nvme2n1', sizeGb: 100, free: 50 };
const names = ['server 1-critical-/data', 'server 1-warning-/data', 'server 1-warning-notice-/data'];

export const keeping = [
  scenario('NVMe names that swapped on reboot', {
    arrange: (world) => served(world, [data, logs]),
    async act(world, servers) {
      world.clock.skip(10 * MINUTE);
      const [id = ''] = servers.ids;
      await reportLinux(world, id, [
        { ...data, device: logs.device },
        { ...logs, device: data.device },
      ]);
      await call(world, servers, { hostname: 'db-1' });
    },
    expect(outcome) {
      const { 'server 1-critical-/data': critical, 'server 1-warning-/logs': warning } = alarmsOf(outcome);
      assert.equal(critical?.dimensions, 'InstanceId=server 1 device=nvme2n1 fstype=xfs path=/data');
      assert.equal(warning?.dimensions, 'InstanceId=server 1 device=nvme1n1 fstype=xfs path=/logs');
      assert.deepEqual(answersOf(outcome)[0]?.counts, {
        create: 0,
        update: 4,
        unchanged: 2,
        delete: 0,
        skipped: 0,
      });
      assert.equal(countOf(actionsIn(outcome), 'DeleteAlarms'), 0);
    },
  }),

  scenario('a resized disk, across a tier', {
    arrange: (world) => served(world, [data]),
    async act(world, servers) {
      world.clock.skip(10 * MINUTE);
      await reportLinux(world, servers.ids[0] ?? '', [{ ...data, sizeGb: 500 }]);
      await call(world, servers, { hostname: 'db-1' });
    },
    expect(outcome) {
      assert.deepEqual(thresholdsOf(outcome), {
        'server 1-critical-/data': 'Average of disk_used_percent > 90',
        'server 1-warning-/data': 'Average of disk_used_percent > 85',
      });
      assert.deepEqual(answersOf(outcome)[0]?.counts, {
        create: 0,
        update: 3,
        unchanged: 0,
        delete: 0,
        skipped: 0,
      });
      assert.match(descriptionsOf(outcome)['server 1-warning-notice-/data'] ?? '', /Size 500 GB/);
    },
  }),

  scenario('a terminated instance', {
    arrange: (world) => served(world, [data]),
    async act(world, { ids: [id = ''] }) {
      await world.client(EC2Client).send(new TerminateInstancesCommand({ InstanceIds: [id] }));
      await world.put(stateChange(world, id, 'terminated'));
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(alarmsOf(outcome), {});
      assert.deepEqual(writesIn(actionsIn(outcome)), ['DeleteAlarms', 'DeleteAlarms']);
    },
  }),

  scenario('a silent agent', {
    arrange: (world) => served(world, [data], { 'groundcrew:disk-silent': '15' }),
    async act(world, { ids: [id = ''] }) {
      world.clock.skip(5 * HOUR);
      await world.put(tagChange(world, id, 'Team'));
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(Object.keys(alarmsOf(outcome)).sort(), [...names, 'server 1-silent'].sort());
      const { when, missing, rings } = alarmsOf(outcome)['server 1-silent'] ?? {};
      assert.deepEqual(
        { when, missing, rings },
        { when: 'SampleCount of disk_used_percent < 1', missing: 'breaching', rings: ['default'] },
      );
      assert.deepEqual(writesIn(actionsIn(outcome)), []);
    },
  }),

  scenario('a stopped instance, whose silence is none', {
    arrange: (world) => served(world, [data], { 'groundcrew:disk-silent': '15' }),
    async act(world, { ids: [id = ''] }) {
      await world.client(EC2Client).send(new StopInstancesCommand({ InstanceIds: [id] }));
      await world.put(stateChange(world, id, 'stopped'));
      await world.settle();
    },
    expect(outcome) {
      assert.equal(alarmsOf(outcome)['server 1-silent']?.missing, 'notBreaching');
      assert.equal(alarmsOf(outcome)['server 1-critical-/data']?.missing, 'missing');
      assert.deepEqual(writesIn(actionsIn(outcome)), ['PutMetricAlarm']);
    },
  }),

  scenario('tags that change on the instance', {
    arrange: (world) =>
      served(world, [data], { Team: 'files', Stage: 'test', 'groundcrew:cordon': 'rebalance' }),
    async act(world, { ids: [id = ''] }) {
      await tagInstances(world, [id], { Team: 'storage' });
      const gone = { Resources: [id], Tags: [{ Key: 'Stage' }, { Key: 'groundcrew:cordon' }] };
      await world.client(EC2Client).send(new DeleteTagsCommand(gone));
      await world.put(tagChange(world, id, 'Team', 'Stage'), tagChange(world, id, 'groundcrew:cordon'));
      await world.settle();
    },
    expect(outcome) {
      const tags = Object.values(alarmsOf(outcome)).map((alarm) => alarm.tags);
      assert.deepEqual(tags, Array(3).fill({ Name: 'db-1', Team: 'storage' }));
      assert.equal(countOf(actionsIn(outcome), 'DescribeInstances'), 1);
    },
  }),

  scenario('a disk that is gone while another lives', {
    sweep: false, // deletes as a terminated instance does
    arrange: (world) => served(world, [data, logs]),
    async act(world, servers) {
      world.clock.skip(4 * HOUR);
      await reportLinux(world, servers.ids[0] ?? '', [data]);
      await call(world, servers, { hostname: 'db-1' });
    },
    expect(outcome) {
      assert.deepEqual(Object.keys(alarmsOf(outcome)).sort(), names);
    },
  }),

  scenario('an instance that opts out by its tag', {
    sweep: false, // deletes as a terminated instance does
    arrange: (world) => served(world, [data]),
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
