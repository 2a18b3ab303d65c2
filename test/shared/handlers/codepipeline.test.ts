import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ConfigurationError,
  GroundcrewError,
  InvalidInputError,
  RetryableError,
} from '../../../shared/errors.ts';
import type { CodePipelineHandlerOptions, JobOutcome } from '../../../shared/handlers/codepipeline.ts';
import { addCount } from '../../../shared/metrics.ts';
import { fakeContext } from '../../support/handlers/context.ts';
import { readEvent } from '../../support/handlers/events.ts';
import { captureOutput } from '../../support/handlers/output.ts';
import { answered, type FakeService, refused, startService } from '../../support/handlers/service.ts';
import { before } from '../../support/handlers/time.ts';

type Handle = CodePipelineHandlerOptions<string>['handle'];

const credentials = readEvent('codepipeline-job')['CodePipeline.job'].data.artifactCredentials;
const secrets: readonly string[] = [
  credentials.accessKeyId,
  credentials.secretAccessKey,
  credentials.sessionToken,
  credentials.sessionToken.slice(0, 40),
];
const jobId = '11111111-abcd-1111-abcd-111111abcdef';
const ok = answered(200);
const succeeded: JobOutcome = { kind: 'succeed', summary: 'Regions are healthy.' };

const output = captureOutput();
let service: FakeService;
let codePipelineHandler: typeof import('../../../shared/handlers/codepipeline.ts').codePipelineHandler;

beforeAll(async () => {
  service = await startService();
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: service.url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
  });
  ({ codePipelineHandler } = await import('../../../shared/handlers/codepipeline.ts'));
});

afterAll(() => service.close());

function handler(handle: Handle): (event?: unknown, remainingMs?: number) => Promise<unknown> {
  const parse = (text: string | undefined): string => {
    if (text === undefined) throw new InvalidInputError('UserParameters: expected JSON, got nothing');
    return text;
  };
  const handler = codePipelineHandler({ parse, handle });
  return (event = readEvent('codepipeline-job'), remainingMs = 30_000) =>
    handler(event, fakeContext({ remainingMs }));
}

/** The answers that CodePipeline was given, after checking that no secret is in them nor in the output. */
function answers(): readonly Record<string, unknown>[] {
  for (const secret of secrets) {
    expect(output.text()).not.toContain(secret);
    expect(
      service
        .calls()
        .map(({ body }) => body)
        .join(),
    ).not.toContain(secret);
  }
  return service.calls().map(({ operation, body }) => ({ operation, ...JSON.parse(body) }));
}

const failure = (type: string, message: unknown): object => ({
  operation: 'PutJobFailureResult',
  jobId,
  failureDetails: expect.objectContaining({ type, message }),
});

