import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { CreateTagsCommand, EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeInstances } from '../../../local/scenario-kit/fleet.ts';
import { runServers } from '../../../local/scenarios/disk-alarms/servers.ts';
import { interruptionWarning, stateChange } from '../../../local/scenarios/spot-cordon/events.ts';
import { type Deployment, openDeployment } from '../deployment.ts';
import { residueOf } from '../residue.ts';

describe('spot-cordon', () => {
  let deployment: Deployment;
  let instance: string;
  beforeAll(async () => {
    deployment = await openDeployment('spot-cordon', 'groundcrew-spot-cordon');
    [instance = ''] = await runServers(deployment.world, 'worker');
    // By default only instances with this tag are cordoned.
    const Tags = [{ Key: 'groundcrew:managed', Value: 'true' }];
    await deployment.world.client(EC2Client).send(new CreateTagsCommand({ Resources: [instance], Tags }));
  });
  afterAll(() => deployment?.close());

  const listCordons = async (): Promise<(string | undefined)[]> => {
    const command = new ScanCommand({ TableName: deployment.world.ref('Cordons') });
    const { Items = [] } = await deployment.world.client(DynamoDBClient).send(command);
    return Items.map(({ instanceId }) => instanceId?.S);
  };
  const readTag = async (): Promise<string | undefined> =>
    (await describeInstances(deployment.world, [instance])).get(instance)?.tags['groundcrew:cordon'];

  it('deploys as a dry run with its defaults', async () => {
    const stack = await deployment.deploy();

    expect(stack.status).toBe('CREATE_COMPLETE');
    expect(stack.parameters['DryRun']).toBe('true');
  });

  it('logs what it would do about a warning, and changes nothing', async () => {
    await deployment.world.put(interruptionWarning(deployment.world, instance));

    await expect
      .poll(() => deployment.logs('CordonInstances'))
      .toContainEqual(expect.objectContaining({ dryRun: true, instanceId: instance }));
    expect(await listCordons()).toEqual([]);
    expect(await readTag()).toBeUndefined();
  });

  it('acts after a deployment that changes one parameter', async () => {
    const { world } = deployment;
    const stack = await deployment.deploy({ DryRun: 'false' });
    expect(stack).toMatchObject({ status: 'UPDATE_COMPLETE', parameters: { DryRun: 'false' } });
    await world.subscribe('Notifications');

    await world.put(interruptionWarning(world, instance));

    await expect.poll(listCordons).toEqual([instance]);
    await expect.poll(readTag).toBeDefined();
    await expect.poll(deployment.receiveMails).toHaveLength(1);
    expect(world.mails()[0]?.text).toContain(instance);
  });

  it('forgets an instance that is gone', async () => {
    const { world } = deployment;
    await world.client(EC2Client).send(new TerminateInstancesCommand({ InstanceIds: [instance] }));

    await world.put(stateChange(world, instance, 'terminated'));

    await expect.poll(listCordons).toEqual([]);
  });

  it('leaves nothing when it is deleted', async () => {
    expect(residueOf('spot-cordon', await deployment.remove())).toEqual([]);
  });
});
