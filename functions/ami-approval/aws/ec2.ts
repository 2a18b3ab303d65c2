import {
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotsCommand,
  EC2Client,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import { createClient } from '#shared/aws/client.ts';
import { chunk } from '#shared/concurrency.ts';
import { hasName } from '#shared/errors.ts';
import type { Permission } from '../domain/share-targets.ts';
import type { Ec2Image } from '../domain/sharing-rules.ts';

/** Accounts in one call. Source: ModifySnapshotAttribute. */
const MAX_ACCOUNTS = 500;

const clients = new Map<string, EC2Client>();

/** EC2 changes an AMI only through the endpoint of its Region. */
function ec2In(region: string): EC2Client {
  const known = clients.get(region);
  if (known) return known;
  const client = createClient(EC2Client, { deadlineMs: 12_000, region });
  clients.set(region, client);
  return client;
}

/** @returns undefined if the AMI no longer exists or belongs to another account */
export async function describeAmi(
  region: string,
  id: string,
  signal: AbortSignal,
): Promise<Ec2Image | undefined> {
  try {
    const command = new DescribeImagesCommand({ ImageIds: [id], Owners: ['self'] });
    const { Images = [] } = await ec2In(region).send(command, { abortSignal: signal });
    const image = Images.find(({ ImageId }) => ImageId === id);
    if (!image) return undefined;
    const volumes = (image.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => (Ebs?.SnapshotId ? [Ebs] : []));
    return {
      state: image.State ?? 'unknown',
      deprecatedAt: image.DeprecationTime === undefined ? undefined : Date.parse(image.DeprecationTime),
      tags: Object.fromEntries((image.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
      snapshots: volumes.map(({ SnapshotId }) => SnapshotId ?? ''),
      isEncrypted: volumes.some(({ Encrypted }) => Encrypted === true),
    };
  } catch (error) {
    if (hasName(error, 'InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable')) return undefined;
    throw error;
  }
}

/** @returns the ARNs of the KMS keys that encrypt these snapshots */
export async function listSnapshotKeys(
  region: string,
  snapshots: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const command = new DescribeSnapshotsCommand({ SnapshotIds: [...snapshots] });
  const { Snapshots = [] } = await ec2In(region).send(command, { abortSignal: signal });
  return [...new Set(Snapshots.flatMap(({ KmsKeyId }) => (KmsKeyId ? [KmsKeyId] : [])))];
}

/** Adds launch permissions. EC2 ignores the ones that are already there. */
export async function addLaunchPermissions(
  { region, id }: { readonly region: string; readonly id: string },
  permissions: readonly Permission[],
  signal: AbortSignal,
): Promise<void> {
  const Add = permissions.map(({ UserId, OrganizationArn, OrganizationalUnitArn }) => ({
    ...(UserId !== undefined && { UserId }),
    ...(OrganizationArn !== undefined && { OrganizationArn }),
    ...(OrganizationalUnitArn !== undefined && { OrganizationalUnitArn }),
  }));
  const command = new ModifyImageAttributeCommand({ ImageId: id, LaunchPermission: { Add } });
  await ec2In(region).send(command, { abortSignal: signal });
}

export async function readLaunchPermissions(
  { region, id }: { readonly region: string; readonly id: string },
  signal: AbortSignal,
): Promise<readonly Permission[]> {
  const command = new DescribeImageAttributeCommand({ ImageId: id, Attribute: 'launchPermission' });
  const { LaunchPermissions = [] } = await ec2In(region).send(command, { abortSignal: signal });
  return LaunchPermissions.map(({ UserId, Group, OrganizationArn, OrganizationalUnitArn }) => ({
    ...(UserId !== undefined && { UserId }),
    ...(Group !== undefined && { Group }),
    ...(OrganizationArn !== undefined && { OrganizationArn }),
    ...(OrganizationalUnitArn !== undefined && { OrganizationalUnitArn }),
  }));
}

/** Allows accounts to create volumes from a snapshot and to copy it. */
export async function addVolumePermissions(
  region: string,
  snapshot: string,
  accounts: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const UserIds of chunk(accounts, MAX_ACCOUNTS)) {
    const command = new ModifySnapshotAttributeCommand({
      SnapshotId: snapshot,
      Attribute: 'createVolumePermission',
      OperationType: 'add',
      UserIds,
    });
    await ec2In(region).send(command, { abortSignal: signal });
  }
}

export async function readVolumePermissions(
  region: string,
  snapshot: string,
  signal: AbortSignal,
): Promise<readonly Permission[]> {
  const command = new DescribeSnapshotAttributeCommand({
    SnapshotId: snapshot,
    Attribute: 'createVolumePermission',
  });
  const { CreateVolumePermissions = [] } = await ec2In(region).send(command, { abortSignal: signal });
  return CreateVolumePermissions.flatMap(({ UserId }) => (UserId === undefined ? [] : [{ UserId }]));
}
