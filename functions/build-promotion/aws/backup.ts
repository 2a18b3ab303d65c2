import {
  BackupClient,
  DescribeRestoreJobCommand,
  ListRecoveryPointsByResourceCommand,
  StartRestoreJobCommand,
} from '@aws-sdk/client-backup';
import { createClient } from '#shared/aws/client.ts';
import { paginate } from '#shared/aws/pages.ts';
import { GroundcrewError } from '#shared/errors.ts';
import type { RecoveryPoint } from '../domain/recovery-point.ts';

const backup = createClient(BackupClient, { deadlineMs: 10_000 });

export async function listRecoveryPoints(
  fileSystemArn: string,
  signal: AbortSignal,
): Promise<RecoveryPoint[]> {
  return paginate<RecoveryPoint, string>(async (next) => {
    const command = new ListRecoveryPointsByResourceCommand({
      ResourceArn: fileSystemArn,
      ...(next && { NextToken: next }),
    });
    const { NextToken, RecoveryPoints = [] } = await backup.send(command, { abortSignal: signal });
    const items = RecoveryPoints.map((point) => ({
      arn: point.RecoveryPointArn ?? '',
      createdAt: point.CreationDate?.getTime() ?? 0,
      status: point.Status ?? '',
    }));
    return { items, next: NextToken };
  });
}

export interface RestoreWish {
  readonly recoveryPoint: string;
  readonly fileSystemArn: string;
  readonly roleArn: string;
  /** From the root of the file system, whatever access point one sees it through. */
  readonly path: string;
  /** The same token starts one job, however often it is sent. */
  readonly token: string;
}

/** Restores one folder into a new one off the root of the same file system. @returns the job's id */
export async function startRestore(wish: RestoreWish, signal: AbortSignal): Promise<string> {
  const command = new StartRestoreJobCommand({
    RecoveryPointArn: wish.recoveryPoint,
    IamRoleArn: wish.roleArn,
    ResourceType: 'EFS',
    IdempotencyToken: wish.token,
    // All of it is text, and the list of items JSON in a text.
    Metadata: {
      'file-system-id': wish.fileSystemArn.split('/').at(-1) ?? '',
      newFileSystem: 'false',
      Encrypted: 'true',
      ItemsToRestore: JSON.stringify([wish.path]),
    },
  });
  const { RestoreJobId } = await backup.send(command, { abortSignal: signal });
  if (!RestoreJobId) throw new GroundcrewError('AWS Backup started a restore and gave no id for it');
  return RestoreJobId;
}

export interface RestoreJob {
  readonly status: string;
  readonly percent: number;
  readonly message: string;
}

export async function describeRestore(jobId: string, signal: AbortSignal): Promise<RestoreJob> {
  const command = new DescribeRestoreJobCommand({ RestoreJobId: jobId });
  const { PercentDone, Status, StatusMessage } = await backup.send(command, { abortSignal: signal });
  return {
    status: Status ?? '',
    percent: Number.parseFloat(PercentDone ?? '') || 0, // "12.00%"
    message: StatusMessage ?? '',
  };
}
