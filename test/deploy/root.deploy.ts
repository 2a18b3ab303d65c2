import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Deployment, openDeployment } from './deployment.ts';
import { residueOf } from './residue.ts';

const parameters = {
  DeployAmiApproval: 'true',
  DeployBuildPromotion: 'true',
  Approvers: 'ann@example.com',
  ShareWithAccounts: '111122223333',
};

describe('the root template', () => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await openDeployment('default', 'groundcrew-dry-run');
  });
  afterAll(() => deployment?.close());

  const wings = ['SpotCordon', 'HealthGate', 'DiskAlarms', 'AmiApproval', 'BuildPromotion'];

  it('deploys all wings as nested stacks that share one topic', async () => {
    const stack = await deployment.deploy(parameters);

    expect(stack.status).toBe('CREATE_COMPLETE');
    for (const wing of wings) {
      const nested = await deployment.describeStack(stack.resources[`${wing}Wing`] ?? '');
      expect(nested.status).toBe('CREATE_COMPLETE');
      expect(nested.parameters).toMatchObject({
        DryRun: 'true',
        NotificationTopicArn: stack.outputs['NotificationTopicArn'],
      });
    }
  });

  it('passes a changed parameter to every wing', async () => {
    const stack = await deployment.deploy({ ...parameters, LogRetentionDays: '90' });

    expect(stack.status).toBe('UPDATE_COMPLETE');
    for (const wing of wings) {
      const nested = await deployment.describeStack(stack.resources[`${wing}Wing`] ?? '');
      expect(nested).toMatchObject({ status: 'UPDATE_COMPLETE', parameters: { LogRetentionDays: '90' } });
    }
  });

  it('leaves only what wings keep when it is deleted', async () => {
    expect(residueOf('the root', await deployment.remove())).toEqual([]);
  });
});
