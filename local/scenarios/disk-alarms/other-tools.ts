import assert from 'node:assert/strict';
import { CloudWatchClient, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import type { World } from '../../scenario-kit/world.ts';
import { actionsIn, callFunction, responsesOf, scenario, writesOf } from './observe.ts';
import { reportWindows, runServers } from './servers.ts';

async function putAlarm(world: World, AlarmName: string, MetricName: string): Promise<void> {
  const rule = {
    Namespace: 'CWAgent',
    Statistic: 'Average',
    Period: 300,
    EvaluationPeriods: 1,
    Threshold: 20,
  } as const;
  const command = { AlarmName, MetricName, ...rule, ComparisonOperator: 'LessThanThreshold' } as const;
  await world.client(CloudWatchClient).send(new PutMetricAlarmCommand(command));
}

export const otherToolScenarios = [
  scenario('a dry run lists the disk alarms of other tools', {
    sweep: false, // writes nothing
    async arrange(world) {
      const [id = ''] = await runServers(world, 'files-1');
      await reportWindows(world, id, [{ mount: 'C:', sizeGb: 100, free: 50 }]);
      await putAlarm(world, `AutoAlarm-${id}-CWAgent-LogicalDisk % Free Space-C`, 'LogicalDisk % Free Space');
      await putAlarm(world, `AutoAlarm-${id}-AWS/EC2-CPUUtilization`, 'CPUUtilization');
      await putAlarm(
        world,
        `files-1-Warning-DiskFreeSpace-Alert_volume-C:,instance-${id}`,
        'FreeStorageSpaceInPercent',
      );
      return { ids: [id], responses: [], before: world.calls().length };
    },
    act: (world, servers) => callFunction(world, servers, { hostname: 'files-*', dry_run: true }),
    expect(outcome) {
      const [response] = responsesOf(outcome);
      assert.deepEqual(
        response?.otherAlarms?.map((name) => name.replace(/i-[0-9a-f]+/, 'id')),
        [
          'AutoAlarm-id-CWAgent-LogicalDisk % Free Space-C',
          'files-1-Warning-DiskFreeSpace-Alert_volume-C:,instance-id',
        ],
      );
      assert.equal(response?.monthlyUsd, 0.2);
      assert.deepEqual(writesOf(actionsIn(outcome)), []);
    },
  }),
];
