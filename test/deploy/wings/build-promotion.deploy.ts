import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPipeline, summarizeStages } from '../../../local/scenario-kit/pipelines.ts';
import {
  readLinks,
  setBuildArtifact,
  stampBuild,
  storeFolder,
} from '../../../local/scenarios/build-promotion/builds.ts';
import { createReleasePipeline, PIPELINE } from '../../../local/scenarios/build-promotion/pipeline.ts';
import { type Deployment, openDeployment } from '../deployment.ts';
import { residueOf } from '../residue.ts';

describe('build-promotion', () => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await openDeployment('build-promotion', 'groundcrew-build-promotion');
  });
  afterAll(() => deployment?.close());

  const readAction = async (): Promise<string | undefined> => {
    const stages = await summarizeStages(deployment.world, PIPELINE);
    return stages.find(({ stage }) => stage === 'To-dev')?.actions['Promote'];
  };

  it('deploys as a dry run with a file system and a network of its own', async () => {
    const stack = await deployment.deploy();

    expect(stack.status).toBe('CREATE_COMPLETE');
    expect(stack.parameters['DryRun']).toBe('true');
    expect(stack.outputs['BuildFileSystemId']).toMatch(/^fs-/);
    expect(stack.outputs['BuildVpcId']).toMatch(/^vpc-/);
  });

  it('verifies a build, says what it would do, and moves no link', async () => {
    const { world } = deployment;
    await createReleasePipeline(world, PIPELINE, [{ env: 'dev' }]);
    await setBuildArtifact(world, PIPELINE, stampBuild(world, 'b-1'));

    await startPipeline(world, PIPELINE);

    await expect.poll(readAction).toMatch(/^Succeeded: .*b-1/);
    expect(readLinks(storeFolder(world))).toEqual({});
  });

  it('moves the link after a deployment that changes one parameter', async () => {
    const { world } = deployment;
    const stack = await deployment.deploy({ DryRun: 'false' });
    expect(stack).toMatchObject({ status: 'UPDATE_COMPLETE', parameters: { DryRun: 'false' } });

    await startPipeline(world, PIPELINE);

    await expect.poll(() => readLinks(storeFolder(world))).toEqual({ dev: '../builds/b-1' });
    await expect.poll(readAction).toMatch(/^Succeeded: .*none -> b-1, generation 1\./);
  });

  it('leaves only what hosts read builds through when it is deleted', async () => {
    expect(residueOf('build-promotion', await deployment.remove())).toEqual([]);
  });
});
