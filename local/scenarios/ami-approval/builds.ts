import { CopyImageCommand, CreateTagsCommand, EC2Client, RegisterImageCommand } from '@aws-sdk/client-ec2';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import type { World } from '../../pack/world.ts';
import { emulatedState } from '../../scenario-kit/emulated-state.ts';

export const HOME = 'eu-west-1';
export const AWAY = 'us-east-1';
const ACCOUNT = '111122223333';
const COPIER = '444455556666';
export const ORGANIZATION = 'arn:aws:organizations::999999999999:organization/o-a1b2c3d4e5';
const UNIT = 'arn:aws:organizations::999999999999:ou/o-a1b2c3d4e5/ou-f6g7-h8i9j0k1';

/** The wing as the scenarios need it: three approvers, of whom one suffices where it is known who started the build. */
export const parameters = {
  DeployAmiApproval: 'true',
  AmiApprovalApprovers: 'ann@example.com,ben@example.com,cem@example.com',
  AmiApprovalBarInitiator: 'true',
  AmiApprovalAccounts: ACCOUNT,
  AmiApprovalOrganizations: ORGANIZATION,
  AmiApprovalOrganizationalUnits: UNIT,
  AmiApprovalCopyingAccounts: COPIER,
  AmiApprovalOwnerEmail: 'owners@example.com',
  AmiApprovalBuildTopicArn: 'arn:aws:sns:eu-west-1:123456789012:image-builds',
};

class AwayEc2 extends EC2Client {
  constructor(config: object) {
    super({ ...config, region: AWAY });
  }
}

export function ec2In(world: World, region: string): EC2Client {
  return world.client(region === AWAY ? AwayEc2 : EC2Client);
}

export interface Build {
  readonly imageArn: string;
  readonly amis: readonly Ami[];
}

export interface Ami {
  readonly region: string;
  readonly id: string;
}

export interface BuildSeed {
  readonly regions?: readonly string[];
  readonly status?: string;
  readonly reason?: string;
  /** SCHEDULED: nobody started it, and one approval is enough. */
  readonly buildType?: 'SCHEDULED' | 'USER_INITIATED';
  readonly tags?: Readonly<Record<string, string>>;
  readonly launchPermission?: object;
  readonly encryption?: 'aws/ebs' | 'own key';
  readonly keyPolicy?: object;
}

/** A build of the image that Image Builder knows, with its AMIs in EC2. */
export async function build(world: World, seed: BuildSeed = {}): Promise<Build> {
  const { regions = [HOME], status = 'AVAILABLE', reason, buildType = 'SCHEDULED', tags = {} } = seed;
  const imageArn = `arn:aws:imagebuilder:${world.region}:${world.accountId}:image/web-server/1.4.0/7`;
  const amis: Ami[] = [];
  for (const region of regions) amis.push({ region, id: await makeAmi(world, region, imageArn, seed) });
  emulatedState(world, 'imagebuilder').images.set(imageArn, {
    arn: imageArn,
    type: 'AMI',
    name: 'web-server',
    version: '1.4.0/7',
    platform: 'Linux',
    osVersion: 'Amazon Linux 2023',
    state: { status, ...(reason !== undefined && { reason }) },
    imageRecipe: {
      name: 'web-server',
      version: '1.4.0',
      parentImage: 'arn:aws:imagebuilder:eu-west-1:aws:image/amazon-linux-2023-x86/x.x.x',
    },
    sourcePipelineName: 'web-server-weekly',
    distributionConfiguration: { distributions: [distributionOf(world.region, seed.launchPermission)] },
    outputResources: { amis: amis.map(({ region, id }) => outputOf(world, region, id)) },
    buildType,
    tags,
  });
  return { imageArn, amis };
}

function distributionOf(region: string, launchPermission: object | undefined): object {
  return { region, amiDistributionConfiguration: { ...(launchPermission && { launchPermission }) } };
}

function outputOf(world: World, region: string, image: string): object {
  return { region, image, name: 'web-server 2026-11-20T10-00-00Z', accountId: world.accountId };
}

async function makeAmi(world: World, region: string, imageArn: string, seed: BuildSeed): Promise<string> {
  const ec2 = ec2In(world, region);
  const plain = await ec2.send(new RegisterImageCommand({ Name: 'web-server' }));
  const id = seed.encryption ? await encrypt(world, plain.ImageId ?? '', seed) : (plain.ImageId ?? '');
  const Tags = [
    { Key: 'CreatedBy', Value: 'EC2 Image Builder' },
    { Key: 'Ec2ImageBuilderArn', Value: imageArn },
  ];
  await ec2.send(new CreateTagsCommand({ Resources: [id], Tags }));
  return id;
}

async function encrypt(world: World, id: string, { encryption, keyPolicy }: BuildSeed): Promise<string> {
  const key = encryption === 'own key' ? await makeKey(world, keyPolicy) : undefined;
  const command = new CopyImageCommand({
    Name: 'web-server',
    SourceImageId: id,
    SourceRegion: HOME,
    Encrypted: true,
    ...(key !== undefined && { KmsKeyId: key }),
  });
  return (await ec2In(world, HOME).send(command)).ImageId ?? '';
}

async function makeKey(world: World, policy: object = openPolicy(world)): Promise<string> {
  const command = new CreateKeyCommand({ Policy: JSON.stringify(policy) });
  return (await world.client(KMSClient).send(command)).KeyMetadata?.Arn ?? '';
}

/** Names all targets but the account that copies. */
function openPolicy(world: World): object {
  const statement = (Sid: string, Principal: unknown, Condition?: object): object => ({
    Sid,
    Effect: 'Allow',
    Principal,
    Action: 'kms:*',
    Resource: '*',
    ...(Condition && { Condition }),
  });
  const paths = 'o-a1b2c3d4e5/r-f6g7/ou-f6g7-h8i9j0k1/*';
  return {
    Version: '2012-10-17',
    Statement: [
      statement('Ours', { AWS: `arn:aws:iam::${world.accountId}:root` }),
      statement('Theirs', { AWS: `arn:aws:iam::${ACCOUNT}:root` }),
      statement('AllOfUs', '*', { 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': paths } }),
    ],
  };
}

export const STEP = 'step-0a1b2c3d-0000-4000-8000-000000000001';

/** A build that waits at a step of its test workflow. */
export async function waitingBuild(world: World, timeoutSeconds = 604_800): Promise<Build> {
  const made = await build(world, {
    status: 'TESTING',
    launchPermission: { organizationArns: [ORGANIZATION] },
  });
  emulatedState(world, 'imagebuilder').steps.set(STEP, {
    imageArn: made.imageArn,
    name: 'ApproveImage',
    startedAt: world.clock.now(),
    timeoutSeconds,
  });
  return made;
}

/** The distribution settings give the image to somebody else from now on. */
export function redistribute(world: World, { imageArn }: Build, launchPermission: object): void {
  const { images } = emulatedState(world, 'imagebuilder');
  const distributions = [distributionOf(world.region, launchPermission)];
  images.set(imageArn, { ...images.get(imageArn), distributionConfiguration: { distributions } });
}
