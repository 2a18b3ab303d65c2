import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Mapping, mapping, optionalText } from '../../json.ts';
import { defineEmulatedService, type ServiceContext } from '../emulated-service.ts';
import { ServiceError } from '../response.ts';

/** moto keeps backup plans and vaults but cannot restore. Here a restore copies files into the folder of an EFS. */
export default defineEmulatedService<BackupState>({
  service: 'backup',
  createState: () => ({ points: [], jobs: new Map(), outcomes: [] }),
  operations: {
    ListRecoveryPointsByResource: listRecoveryPoints,
    StartRestoreJob: startRestoreJob,
    DescribeRestoreJob: describeRestoreJob,
  },
});

/** Scenarios create these. */
export interface RecoveryPoint {
  readonly arn: string;
  /** The ARN of the file system. */
  readonly resourceArn: string;
  /** In milliseconds since 1970. */
  readonly createdAt: number;
  readonly status: string;
  /** A folder with the content of the file system at that time. */
  readonly snapshot: string;
  /** The folder that represents the file system. */
  readonly target: string;
}

interface RestoreJob {
  readonly id: string;
  readonly token: string | undefined;
  readonly point: RecoveryPoint;
  status: 'RUNNING' | 'COMPLETED' | 'FAILED';
  percent: string;
}

export interface BackupState {
  readonly points: RecoveryPoint[];
  readonly jobs: Map<string, RestoreJob>;
  /** How the next jobs end, in order. COMPLETED if the list is empty. */
  readonly outcomes: ('COMPLETED' | 'FAILED')[];
}

type Context = ServiceContext<BackupState>;

/** Small, so that scenarios need a second page. */
const PAGE_SIZE = 2;
const RESTORE_MS = 25_000;

function listRecoveryPoints(input: Mapping, { state }: Context): Mapping {
  const points = state.points.filter(({ resourceArn }) => resourceArn === input['ResourceArn']);
  const start = Number(input['nextToken'] ?? 0);
  const page = points.slice(start, start + PAGE_SIZE).map(({ arn, createdAt, status }) => ({
    RecoveryPointArn: arn,
    CreationDate: new Date(createdAt),
    Status: status,
    BackupVaultName: 'builds',
  }));
  return {
    RecoveryPoints: page,
    ...(start + PAGE_SIZE < points.length && { NextToken: String(start + PAGE_SIZE) }),
  };
}

function startRestoreJob(input: Mapping, context: Context): Mapping {
  const { state } = context;
  const { IamRoleArn: role, IdempotencyToken: token, RecoveryPointArn: arn, ResourceType: type } = input;
  const point = state.points.find((one) => one.arn === arn);
  if (!point)
    throw new ServiceError(
      'ResourceNotFoundException',
      `RecoveryPointArn: there is no recovery point ${arn}`,
    );
  if (type !== 'EFS' || !String(role).startsWith('arn:aws:iam::'))
    throw new ServiceError(
      'InvalidParameterValueException',
      'A restore of EFS needs ResourceType EFS and an IamRoleArn.',
    );
  // AWS Backup returns the same job for the same token.
  const known = [...state.jobs.values()].find((job) => job.token !== undefined && job.token === token);
  if (known) return { RestoreJobId: known.id };
  const items = parseItems(mapping(input['Metadata']), point);
  const job: RestoreJob = {
    id: randomUUID(),
    token: optionalText(token),
    point,
    status: 'RUNNING',
    percent: '0.00%',
  };
  state.jobs.set(job.id, job);
  const outcome = state.outcomes.shift() ?? 'COMPLETED';
  const at = context.now();
  context.runLater(RESTORE_MS, () => restore(job, items, outcome, at));
  return { RestoreJobId: job.id };
}

/** All metadata is text. ItemsToRestore is a list in JSON. */
function parseItems(metadata: Mapping, { resourceArn }: RecoveryPoint): readonly string[] {
  const { 'file-system-id': id, ItemsToRestore: items, newFileSystem } = metadata;
  if (newFileSystem !== 'false' || id !== resourceArn.split('/').at(-1))
    throw new ServiceError(
      'InvalidParameterValueException',
      'The local AWS Backup restores only into the same file system.',
    );
  const paths: unknown = JSON.parse(String(items));
  if (Array.isArray(paths) && paths.every((path) => typeof path === 'string' && path.startsWith('/')))
    return paths;
  throw new ServiceError(
    'InvalidParameterValueException',
    `ItemsToRestore: expected a JSON list of absolute paths, got ${items}`,
  );
}

/** Restores into a new folder below the root. Items that the recovery point does not contain are skipped. */
function restore(
  job: RestoreJob,
  items: readonly string[],
  outcome: 'COMPLETED' | 'FAILED',
  startedAt: number,
): void {
  const { snapshot, target } = job.point;
  const time = new Date(startedAt).toISOString().replaceAll(':', '-').replace('.', '-');
  const prefix = outcome === 'COMPLETED' ? 'aws-backup-restore' : 'aws-backup-failed-restore';
  for (const item of items.filter((path) => existsSync(join(snapshot, path)))) {
    const place = join(target, `${prefix}_${time}`, item);
    mkdirSync(dirname(place), { recursive: true });
    cpSync(join(snapshot, item), place, { recursive: true, verbatimSymlinks: true });
  }
  job.status = outcome;
  job.percent = outcome === 'COMPLETED' ? '100.00%' : '40.00%';
}

function describeRestoreJob(input: Mapping, { state }: Context): Mapping {
  const job = state.jobs.get(String(input['RestoreJobId']));
  if (!job)
    throw new ServiceError(
      'ResourceNotFoundException',
      `RestoreJobId: there is no job ${input['RestoreJobId']}`,
    );
  const { id, percent, point, status } = job;
  return {
    RestoreJobId: id,
    RecoveryPointArn: point.arn,
    Status: status,
    PercentDone: percent,
    ResourceType: 'EFS',
    ...(status === 'COMPLETED' && { CreatedResourceArn: point.resourceArn }),
    ...(status === 'FAILED' && { StatusMessage: 'The restore was interrupted.' }),
  };
}
