import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createZip } from '../../../../local/scenarios/build-promotion/zip.ts';
import { fakeContext } from '../../../support/handlers/context.ts';
import { readEvent } from '../../../support/handlers/events.ts';
import { answered, type FakeService, type Reply, startService } from '../../../support/handlers/service.ts';
import { ROOT } from '../../../support/template.ts';

// The built PromoteBuild between services that answer as they are told.

let service: FakeService;
let handler: (event: object, context: object) => Promise<unknown>;

const artifact = {
  v: 1,
  buildId: 'b-1',
  manifestSha256: 'a'.repeat(64),
  files: 2,
  bytes: 10,
  createdAt: '2026-11-21T10:00:00Z',
};

const archive: Reply = (response) => {
  const body = createZip([['build.json', JSON.stringify(artifact)]]);
  response.writeHead(200, { 'content-length': String(body.length) });
  response.end(body);
};

const huge: Reply = (response) => {
  response.writeHead(200, { 'content-length': '700000000' });
  response.write('PK');
};

const told = (reply: object): Reply => answered(200, JSON.stringify(reply));
const failed: Reply = (response) => {
  response.writeHead(200, { 'x-amz-function-error': 'Unhandled' });
  response.end(JSON.stringify({ errorType: 'Error', errorMessage: 'ESTALE: stale file handle' }));
};

const switched = {
  outcome: 'switched',
  env: 'prod',
  from: null,
  to: 'b-1',
  generation: 1,
  files: 2,
  bytes: 10,
  verified: 'full',
  milliseconds: 5,
  switchedAt: '2026-11-21T10:00:00.000Z',
  visibleBy: '2026-11-21T10:01:00.000Z',
};
const more = {
  outcome: 'unfinished',
  progress: { phase: 'verify', done: 1, fingerprint: 'd', generation: 0 },
  percent: 45,
  summary: 'b-1: 1 of 2 files verified',
};

beforeAll(async () => {
  service = await startService();
  const settings = {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'THEROLESOWN',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
    AWS_ENDPOINT_URL: service.url,
    AWS_CONFIG_FILE: '/dev/null',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    POWERTOOLS_METRICS_DISABLED: 'true',
    POWERTOOLS_METRICS_NAMESPACE: 'Groundcrew',
    POWERTOOLS_SERVICE_NAME: 'PromoteBuild',
    STORE_FUNCTION: 'the-store',
    RESTORE_FUNCTION: 'the-restore',
  };
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  const { href } = pathToFileURL(join(ROOT, 'dist/PromoteBuild/index.mjs'));
  ({ handler } = await import(href));
});

afterAll(async () => {
  await service.close();
  vi.unstubAllEnvs();
});

let jobs = 0;

/** Runs a job of its own; gives what CodePipeline was told, and what the store was asked. */
async function run(parameters: object, replies: readonly Reply[], continuationToken?: string) {
  const event = readEvent('codepipeline-job');
  const job = event['CodePipeline.job'];
  jobs += 1;
  job.id = `job-${jobs}`;
  job.data.actionConfiguration.configuration.UserParameters = JSON.stringify(parameters);
  if (continuationToken !== undefined) job.data.continuationToken = continuationToken;
  service.begin(...replies, answered(200));
  await handler(event, fakeContext({ remainingMs: 60_000 }));
  const calls = service.calls();
  const asked = calls.filter(({ body }) => body.startsWith('{"action"') || body.startsWith('{"buildId"'));
  const answer = calls.at(-1);
  return {
    calls,
    asked: asked.map(({ body }) => JSON.parse(body)),
    operation: answer?.operation,
    answer: JSON.parse(answer?.body ?? '{}'),
  };
}

const keyOf = (authorization: unknown): string => /Credential=([^/]+)/.exec(String(authorization))?.[1] ?? '';

it('reads the artifact with the credentials of the job, and invokes the store with its own', async () => {
  const { answer, asked, calls } = await run({ env: 'prod' }, [archive, told(switched)]);
  expect(calls.map(({ headers }) => keyOf(headers.authorization))).toEqual([
    'ASIAIOSFODNN7EXAMPLE',
    'THEROLESOWN',
    'THEROLESOWN',
  ]);
  expect(asked).toEqual([{ action: 'promote', env: 'prod', verify: 'auto', key: `job-${jobs}`, artifact }]);
  expect(answer.outputVariables).toMatchObject({
    from: 'none',
    to: 'b-1',
    generation: '1',
    files: '2',
    bytes: '10',
  });
});

it('continues in the next job with the key, the artifact and the progress of the first', async () => {
  const first = await run({ env: 'prod' }, [archive, told(more)]);
  expect(first.answer.executionDetails).toMatchObject({ percentComplete: 45, summary: more.summary });
  expect(first.answer.outputVariables).toBeUndefined();
  const second = await run({ env: 'prod' }, [told(switched)], first.answer.continuationToken);
  expect(second.asked).toEqual([{ ...first.asked[0], progress: more.progress }]);
  expect(first.answer.continuationToken.length).toBeLessThan(2048);
});

it('does not read an artifact that carries the build itself', async () => {
  const { answer, asked, operation } = await run({ env: 'prod' }, [huge]);
  expect([operation, asked]).toEqual(['PutJobFailureResult', []]);
  expect(answer.failureDetails).toMatchObject({ type: 'ConfigurationError' });
  expect(answer.failureDetails.message).toContain('has 700000000 bytes, expected at most 65536');
});

it('repeats a failed invocation once', async () => {
  const { answer, asked } = await run({ env: 'prod' }, [archive, failed, told(switched)]);
  expect([asked.length, answer.outputVariables.to]).toEqual([2, 'b-1']);
  const twice = await run({ env: 'prod' }, [archive, failed, failed]);
  expect(twice.answer.failureDetails).toMatchObject({ type: 'SystemUnavailable' });
  expect(twice.answer.failureDetails.message).toContain('ESTALE: stale file handle');
});

it('returns a refusal of the store with its message', async () => {
  const refused = {
    outcome: 'refused',
    failure: 'RevisionOutOfSync',
    reason: 'prod is at b-2, expected b-1',
  };
  const { answer } = await run({ env: 'prod' }, [archive, told(refused)]);
  expect(answer.failureDetails).toMatchObject({ type: 'RevisionOutOfSync', message: refused.reason });
});

it('restores a pruned build and rolls back to it in the same job', async () => {
  const parameters = { env: 'prod', action: 'rollback', restore: true, key: 'execution' };
  const progress = { phase: 'restore', done: 0, fingerprint: '', generation: 7 };
  const pruned = told({ outcome: 'pruned', buildId: 'b-0', progress });
  const restoring = (status: string, percent: number) => told({ status, buildId: 'b-0', percent });
  const waiting = await run(parameters, [pruned, restoring('running', 40)]);
  expect(waiting.answer.executionDetails.summary).toBe('b-0 is being restored, 40%');
  const done = await run(
    parameters,
    [pruned, restoring('restored', 100), told(switched)],
    waiting.answer.continuationToken,
  );
  expect(done.asked.map(({ key }) => key)).toEqual(['execution', undefined, 'execution']);
  // What was the latest change when it began to wait, so that a later one wins.
  expect(done.asked.map((one) => one.progress)).toEqual([progress, undefined, progress]);
  expect(done.operation).toBe('PutJobSuccessResult');
  const none = await run(parameters, [
    pruned,
    told({ status: 'failed', buildId: 'b-0', percent: 0, reason: 'gone' }),
  ]);
  expect(none.answer.failureDetails).toMatchObject({
    type: 'RevisionUnavailable',
    message: 'b-0 is pruned: gone',
  });
});
