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

export interface RestoreRequest {
  readonly recoveryPoint: string;
  readonly fileSystemArn: string;
  readonly roleArn: string;
  /** From the root of the file system, not of an access point. */
  readonly path: string;
  /** AWS Backup starts one job per token, even if the call is repeated. */
  readonly token: string;
}

/** Restores one folder into a new folder at the root of the same file system. @returns the job id */
export async function startRestoreJob(request: RestoreRequest, signal: AbortSignal): Promise<string> {
  const command = new StartRestoreJobCommand({
    RecoveryPointArn: request.recoveryPoint,
    IamRoleArn: request.roleArn,
    ResourceType: 'EFS',
    IdempotencyToken: request.token,
    // Every value is a string; the list of items is JSON in a string.
    Metadata: {
      'file-system-id': request.fileSystemArn.split('/').at(-1) ?? '',
      newFileSystem: 'false',
      Encrypted: 'true',
      ItemsToRestore: JSON.stringify([request.path]),
    },
  });
  const { RestoreJobId } = await backup.send(command, { abortSignal: signal });
  if (!RestoreJobId) throw new GroundcrewError('AWS Backup started a restore but returned no job id');
  return RestoreJobId;
}

export interface RestoreJob {
  readonly status: string;
  readonly percent: number;
  readonly message: string;
}

export async function describeRestoreJob(jobId: string, signal: AbortSignal): Promise<RestoreJob> {
  const command = new DescribeRestoreJobCommand({ RestoreJobId: jobId });
  const { PercentDone, Status, StatusMessage } = await backup.send(command, { abortSignal: signal });
  return {
    status: Status ?? '',
    percent: Number.parseFloat(PercentDone ?? '') || 0, // "12.00%"
    message: StatusMessage ?? '',
  };
}
