import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Mapping, mapping, optionalText } from '../../json.ts';
import { defineStandIn, type StandInContext } from '../emulated-service.ts';
import { ServiceError } from '../response.ts';

/** moto keeps backup plans and vaults and restores nothing: here items of a folder that stands for EFS come back. */
export default defineStandIn<BackupState>({
  service: 'backup',
  createState: () => ({ points: [], jobs: new Map(), outcomes: [] }),
  operations: {
    ListRecoveryPointsByResource: listRecoveryPoints,
    StartRestoreJob: startRestoreJob,
    DescribeRestoreJob: describeRestoreJob,
  },
});

/** What a scenario arranges. */
export interface RecoveryPoint {
  readonly arn: string;
  /** Of the file system. */
  readonly resourceArn: string;
  /** Milliseconds of the epoch. */
  readonly createdAt: number;
  readonly status: string;
  /** A folder with the file system's content at that time. */
  readonly snapshot: string;
  /** The folder that stands for the file system. */
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
  /** How the next jobs end, in their order; COMPLETED unless told. */
  readonly outcomes: ('COMPLETED' | 'FAILED')[];
}

type Context = StandInContext<BackupState>;

/** A page holds so many. */
const PAGE = 2;
const RESTORE_MS = 25_000;

function listRecoveryPoints(input: Mapping, { state }: Context): Mapping {
  const mine = state.points.filter(({ resourceArn }) => resourceArn === input['ResourceArn']);
  const start = Number(input['nextToken'] ?? 0);
  const page = mine.slice(start, start + PAGE).map(({ arn, createdAt, status }) => ({
    RecoveryPointArn: arn,
    CreationDate: new Date(createdAt),
    Status: status,
    BackupVaultName: 'builds',
  }));
  return { RecoveryPoints: page, ...(start + PAGE < mine.length && { NextToken: String(start + PAGE) }) };
}

function startRestoreJob(input: Mapping, context: Context): Mapping {
  const { state } = context;
  const { IamRoleArn: role, IdempotencyToken: token, RecoveryPointArn: arn, ResourceType: type } = input;
  const point = state.points.find((one) => one.arn === arn);
  if (!point) throw new ServiceError('ResourceNotFoundException', `There is no recovery point ${arn}`);
  if (type !== 'EFS' || !String(role).startsWith('arn:aws:iam::'))
    throw new ServiceError('InvalidParameterValueException', 'A restore of EFS needs its type and a role.');
  // The same token again is the same job.
  const known = [...state.jobs.values()].find((job) => job.token !== undefined && job.token === token);
  if (known) return { RestoreJobId: known.id };
  const items = readItems(mapping(input['Metadata']), point);
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
  context.later(RESTORE_MS, () => restore(job, items, outcome, at));
  return { RestoreJobId: job.id };
}

/** All of the metadata is text, and what is to be restored a list in JSON. */
function readItems(metadata: Mapping, { resourceArn }: RecoveryPoint): readonly string[] {
  const { 'file-system-id': id, ItemsToRestore: items, newFileSystem } = metadata;
  if (newFileSystem !== 'false' || id !== resourceArn.split('/').at(-1))
    throw new ServiceError(
      'InvalidParameterValueException',
      'Only the same file system is restored into here.',
    );
  const paths: unknown = JSON.parse(String(items));
  if (Array.isArray(paths) && paths.every((path) => typeof path === 'string' && path.startsWith('/')))
    return paths;
  throw new ServiceError('InvalidParameterValueException', `ItemsToRestore is ${items}`);
}

/** Into a folder of its own off the root; what the recovery point does not hold is not there afterwards. */
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
  if (!job) throw new ServiceError('ResourceNotFoundException', `There is no job ${input['RestoreJobId']}`);
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
