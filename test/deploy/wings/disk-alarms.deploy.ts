import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stateChange } from '../../../local/scenarios/disk-alarms/events.ts';
import { reportLinux, runServers } from '../../../local/scenarios/disk-alarms/servers.ts';
import { type Deployment, openDeployment } from '../deployment.ts';
import { residueOf } from '../residue.ts';

describe('disk-alarms', () => {
  let deployment: Deployment;
  let instance: string;
  beforeAll(async () => {
    deployment = await openDeployment('disk-alarms', 'groundcrew-disk-alarms');
    [instance = ''] = await runServers(deployment.world, 'files-1');
    await reportLinux(deployment.world, instance, [
      { mount: '/', device: 'nvme0n1p1', sizeGb: 20, free: 50 },
    ]);
  });
  afterAll(() => deployment?.close());

  const listAlarms = async (): Promise<string[]> => {
    const command = new DescribeAlarmsCommand({
      AlarmNamePrefix: 'groundcrew-disk-alarms-disk-',
      AlarmTypes: ['MetricAlarm'],
    });
    const { MetricAlarms = [] } = await deployment.world.client(CloudWatchClient).send(command);
    return MetricAlarms.map(({ AlarmName, Metrics = [], Threshold }) =>
      [AlarmName, ...Metrics.flatMap(({ Expression = [] }) => Expression), `at ${Threshold}`].join(' '),
    );
  };

  it('deploys as a dry run with its defaults', async () => {
    const stack = await deployment.deploy();

    expect(stack.status).toBe('CREATE_COMPLETE');
    expect(stack.parameters['DryRun']).toBe('true');
  });

  it('logs what it would do for a server that starts, and makes no alarm', async () => {
    await deployment.world.put(stateChange(deployment.world, instance, 'running'));

    await expect
      .poll(() => deployment.logs('ReconcileDiskAlarms'))
      .toContainEqual(
        expect.objectContaining({ instanceIds: [instance], counts: expect.objectContaining({ create: 2 }) }),
      );
    expect(await listAlarms()).toEqual([]);
  });

  it('makes alarms after a deployment that changes one parameter', async () => {
    const stack = await deployment.deploy({ DryRun: 'false' });
    expect(stack).toMatchObject({ status: 'UPDATE_COMPLETE', parameters: { DryRun: 'false' } });

    await deployment.world.put(stateChange(deployment.world, instance, 'running'));

    await expect.poll(listAlarms).toHaveLength(2);
    expect(await listAlarms()).toEqual([
      expect.stringMatching(/critical.* at 80$/),
      expect.stringMatching(/warning.* IF\(used > 80, -1, IF\(used > 70, 1, 0\)\) at 0$/),
    ]);
  });

  it('leaves only the disk alarms when it is deleted', async () => {
    expect(residueOf('disk-alarms', await deployment.remove())).toEqual([]);
  });
});
