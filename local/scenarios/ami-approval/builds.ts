import { CopyImageCommand, CreateTagsCommand, EC2Client, RegisterImageCommand } from '@aws-sdk/client-ec2';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { ParameterAlreadyExists, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { Mapping } from '../../json.ts';
import { emulatedState } from '../../scenario-kit/emulated-state.ts';
import type { World } from '../../scenario-kit/world.ts';

export const HOME_REGION = 'eu-west-1';
export const OTHER_REGION = 'us-east-1';
const ACCOUNT = '111122223333';
const COPYING_ACCOUNT = '444455556666';
export const ORGANIZATION = 'arn:aws:organizations::999999999999:organization/o-a1b2c3d4e5';
const ORGANIZATIONAL_UNIT = 'arn:aws:organizations::999999999999:ou/o-a1b2c3d4e5/ou-f6g7-h8i9j0k1';

const SETTINGS = '/groundcrew/ami-approval';

/** Three approvers. One approval is enough for builds that nobody started. */
export const parameters = {
  Approvers: 'ann@example.com,ben@example.com,cem@example.com',
  BarInitiator: 'true',
  Accounts: `${ACCOUNT}=shop`,
  Organizations: ORGANIZATION,
  OrganizationalUnits: ORGANIZATIONAL_UNIT,
  CopyingAccounts: COPYING_ACCOUNT,
  SettingsParameter: SETTINGS,
  Pipelines: 'web-*,shop-*',
  OwnerEmail: 'owners@example.com',
  ChatTopic: 'true',
  BuildTopicArn: 'arn:aws:sns:eu-west-1:123456789012:image-builds',
};

class OtherRegionEc2Client extends EC2Client {
  constructor(config: object) {
    super({ ...config, region: OTHER_REGION });
  }
}

export function ec2Client(world: World, region: string): EC2Client {
  return world.client(region === OTHER_REGION ? OtherRegionEc2Client : EC2Client);
}

export interface Build {
  readonly imageArn: string;
  readonly amis: readonly Ami[];
}

export interface Ami {
  readonly region: string;
  readonly id: string;
}

export interface BuildInput {
  readonly regions?: readonly string[];
  readonly status?: string;
  readonly reason?: string;
  /** SCHEDULED: nobody started the build, and one approval is enough. */
  readonly buildType?: 'SCHEDULED' | 'USER_INITIATED';
  readonly tags?: Readonly<Record<string, string>>;
  readonly launchPermission?: object;
  readonly encryption?: 'aws/ebs' | 'own key';
  readonly keyPolicy?: object;
  /** Its image pipeline. The wing takes charge of `web-*`. */
  readonly pipeline?: string;
  /** Its version and build number, and that of its recipe. */
  readonly version?: string;
  /** Component versions in its recipe: `nginx/1.0.2/1`. */
  readonly components?: readonly string[];
  /** Names and versions of its packages. */
  readonly packages?: Readonly<Record<string, string>>;
  /** Its test workflows. */
  readonly tests?: readonly object[];
  readonly scan?: string;
  /** What the scan has found. */
  readonly severityCounts?: Readonly<Record<string, number>>;
}

/** Creates a build in Image Builder, with its AMIs in EC2. */
export async function createBuild(world: World, seed: BuildInput = {}): Promise<Build> {
  const { regions = [HOME_REGION], status = 'AVAILABLE', reason, buildType = 'SCHEDULED', tags = {} } = seed;
  await createSettings(world);
  const version = seed.version ?? '1.4.0/7';
  const owner = `arn:aws:imagebuilder:${world.region}:${world.accountId}`;
  const imageArn = `${owner}:image/web-server/${version}`;
  const amis: Ami[] = [];
  for (const region of regions) amis.push({ region, id: await createAmi(world, region, imageArn, seed) });
  const { images, packages, severityCounts, workflows } = emulatedState(world, 'imagebuilder');
  if (seed.severityCounts) severityCounts.set(imageArn, seed.severityCounts);
  packages.set(imageArn, toPackages(seed.packages));
  workflows.set(
    imageArn,
    (seed.tests ?? []).map((one) => ({ type: 'TEST', ...one })),
  );
  images.set(imageArn, {
    arn: imageArn,
    type: 'AMI',
    name: 'web-server',
    version,
    platform: 'Linux',
    osVersion: 'Amazon Linux 2023',
    state: { status, ...(reason !== undefined && { reason }) },
    imageRecipe: {
      name: 'web-server',
      version: version.replace(/\/.*/, ''),
      parentImage: 'arn:aws:imagebuilder:eu-west-1:aws:image/amazon-linux-2023-x86/x.x.x',
      components: (seed.components ?? []).map((one) => ({ componentArn: `${owner}:component/${one}` })),
    },
    enhancedImageMetadataEnabled: seed.packages !== undefined,
    imageTestsConfiguration: { imageTestsEnabled: true, timeoutMinutes: 720 },
    ...(seed.scan !== undefined && { scanState: { status: seed.scan } }),
    sourcePipelineName: seed.pipeline ?? 'web-server-weekly',
    distributionConfiguration: { distributions: [toDistribution(world.region, seed.launchPermission)] },
    outputResources: { amis: amis.map(({ region, id }) => toOutput(world, region, id)) },
    buildType,
    tags,
  });
  return { imageArn, amis };
}

/** Settings of single pipelines: none, unless a scenario saves some. */
export async function createSettings(world: World): Promise<void> {
  try {
    await saveSettings(world, {}, false);
  } catch (error) {
    if (!(error instanceof ParameterAlreadyExists)) throw error;
  }
}

export async function saveSettings(world: World, settings: unknown, Overwrite = true): Promise<void> {
  const Value = typeof settings === 'string' ? settings : JSON.stringify(settings);
  await world
    .client(SSMClient)
    .send(new PutParameterCommand({ Name: SETTINGS, Type: 'String', Value, Overwrite }));
}

function toPackages(packages: Readonly<Record<string, string>> = {}): Mapping[] {
  return Object.entries(packages).map(([packageName, packageVersion]) => ({ packageName, packageVersion }));
}

function toDistribution(region: string, launchPermission: object | undefined): object {
  return { region, amiDistributionConfiguration: { ...(launchPermission && { launchPermission }) } };
}

function toOutput(world: World, region: string, image: string): object {
  return { region, image, name: 'web-server 2026-11-20T10-00-00Z', accountId: world.accountId };
}

async function createAmi(world: World, region: string, imageArn: string, seed: BuildInput): Promise<string> {
  const ec2 = ec2Client(world, region);
  const plain = await ec2.send(new RegisterImageCommand({ Name: 'web-server' }));
  const id = seed.encryption
    ? await createEncryptedCopy(world, plain.ImageId ?? '', seed)
    : (plain.ImageId ?? '');
  const Tags = [
    { Key: 'CreatedBy', Value: 'EC2 Image Builder' },
    { Key: 'Ec2ImageBuilderArn', Value: imageArn },
  ];
  await ec2.send(new CreateTagsCommand({ Resources: [id], Tags }));
  return id;
}

async function createEncryptedCopy(
  world: World,
  id: string,
  { encryption, keyPolicy }: BuildInput,
): Promise<string> {
  const key = encryption === 'own key' ? await createKey(world, keyPolicy) : undefined;
  const command = new CopyImageCommand({
    Name: 'web-server',
    SourceImageId: id,
    SourceRegion: HOME_REGION,
    Encrypted: true,
    ...(key !== undefined && { KmsKeyId: key }),
  });
  return (await ec2Client(world, HOME_REGION).send(command)).ImageId ?? '';
}

async function createKey(world: World, policy: object = keyPolicyForTargets(world)): Promise<string> {
  const command = new CreateKeyCommand({ Policy: JSON.stringify(policy) });
  return (await world.client(KMSClient).send(command)).KeyMetadata?.Arn ?? '';
}

/** A key policy that names all targets except the copying account. */
function keyPolicyForTargets(world: World): object {
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

export const STEP_ID = 'step-0a1b2c3d-0000-4000-8000-000000000001';

export interface WaitingBuildInput extends BuildInput {
  readonly timeoutSeconds?: number;
  readonly stepName?: string;
}

/** Creates a build that waits at a step of its test workflow. */
export async function createWaitingBuild(
  world: World,
  { timeoutSeconds = 604_800, stepName = 'ApproveImage', ...seed }: WaitingBuildInput = {},
): Promise<Build> {
  const created = await createBuild(world, {
    ...seed,
    status: 'TESTING',
    launchPermission: { organizationArns: [ORGANIZATION] },
  });
  emulatedState(world, 'imagebuilder').steps.set(STEP_ID, {
    imageArn: created.imageArn,
    name: stepName,
    startedAt: world.clock.now(),
    timeoutSeconds,
  });
  return created;
}

/** Changes with whom the distribution settings share the image. */
export function changeDistribution(world: World, { imageArn }: Build, launchPermission: object): void {
  const { images } = emulatedState(world, 'imagebuilder');
  const distributions = [toDistribution(world.region, launchPermission)];
  images.set(imageArn, { ...images.get(imageArn), distributionConfiguration: { distributions } });
}
