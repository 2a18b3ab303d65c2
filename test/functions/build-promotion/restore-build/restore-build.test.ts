import {
  BackupClient,
  DescribeRestoreJobCommand,
  ListRecoveryPointsByResourceCommand,
  StartRestoreJobCommand,
} from '@aws-sdk/client-backup';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { restoreBuilds } from '../../../../functions/build-promotion/restore-build/restore-build.ts';
import { fakeInvocation } from '../../../support/handlers/invocation.ts';

// RestoreBuild with simulated replies of BuildStore and AWS Backup.

const lambda = mockClient(LambdaClient);
const backup = mockClient(BackupClient);

interface StoreCall {
  readonly action: string;
  readonly buildId: string;
  readonly jobId?: string;
  readonly restored?: boolean;
}

const config = { store: 'store', fileSystemArn: 'arn:fs', roleArn: 'arn:role', dryRun: false };
const named = (name: string): Error => Object.assign(new Error(`${name} it is`), { name });

/** Jobs under way, by build; a build without one starts a new job. */
let jobs: Record<string, string | undefined>;
let asked: StoreCall[];

beforeEach(() => {
  for (const client of [lambda, backup]) client.reset();
  jobs = {};
  asked = [];
  lambda.on(InvokeCommand).callsFake(async ({ Payload }) => {
    const request: StoreCall = JSON.parse(Buffer.from(Payload).toString());
    asked.push(request);
    const text = JSON.stringify(answerTo(request));
    return { Payload: Object.assign(Buffer.from(text), { transformToString: () => text }) };
  });
  const point = { RecoveryPointArn: 'arn:point', CreationDate: new Date(5), Status: 'COMPLETED' } as const;
  backup.on(ListRecoveryPointsByResourceCommand).resolves({ RecoveryPoints: [point] });
  backup.on(DescribeRestoreJobCommand).resolves({ Status: 'COMPLETED', PercentDone: '100.00%' });
});

function answerTo({ action, buildId, restored }: StoreCall): object {
  if (action === 'list-restores') return { buildIds: Object.keys(jobs) };
  if (action === 'save-restore-job') return { outcome: 'saved', buildId };
  if (action === 'finish-restore')
    return { outcome: restored ? 'restored' : 'missing', buildId, reason: 'no' };
  const presence = { from: 0, until: 9 };
  const jobId = jobs[buildId];
  return { outcome: 'restoring', token: 't', tried: [], path: '/site', presence, ...(jobId && { jobId }) };
}

async function followAll(): Promise<{ result: unknown; lines: string[] }> {
  const { invocation, book } = fakeInvocation({ remainingMs: () => 200_000 });
  const result = await restoreBuilds(undefined, config, invocation).catch((error: unknown) => error);
  return {
    result,
    lines: book.lines.map(({ fields, message }) =>
      [fields['buildId'], message, fields['status']].filter(Boolean).join(' '),
    ),
  };
}

describe('several restores', () => {
  it('a failed one does not stop the others, and the run fails', async () => {
    jobs = { 'b-1': 'j-1', 'b-2': 'j-2' };
    backup.on(DescribeRestoreJobCommand, { RestoreJobId: 'j-1' }).rejects(named('AccessDeniedException'));
    const { lines, result } = await followAll();
    expect(lines).toEqual([
      'b-1 restore step failed, will be retried',
      'b-2 restore step completed restored',
    ]);
    expect(String(result)).toContain('at least one restore step failed');
  });

  it('one whose job no longer exists continues with another recovery point', async () => {
    jobs = { 'b-1': 'j-1', 'b-2': 'j-2' };
    backup.on(DescribeRestoreJobCommand, { RestoreJobId: 'j-1' }).rejects(named('ResourceNotFoundException'));
    const { lines } = await followAll();
    expect(lines).toEqual([
      'b-1 restore job no longer exists',
      'b-1 restore step completed running',
      'b-2 restore step completed restored',
    ]);
    expect(asked).toContainEqual({ action: 'finish-restore', buildId: 'b-1', jobId: 'j-1', restored: false });
  });
});

describe('a recovery point', () => {
  it('that no longer exists counts as tried', async () => {
    jobs = { 'b-1': undefined };
    backup.on(StartRestoreJobCommand).rejects(named('ResourceNotFoundException'));
    const { lines } = await followAll();
    expect(lines).toEqual(['b-1 recovery point no longer exists', 'b-1 restore step completed running']);
    expect(asked.slice(2)).toMatchObject([
      { action: 'save-restore-job', recoveryPoint: 'arn:point', jobId: 'none' },
      { action: 'finish-restore', jobId: 'none', restored: false },
    ]);
    expect(backup.commandCalls(DescribeRestoreJobCommand)).toEqual([]);
  });

  it('without permission to restore it is not abandoned', async () => {
    jobs = { 'b-1': undefined };
    backup.on(StartRestoreJobCommand).rejects(named('AccessDeniedException'));
    const { result } = await followAll();
    expect(String(result)).toContain('at least one restore step failed');
    expect(asked.map(({ action }) => action)).toEqual(['list-restores', 'open-restore']);
  });
});

it('a dry run does not follow an existing job', async () => {
  jobs = { 'b-1': 'j-1' };
  const { invocation } = fakeInvocation();
  expect(await restoreBuilds({ buildId: 'b-1' }, { ...config, dryRun: true }, invocation)).toMatchObject({
    status: 'planned',
    reason: 'dry run: job j-1 is not followed',
  });
  expect(asked.map(({ action }) => action)).toEqual(['open-restore']);
});