describe('the answer', () => {
  it('is a success with summary and variables', async () => {
    service.begin(ok);
    await handler(async (job, { logger, metrics }) => {
      expect(job).toMatchObject({
        id: jobId,
        parameters: '{"regions":["eu-west-1"]}',
        accountId: '123456789012',
      });
      expect(job.credentials()?.secretAccessKey).toBe(credentials.secretAccessKey);
      expect(job.encryptionKey?.type).toBe('KMS');
      expect(JSON.stringify(job)).not.toContain('redential');
      expect(inspect(job, { depth: 9, showHidden: true })).not.toContain(credentials.accessKeyId);
      logger.info('let through', { job });
      addCount(metrics, 'LetThrough');
      return { ...succeeded, outputVariables: { Decision: 'PASS' } };
    })();
    expect(answers()).toEqual([
      {
        operation: 'PutJobSuccessResult',
        jobId,
        outputVariables: { Decision: 'PASS' },
        executionDetails: {
          summary: 'Regions are healthy.',
          externalExecutionId: '8f5f4c1e-2b6b-4b5f-9f0e-0f0e0c0d0b0a',
        },
      },
    ]);
    expect(output.logs()).toMatchObject([{ message: 'let through', jobId }]);
    expect(output.counted('LetThrough')).toBe(1);
  });

  it('asks to be called again, with a token and no variables', async () => {
    service.begin(ok);
    await handler(async () => ({
      kind: 'continueLater',
      token: '{"polls":1}',
      summary: 'Waiting.',
      percent: 250.4,
    }))();
    expect(answers()).toMatchObject([
      { continuationToken: '{"polls":1}', executionDetails: { summary: 'Waiting.', percentComplete: 100 } },
    ]);
    expect(answers()[0]).not.toHaveProperty('outputVariables');
  });

  it('gives the token back to the next job', async () => {
    service.begin(ok);
    const event = readEvent('codepipeline-job');
    event['CodePipeline.job'].data.continuationToken = '{"polls":1}';
    await handler(async (job) => ({
      kind: 'fail',
      type: 'JobFailed',
      message: `token ${job.continuationToken}`,
    }))(event);
    expect(answers()).toMatchObject([failure('JobFailed', 'token {"polls":1}')]);
  });

  it('keeps CodePipeline’s lengths', async () => {
    service.begin(ok);
    await handler(async () => ({ kind: 'fail', type: 'JobFailed', message: 'é'.repeat(9000) }))();
    await handler(async () => ({
      kind: 'succeed',
      summary: '€ '.repeat(5000),
      externalExecutionId: 'e-'.repeat(1000),
    }))();
    await handler(async () => ({ kind: 'fail', type: 'JobFailed', message: '' }))();
    await handler(async () => ({ kind: 'succeed', summary: '' }))();
    const [failed, done, mute, silent] = answers();
    expect(failed).toMatchObject({ failureDetails: { message: `${'é'.repeat(4999)}…` } });
    expect(done).toMatchObject({
      executionDetails: {
        summary: expect.stringMatching(/^[€ ]{2047}…$/),
        externalExecutionId: expect.stringMatching(/^[e-]{1499}…$/),
      },
    });
    expect(mute).toMatchObject({ failureDetails: { message: 'The function gave no reason.' } });
    expect(silent?.executionDetails).not.toHaveProperty('summary');
  });

  it.each<[string, unknown, string, RegExp]>([
    [
      'InvalidInputError',
      new InvalidInputError('regions.0 must be a Region, got "x"'),
      'ConfigurationError',
      /^regions\.0 must be a Region, got "x" \(request/,
    ],
    [
      'ConfigurationError',
      new ConfigurationError('Configuration: TABLE is not set'),
      'ConfigurationError',
      /^Configuration: TABLE is not set/,
    ],
    [
      'a refusal',
      Object.assign(new Error('no'), { name: 'AccessDeniedException' }),
      'PermissionError',
      /^AccessDeniedException: no/,
    ],
    [
      'a refusal underneath',
      new GroundcrewError('could not read', { cause: Object.assign(new Error('no'), { code: 'EACCES' }) }),
      'PermissionError',
      /could not read/,
    ],
    [
      'a throttle',
      Object.assign(new Error('slow'), { name: 'ThrottlingException' }),
      'SystemUnavailable',
      /^ThrottlingException: slow/,
    ],
    [
      'what is unreachable',
      new RetryableError('Health cannot be reached'),
      'SystemUnavailable',
      /Health cannot be reached/,
    ],
    ['a bug', new TypeError('x is not a function'), 'JobFailed', /^TypeError: x is not a function/],
    ['a text', 'oops', 'JobFailed', /oops/],
  ])('is a failure of the right type when the wing throws %s', async (_case, error, type, message) => {
    service.begin(ok);
    await handler(() => Promise.reject(error))();
    expect(answers()).toMatchObject([failure(type, expect.stringMatching(message))]);
    expect(output.counted('Failed')).toBe(1);
  });

  it.each([
    undefined,
    null,
    'done',
    {},
    { kind: 'shrug' },
    { kind: 'continueLater', summary: 'x' },
    { kind: 'continueLater', summary: 'x', token: '' },
    { kind: 'continueLater', summary: 'x', token: 't'.repeat(2049) },
    { kind: 'succeed', summary: 'x', outputVariables: { 'a b': 'c' } },
    { kind: 'succeed', summary: 7 },
    { kind: 'fail', type: 'JobFailed' },
  ])('is a failure when the wing answers %j', async (garbage) => {
    service.begin(ok);
    await handler(() => Promise.resolve(garbage as JobOutcome))();
    expect(answers()).toMatchObject([failure('JobFailed', expect.stringContaining('TypeError: '))]);
  });

  it.each<[string, (job: ReturnType<typeof readEvent>) => void, RegExp]>([
    [
      'no UserParameters',
      (job) => delete job.data.actionConfiguration.configuration.UserParameters,
      /UserParameters: expected JSON/,
    ],
    ['no data', (job) => delete job.data, /CodePipeline\.job\.data must be an object, got nothing/],
    [
      'credentials of another kind',
      (job) => Object.assign(job.data, { artifactCredentials: 'IQoJb3JpZ2luX2VjSecret' }),
      /got a value not shown/,
    ],
    [
      'half its credentials',
      (job) => Object.assign(job.data.artifactCredentials, { accessKeyId: { a: 1 } }),
      /got a value not shown/,
    ],
  ])('is a ConfigurationError for a job with %s', async (_case, change, message) => {
    service.begin(ok);
    const event = readEvent('codepipeline-job');
    change(event['CodePipeline.job']);
    await handler(async () => succeeded)(event);
    expect(answers()).toMatchObject([failure('ConfigurationError', expect.stringMatching(message))]);
    expect(output.text()).not.toContain('IQoJb3JpZ2luX2VjSecret');
  });

  it('is given just before the time runs out', async () => {
    service.begin(ok);
    let stopped = false;
    const run = handler(
      (_job, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            stopped = true;
            reject(new Error('aborted'));
          });
        }),
    );
    await before(1000, () => run(undefined, 1000));
    expect(stopped).toBe(true);
    expect(answers()).toMatchObject([
      failure('SystemUnavailable', expect.stringContaining('ran out of time')),
    ]);
    expect(output.counted('TimedOut')).toBe(1);
  });
});

