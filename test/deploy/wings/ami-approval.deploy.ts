import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { DescribeImageAttributeCommand, EC2Client } from '@aws-sdk/client-ec2';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approve } from '../../../local/scenarios/ami-approval/approvers.ts';
import { type Build, createBuild } from '../../../local/scenarios/ami-approval/builds.ts';
import { imageStateChange } from '../../../local/scenarios/ami-approval/events.ts';
import { type Deployment, openDeployment } from '../deployment.ts';
import { residueOf } from '../residue.ts';

const OWNER = '111122223333';
const parameters = {
  Approvers: 'ann@example.com,ben@example.com',
  Accounts: OWNER,
  Pipelines: 'web-*',
};

describe('ami-approval', () => {
  let deployment: Deployment;
  let build: Build;
  beforeAll(async () => {
    deployment = await openDeployment('ami-approval', 'groundcrew-ami-approval');
    build = await createBuild(deployment.world);
  });
  afterAll(() => deployment?.close());

  const countRecords = async (): Promise<number> => {
    const command = new ScanCommand({ TableName: deployment.world.ref('Approvals') });
    return (await deployment.world.client(DynamoDBClient).send(command)).Items?.length ?? 0;
  };
  const sweep = (): Promise<unknown> =>
    deployment.world.invoke('SweepApprovals', {
      version: '0',
      id: 'by-hand',
      'detail-type': 'Scheduled Event',
      source: 'aws.scheduler',
      account: deployment.world.accountId,
      time: new Date().toISOString(),
      region: deployment.world.region,
      resources: [],
      detail: '{}',
    });
  const listApproverTopics = async (): Promise<string[]> => {
    const { Topics = [] } = await deployment.world.client(SNSClient).send(new ListTopicsCommand({}));
    return Topics.map(({ TopicArn = '' }) => TopicArn).filter((arn) => arn.includes('-approver-'));
  };
  const listSharedAccounts = async (): Promise<(string | undefined)[]> => {
    const [ami] = build.amis;
    const command = new DescribeImageAttributeCommand({ ImageId: ami?.id, Attribute: 'launchPermission' });
    const { LaunchPermissions = [] } = await deployment.world.client(EC2Client).send(command);
    return LaunchPermissions.map(({ UserId }) => UserId);
  };

  it('deploys as a dry run with approvers and an account', async () => {
    const stack = await deployment.deploy(parameters);

    expect(stack.status).toBe('CREATE_COMPLETE');
    expect(stack.parameters['DryRun']).toBe('true');
    await sweep();
    expect(await listApproverTopics()).toEqual([]);
  });

  it('logs whom it would ask about a finished build, and asks nobody', async () => {
    await deployment.world.put(imageStateChange(deployment.world, build.imageArn, 'AVAILABLE'));

    await expect
      .poll(() => deployment.logs('RequestApproval'))
      .toContainEqual(expect.objectContaining({ dryRun: true }));
    expect(await countRecords()).toBe(0);
  });

  it('asks the approvers after a deployment that changes one parameter', async () => {
    const { world } = deployment;
    const stack = await deployment.deploy({ ...parameters, DryRun: 'false' });
    expect(stack).toMatchObject({ status: 'UPDATE_COMPLETE', parameters: { DryRun: 'false' } });
    await sweep();
    expect(await listApproverTopics()).toHaveLength(2);
    await world.openMailbox();

    await world.put(imageStateChange(world, build.imageArn, 'AVAILABLE'));

    await expect.poll(deployment.receiveMails).toHaveLength(2);
    expect(
      world
        .mails()
        .map(({ to }) => to)
        .toSorted(),
    ).toEqual(['ann@example.com', 'ben@example.com']);
    expect(await countRecords()).toBeGreaterThan(0);
  });

  it('shares the image when an approver approves it on the page of their link', async () => {
    const { status } = await approve(deployment.world, 'ann');

    expect(status).toBe(303);
    await expect.poll(listSharedAccounts).toEqual([OWNER]);
  });

  it('leaves only the record of approvals and the topics of approvers when it is deleted', async () => {
    expect(residueOf('ami-approval', await deployment.remove())).toEqual([]);
  });
});
