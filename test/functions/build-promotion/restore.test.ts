import {
  BackupClient,
  DescribeRestoreJobCommand,
  ListRecoveryPointsByResourceCommand,
  StartRestoreJobCommand,
} from '@aws-sdk/client-backup';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { restoreBuilds } from '../../../functions/build-promotion/restore-build/restore-build.ts';
import { fakeInvocation } from '../../support/invocation.ts';

// RestoreBuild between a store and an AWS Backup that are told what to answer.

const lambda = mockClient(LambdaClient);
const backup = mockClient(BackupClient);

interface Asked {
  readonly action: string;
  readonly buildId: string;
  readonly jobId?: string;
  readonly restored?: boolean;
}

const config = { store: 'store', fileSystemArn: 'arn:fs', roleArn: 'arn:role', dryRun: false };
const named = (name: string): Error => Object.assign(new Error(`${name} it is`), { name });

/** Jobs under way, by build; a build without one begins anew. */
let jobs: Record<string, string | undefined>;
let asked: Asked[];

beforeEach(() => {
  for (const client of [lambda, backup]) client.reset();
  jobs = {};
  asked = [];
  lambda.on(InvokeCommand).callsFake(async ({ Payload }) => {
    const request: Asked = JSON.parse(Buffer.from(Payload).toString());
    asked.push(request);
    const text = JSON.stringify(answerTo(request));
    return { Payload: Object.assign(Buffer.from(text), { transformToString: () => text }) };
  });
  const point = { RecoveryPointArn: 'arn:point', CreationDate: new Date(5), Status: 'COMPLETED' } as const;
  backup.on(ListRecoveryPointsByResourceCommand).resolves({ RecoveryPoints: [point] });
  backup.on(DescribeRestoreJobCommand).resolves({ Status: 'COMPLETED', PercentDone: '100.00%' });
});

function answerTo({ action, buildId, restored }: Asked): object {
  if (action === 'restores') return { buildIds: Object.keys(jobs) };
  if (action === 'save-restore-job') return { outcome: 'saved', buildId };
  if (action === 'finish-restore')
    return { outcome: restored ? 'restored' : 'missing', buildId, reason: 'no' };
  const sighting = { from: 0, until: 9 };
  const jobId = jobs[buildId];
  return { outcome: 'restoring', token: 't', tried: [], path: '/site', sighting, ...(jobId && { jobId }) };
}

async function followAll(): Promise<{ result: unknown; lines: string[] }> {
  const { invocation, book } = fakeInvocation({ remainingMs: () => 200_000 });
  const result = await restoreBuilds(undefined, config, invocation).catch((error: unknown) => error);
  return { result, lines: book.lines.map(({ fields, message }) => `${fields['buildId']} ${message}`) };
}

describe('of several restores', () => {
  it('one that cannot be asked about keeps the others from nothing, and the run fails all the same', async () => {
    jobs = { 'b-1': 'j-1', 'b-2': 'j-2' };
    backup.on(DescribeRestoreJobCommand, { RestoreJobId: 'j-1' }).rejects(named('AccessDeniedException'));
    const { lines, result } = await followAll();
    expect(lines).toEqual(['b-1 a restore could not be followed', 'b-2 restore: restored']);
    expect(String(result)).toContain('a restore could not be followed');
  });

  it('one whose job AWS Backup has forgotten goes on with another recovery point', async () => {
    jobs = { 'b-1': 'j-1', 'b-2': 'j-2' };
    backup.on(DescribeRestoreJobCommand, { RestoreJobId: 'j-1' }).rejects(named('ResourceNotFoundException'));
    const { lines } = await followAll();
    expect(lines).toEqual(['b-1 a restore job is gone', 'b-1 restore: running', 'b-2 restore: restored']);
    expect(asked).toContainEqual({ action: 'finish-restore', buildId: 'b-1', jobId: 'j-1', restored: false });
  });
});

describe('a recovery point', () => {
  it('that is gone when it is to be restored counts as tried', async () => {
    jobs = { 'b-1': undefined };
    backup.on(StartRestoreJobCommand).rejects(named('ResourceNotFoundException'));
    const { lines } = await followAll();
    expect(lines).toEqual(['b-1 a recovery point is gone', 'b-1 restore: running']);
    expect(asked.slice(2)).toMatchObject([
      { action: 'save-restore-job', recoveryPoint: 'arn:point', jobId: 'none' },
      { action: 'finish-restore', jobId: 'none', restored: false },
    ]);
    expect(backup.commandCalls(DescribeRestoreJobCommand)).toEqual([]);
  });

  it('that may not be restored is not given up', async () => {
    jobs = { 'b-1': undefined };
    backup.on(StartRestoreJobCommand).rejects(named('AccessDeniedException'));
    const { result } = await followAll();
    expect(String(result)).toContain('a restore could not be followed');
    expect(asked.map(({ action }) => action)).toEqual(['restores', 'open-restore']);
  });
});

it('a dry run leaves a job alone that was started before', async () => {
  jobs = { 'b-1': 'j-1' };
  const { invocation } = fakeInvocation();
  expect(await restoreBuilds({ buildId: 'b-1' }, { ...config, dryRun: true }, invocation)).toMatchObject({
    status: 'planned',
    reason: 'dry run: the job j-1 is left alone',
  });
  expect(asked.map(({ action }) => action)).toEqual(['open-restore']);
});