describe('credentials', () => {
  it.each<[string, Handle]>([
    [
      'the job thrown as a message',
      async (job) => {
        throw new Error(JSON.stringify({ job, all: job.credentials() }));
      },
    ],
    [
      'an environment of credentials thrown',
      async (job) => {
        throw new Error(
          `AWS_SESSION_TOKEN=${job.credentials()?.sessionToken} ${job.credentials()?.secretAccessKey}`,
        );
      },
    ],
    [
      'them in an answer',
      async (job) => ({
        kind: 'fail',
        type: 'JobFailed',
        message: Object.values(job.credentials() ?? {}).join(' '),
      }),
    ],
    [
      'them in a summary',
      async (job) => ({ kind: 'succeed', summary: `${'x'.repeat(2000)}${job.credentials()?.sessionToken}` }),
    ],
    [
      'them logged',
      async (job, { logger }) => {
        logger.info('found', {
          job,
          credentials: job.credentials(),
          nested: [{ text: job.credentials()?.secretAccessKey }],
        });
        logger.error('found', new Error(job.credentials()?.sessionToken));
        logger.info(`found ${job.credentials()?.secretAccessKey}`);
        return succeeded;
      },
    ],
    [
      'them in an error’s members',
      async (job) => {
        throw Object.assign(
          new GroundcrewError('x', { details: { job, token: job.credentials()?.sessionToken } }),
          { job: job.credentials() },
        );
      },
    ],
  ])('leave by no way: %s', async (_case, handle) => {
    service.begin(ok);
    await handler(handle)();
    expect(answers()).toHaveLength(1);
  });

  it('leave by no way when CodePipeline cannot be told', async () => {
    service.begin(refused('AccessDeniedException'));
    const error = await handler(async () => succeeded)().catch((thrown: unknown) => thrown);
    expect(JSON.stringify([String(error), error])).not.toContain('ASIA');
    expect(answers()).toHaveLength(1);
    expect(output.counted('Unanswered')).toBe(1);
  });
});

describe('giving the answer', () => {
  it.each(['InvalidJobStateException', 'JobNotFoundException'])(
    'takes %s for an answer that was given before',
    async (name) => {
      service.begin(refused(name));
      expect(await handler(async () => succeeded)()).toBeUndefined();
      expect(output.logs()).toMatchObject([{ level: 'INFO', jobId, error: { name } }]);
      expect(answers()).toHaveLength(1);
    },
  );

  it('tells the pipeline that its answer was refused', async () => {
    service.begin(refused('OutputVariablesSizeExceededException'), ok);
    await handler(async () => ({ ...succeeded, outputVariables: { Big: 'x' } }))();
    expect(answers()).toMatchObject([
      { operation: 'PutJobSuccessResult' },
      failure('JobFailed', expect.stringContaining('OutputVariablesSizeExceededException')),
    ]);
  });

  it('throws when CodePipeline stays unreachable; the repeat gives the answer and does not work again', async () => {
    let worked = 0;
    const run = handler(async () => {
      worked += 1;
      return succeeded;
    });
    service.begin(answered(500));
    await expect(run()).rejects.toThrow();
    expect(service.calls()).toHaveLength(3);
    service.begin(ok);
    await run();
    expect(answers()).toMatchObject([{ operation: 'PutJobSuccessResult', jobId }]);
    expect(worked).toBe(1);
    const next = readEvent('codepipeline-job');
    next['CodePipeline.job'].id = '22222222-abcd-1111-abcd-111111abcdef';
    await run(next);
    expect(worked).toBe(2);
  });

  it.each([
    null,
    {},
    { 'CodePipeline.job': null },
    { 'CodePipeline.job': { id: '' } },
    { 'CodePipeline.job': { id: 7 } },
  ])('is left out for %j, which names no job', async (event) => {
    service.begin(ok);
    expect(await handler(async () => succeeded)(event)).toEqual({
      error: expect.stringContaining('not a CodePipeline job'),
    });
    expect(service.calls()).toHaveLength(0);
    expect(output.counted('Malformed')).toBe(1);
  });
});
