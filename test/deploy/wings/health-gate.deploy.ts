import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openIncident } from '../../../local/scenario-kit/health.ts';
import { startPipeline, summarizeStages } from '../../../local/scenario-kit/pipelines.ts';
import { createGatedPipeline, NAME } from '../../../local/scenarios/health-gate/pipeline.ts';
import { type Deployment, openDeployment } from '../deployment.ts';
import { residueOf } from '../residue.ts';

describe('health-gate', () => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await openDeployment('health-gate', 'groundcrew-health-gate');
  });
  afterAll(() => deployment?.close());

  const readGate = async (): Promise<string | undefined> => {
    const stages = await summarizeStages(deployment.world, NAME);
    return stages.find(({ stage }) => stage === 'Prod')?.actions['Gate'];
  };
  const listHolds = async (): Promise<string[]> => {
    const command = new ScanCommand({ TableName: deployment.world.ref('HeldDeployments') });
    const { Items = [] } = await deployment.world.client(DynamoDBClient).send(command);
    return Items.map(({ pipeline, stage, status }) => `${pipeline?.S}/${stage?.S}: ${status?.S}`);
  };

  it('deploys as a dry run with its defaults', async () => {
    const stack = await deployment.deploy();

    expect(stack.status).toBe('CREATE_COMPLETE');
    expect(stack.parameters['DryRun']).toBe('true');
    expect(stack.outputs['GateDeploymentName']).toBe(stack.resources['GateDeployment']);
  });

  it('allows a deployment during an incident, and says that it is a dry run', async () => {
    const { world } = deployment;
    await createGatedPipeline(world);
    await openIncident(world, {}, { announce: false });

    await startPipeline(world, NAME);

    await expect.poll(readGate).toMatch(/^Succeeded: .*dry run/i);
    expect(await listHolds()).toEqual([]);
  });

  it('holds a deployment after a deployment that changes one parameter', async () => {
    const { world } = deployment;
    const stack = await deployment.deploy({ DryRun: 'false' });
    expect(stack).toMatchObject({ status: 'UPDATE_COMPLETE', parameters: { DryRun: 'false' } });
    await world.subscribe('Notifications');

    await startPipeline(world, NAME);

    await expect.poll(readGate).toMatch(/^Failed: /);
    await expect.poll(listHolds).toEqual([expect.stringMatching(/^orders\/Prod: /)]);
    await expect.poll(deployment.receiveMails).toHaveLength(1);
    expect(world.mails()[0]?.text).toContain(NAME);
  });

  it('leaves nothing when it is deleted', async () => {
    expect(residueOf('health-gate', await deployment.remove())).toEqual([]);
  });
});
