import {
  CodePipelineClient,
  CreatePipelineCommand,
  DeletePipelineCommand,
  DisableStageTransitionCommand,
  EnableStageTransitionCommand,
  type FailureType,
  GetPipelineCommand,
  GetPipelineExecutionCommand,
  GetPipelineStateCommand,
  ListActionExecutionsCommand,
  ListPipelineExecutionsCommand,
  ListTagsForResourceCommand,
  PutApprovalResultCommand,
  PutJobFailureResultCommand,
  PutJobSuccessResultCommand,
  type PutJobSuccessResultCommandInput,
  RetryStageExecutionCommand,
  StartPipelineExecutionCommand,
  StopPipelineExecutionCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-codepipeline';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Mapping } from '../../../../local/json.ts';
import { type Pack, startPack } from '../../../../local/pack/pack.ts';
import { emulatedState } from '../../../../local/scenario-kit/emulated-state.ts';
import {
  answerApproval,
  createPipeline,
  disableTransition,
  enableTransition,
  finishAction,
  listExecutionStatuses,
  type PipelineInput,
  retryStage,
  savePipelineUnchanged,
  setActionOutcome,
  setArtifactLocation,
  startPipeline,
  stopPipeline,
  summarizeStages,
  updatePipeline,
} from '../../../../local/scenario-kit/pipelines.ts';
import type { World } from '../../../../local/scenario-kit/world.ts';
import { createTimers, type Timers } from '../../../../local/wiring/timers.ts';
import { bundleTrial, trialTemplate } from '../../fixtures/bundle.ts';
import { errorOf, type Fixture, openAccount } from '../fixture.ts';
import { worldOf } from '../world.ts';

const MINUTE = 60_000;
const unknownId = '11111111-2222-3333-4444-555555555555';

interface Artifact {
  readonly name: string;
  readonly location: { readonly s3Location: { readonly bucketName: string; readonly objectKey: string } };
}

interface JobEvent {
  readonly id: string;
  readonly accountId: string;
  readonly data: {
    readonly actionConfiguration: { readonly configuration: Record<string, string> };
    readonly inputArtifacts: readonly Artifact[];
    readonly outputArtifacts: readonly Artifact[];
    readonly artifactCredentials: Record<string, string | number>;
    readonly continuationToken?: string;
  };
}

let fixture: Fixture;
let world: World;
let timers: Timers;
/** What functions were invoked with, and what came on the bus. */
let jobs: JobEvent[];
let events: Mapping[];

beforeAll(async () => {
  fixture = await openAccount();
  timers = createTimers(fixture.clock);
  fixture.account.setHooks({
    onRunLater: timers.runLater,
    onPublish: (event) => void events.push(event),
    onEnqueue: (name, payload) => {
      if (name === 'groundcrew-Nobody') throw new Error('groundcrew-Nobody is no function of the template');
      jobs.push((payload as { 'CodePipeline.job': JobEvent })['CodePipeline.job']);
    },
  });
});
beforeEach(async () => {
  timers.clear();
  fixture.clock.reset();
  await fixture.account.reset();
  [jobs, events] = [[], []];
  world = worldOf(fixture);
});
afterAll(() => fixture?.account.close());

const client = (): CodePipelineClient => fixture.client(CodePipelineClient, 'Gate', 1);

async function advance(ms: number): Promise<void> {
  const end = fixture.clock.now() + ms;
  for (let next = timers.nextDue(); next !== undefined && next <= end; next = timers.nextDue()) {
    fixture.clock.skip(Math.max(0, next - fixture.clock.now()) + 1);
    await timers.runDue();
  }
  fixture.clock.skip(Math.max(0, end - fixture.clock.now()));
}

const gate = { name: 'Gate', function: 'Gate', parameters: { regions: ['eu-west-1'] } };
const deploy = { name: 'Deploy', runOrder: 2 };
/** A stage with a gate before its deployment. */
const release: PipelineInput = { name: 'release', stages: { Prod: [gate, deploy] } };
/** Without functions, so that everything is done at once; approvals hold executions back. */
const held: PipelineInput = {
  name: 'held',
  stages: { Test: [{ name: 'Ask', provider: 'Manual' }], Prod: [{ name: 'Deploy' }] },
};

const job = (at = -1): JobEvent => {
  const found = jobs.at(at);
  if (!found) throw new Error('no function was invoked');
  return found;
};
const succeed = (more: Partial<PutJobSuccessResultCommandInput> = {}, jobId = job().id) =>
  client().send(new PutJobSuccessResultCommand({ jobId, ...more }));
const fail = (message: string, type: FailureType = 'JobFailed', jobId = job().id) =>
  client().send(
    new PutJobFailureResultCommand({
      jobId,
      failureDetails: { type, message, externalExecutionId: 'marker' },
    }),
  );
const retry = (pipelineExecutionId: string, more: object = {}) =>
  client().send(
    new RetryStageExecutionCommand({
      pipelineName: 'release',
      stageName: 'Prod',
      pipelineExecutionId,
      retryMode: 'FAILED_ACTIONS',
      ...more,
    }),
  );
const prod = async (name = 'release') =>
  (await summarizeStages(world, name)).find(({ stage }) => stage === 'Prod');
const detailsOf = (kind: string): Mapping[] =>
  events
    .filter((event) => event['detail-type'] === `CodePipeline ${kind} Execution State Change`)
    .map(({ detail }) => detail as Mapping);
/** Every change, in short. */
const course = (from = 0): string[] =>
  events.slice(from).map(({ detail }) => {
    const { action, stage, state } = detail as Mapping;
    return `${action ?? stage ?? 'pipeline'} ${state}`;
  });

/** A release whose gate has failed. */
async function blocked(): Promise<string> {
  await createPipeline(world, release);
  const id = await startPipeline(world, 'release');
  await fail('blocked by an incident');
  return id;
}

describe('a pipeline', () => {
  it('is created, changed and deleted', async () => {
    const arn = await createPipeline(world, { ...release, tags: { team: 'a' } });
    const { metadata, pipeline } = await client().send(new GetPipelineCommand({ name: 'release' }));
    expect(metadata).toEqual({ pipelineArn: arn, created: expect.any(Date), updated: expect.any(Date) });
    expect(pipeline).toMatchObject({ version: 1, executionMode: 'SUPERSEDED', pipelineType: 'V2' });
    await savePipelineUnchanged(world, 'release');
    const saved = await client().send(new GetPipelineCommand({ name: 'release' }));
    expect(saved.pipeline).toEqual({ ...pipeline, version: 2 });
    expect(
      await errorOf(client().send(new GetPipelineCommand({ name: 'release', version: 1 }))),
    ).toMatchObject({
      name: 'PipelineVersionNotFoundException',
    });
    await client().send(new DeletePipelineCommand({ name: 'release' }));
    expect(await errorOf(client().send(new GetPipelineCommand({ name: 'release' })))).toMatchObject({
      name: 'PipelineNotFoundException',
      message: "Account '123456789012' does not have a pipeline with name 'release'",
    });
    await client().send(new DeletePipelineCommand({ name: 'release' }));
  });

  it('has tags', async () => {
    const resourceArn = await createPipeline(world, { ...release, tags: { team: 'a' } });
    await client().send(new TagResourceCommand({ resourceArn, tags: [{ key: 'gate', value: 'on' }] }));
    await client().send(new UntagResourceCommand({ resourceArn, tagKeys: ['team'] }));
    const { tags } = await client().send(new ListTagsForResourceCommand({ resourceArn }));
    expect(tags).toEqual([{ key: 'gate', value: 'on' }]);
    const nobody = new ListTagsForResourceCommand({ resourceArn: `${resourceArn}x` });
    expect(await errorOf(client().send(nobody))).toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('has a unique name', async () => {
    await createPipeline(world, release);
    expect(await errorOf(createPipeline(world, release))).toMatchObject({
      name: 'PipelineNameInUseException',
    });
  });

  const action = (name: string, category: string, more: object = {}) => ({
    name,
    actionTypeId: { category, owner: 'AWS', provider: 'X', version: '1' },
    ...more,
  });
  const source = { name: 'Source', actions: [action('Source', 'Source')] };
  const build = { name: 'Build', actions: [action('Build', 'Build')] };
  it.each<[string, object, string]>([
    ['InvalidStructureException', { stages: [source] }, 'at least two stages'],
    ['InvalidStructureException', { stages: [build, build] }, 'only contains source actions'],
    ['InvalidStructureException', { stages: [source, build, build] }, 'Stage name Build is not unique'],
    [
      'InvalidStructureException',
      { stages: [source, { ...source, name: 'B' }] },
      'only allowed in the first',
    ],
    [
      'InvalidStructureException',
      {
        stages: [
          source,
          { name: 'B', actions: [action('Build', 'Build', { inputArtifacts: [{ name: 'App' }] })] },
        ],
      },
      'Input Artifact Bundle App in action Build',
    ],
    ['InvalidStructureException', { stages: [source, build], executionMode: 'QUEUED' }, 'type V2'],
    ['InvalidStageDeclarationException', { stages: [source, { name: 'B', actions: [] }] }, 'no actions'],
    ['ValidationException', { stages: [source, build], roleArn: 'me' }, "'pipeline.roleArn'"],
    ['ValidationException', { stages: [source, build], name: 'a b' }, "Value 'a b' at 'pipeline.name'"],
    [
      'ValidationException',
      { stages: [source, { name: 'B', actions: [action('A', 'Dance')] }] },
      'enum value set',
    ],
    [
      'ValidationException',
      {
        stages: [
          source,
          { name: 'B', actions: [action('A', 'Build', { configuration: { k: 'x'.repeat(1001) } })] },
        ],
      },
      'less than or equal to 1000',
    ],
  ])('is rejected with %s: %j', async (name, parts, message) => {
    const pipeline = { name: 'odd', roleArn: 'arn:aws:iam::123456789012:role/pipelines', ...parts };
    const error = await errorOf(client().send(new CreatePipelineCommand({ pipeline: pipeline as never })));
    expect(error.name).toBe(name);
    expect(error.message).toContain(message);
  });
});

describe('a job', () => {
  it('reaches the function in the form of CodePipeline', async () => {
    await createPipeline(world, {
      name: 'release',
      stages: { Prod: [{ ...gate, inputs: ['Source'], outputs: ['Out'] }] },
    });
    setArtifactLocation(world, 'release', 'Source', { bucket: 'artifacts', key: 'release/Source/abc' });
    await startPipeline(world, 'release');
    expect(job()).toEqual({
      id: expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/),
      accountId: '123456789012',
      data: {
        actionConfiguration: {
          configuration: { FunctionName: 'groundcrew-Gate', UserParameters: '{"regions":["eu-west-1"]}' },
        },
        inputArtifacts: [
          {
            name: 'Source',
            revision: null,
            location: {
              type: 'S3',
              s3Location: { bucketName: 'artifacts', objectKey: 'release/Source/abc' },
            },
          },
        ],
        outputArtifacts: [
          {
            name: 'Out',
            revision: null,
            location: {
              type: 'S3',
              s3Location: {
                bucketName: 'codepipeline-eu-west-1-123456789012',
                objectKey: expect.stringMatching(/^release\/Out\/[\da-f]{7}$/),
              },
            },
          },
        ],
        artifactCredentials: {
          accessKeyId: expect.stringMatching(/^ASIA[0-9A-F]{16}$/),
          secretAccessKey: expect.stringMatching(/^.{40}$/),
          sessionToken: expect.stringMatching(/^.{300,}$/),
          expirationTime: expect.any(Number),
        },
      },
    });
  });

  it('has the variables of its configuration resolved', async () => {
    const parameters =
      '#{codepipeline.PipelineExecutionId} #{variables.SKIP} #{variables.WHO} #{First.Said} #{odd';
    const first = { name: 'First', function: 'Gate', namespace: 'First' };
    await createPipeline(world, {
      name: 'release',
      stages: { Prod: [first, { ...gate, runOrder: 2, parameters }] },
      variables: { SKIP: 'no', WHO: 'nobody' },
    });
    const id = await startPipeline(world, 'release', { WHO: 'me' });
    await succeed({ outputVariables: { Said: 'yes' } });
    const { configuration } = job().data.actionConfiguration;
    expect(configuration['UserParameters']).toBe(`${id} no me yes #{odd`);
  });

  it.each(['#{Nobody.Said}', '#{codepipeline.Nobody}', '#{variables.NOBODY}'])(
    'is not started if the variable %s is unknown: the action fails',
    async (parameters) => {
      await createPipeline(world, { name: 'release', stages: { Prod: [{ ...gate, parameters }] } });
      await startPipeline(world, 'release');
      expect(jobs).toEqual([]);
      expect((await prod())?.actions['Gate']).toContain(
        `Failed: ConfigurationError: The variable ${parameters}`,
      );
    },
  );

  it('for an unknown function fails its action', async () => {
    await createPipeline(world, { name: 'release', stages: { Prod: [{ ...gate, function: 'Nobody' }] } });
    await startPipeline(world, 'release');
    expect((await prod())?.actions['Gate']).toMatch(
      /^Failed: ConfigurationError: groundcrew-Nobody is no function/,
    );
  });

  it('ends with its result, then the next action runs', async () => {
    await createPipeline(world, release);
    await startPipeline(world, 'release');
    await succeed({
      executionDetails: { summary: 'healthy', externalExecutionId: 'x', percentComplete: 100 },
    });
    expect(await summarizeStages(world, 'release')).toEqual([
      {
        stage: 'Prod',
        status: 'Succeeded',
        retries: 0,
        waiting: 0,
        actions: { Gate: 'Succeeded: healthy', Deploy: 'Succeeded' },
      },
    ]);
    expect(timers.nextDue()).toBeUndefined();
  });

  it('fails with type and message', async () => {
    await createPipeline(world, release);
    const id = await startPipeline(world, 'release');
    await fail('blocked by an incident', 'SystemUnavailable');
    const { stageStates = [] } = await client().send(new GetPipelineStateCommand({ name: 'release' }));
    expect(stageStates[1]).toEqual({
      stageName: 'Prod',
      inboundTransitionState: { enabled: true },
      actionStates: [
        {
          actionName: 'Gate',
          latestExecution: {
            actionExecutionId: expect.any(String),
            status: 'Failed',
            lastStatusChange: expect.any(Date),
            summary: 'blocked by an incident',
            externalExecutionId: 'marker',
            errorDetails: { code: 'SystemUnavailable', message: 'blocked by an incident' },
          },
        },
        { actionName: 'Deploy' },
      ],
      latestExecution: { pipelineExecutionId: id, status: 'Failed', type: 'STANDARD' },
    });
    expect(await listExecutionStatuses(world, 'release')).toEqual(['Failed']);
  });

  it('with a continuation token is followed by a new job half a minute later', async () => {
    fixture.holdClock();
    await createPipeline(world, release);
    await startPipeline(world, 'release');
    const [first] = jobs;
    await succeed({
      continuationToken: 'poll 1',
      executionDetails: { summary: 'waiting', percentComplete: 10 },
    });
    expect((await prod())?.actions['Gate']).toBe('InProgress: waiting');
    await advance(29_000);
    expect(jobs).toHaveLength(1);
    await advance(2000);
    expect(jobs).toHaveLength(2);
    expect(job().id).not.toBe(first?.id);
    expect(job().data.continuationToken).toBe('poll 1');
    expect(await errorOf(succeed({}, first?.id))).toMatchObject({ name: 'InvalidJobStateException' });
    await succeed();
    expect((await prod())?.status).toBe('Succeeded');
  });

  it('accepts one result', async () => {
    await createPipeline(world, release);
    await startPipeline(world, 'release');
    await succeed();
    expect(await errorOf(succeed())).toMatchObject({ name: 'InvalidJobStateException' });
    expect(await errorOf(fail('no'))).toMatchObject({ name: 'InvalidJobStateException' });
    expect(await errorOf(succeed({}, unknownId))).toMatchObject({ name: 'JobNotFoundException' });
    expect((await prod())?.status).toBe('Succeeded');
  });

  it('fails after twenty minutes without a result, and rejects a late result', async () => {
    fixture.holdClock();
    await createPipeline(world, release);
    await startPipeline(world, 'release');
    await advance(20 * MINUTE - 1000);
    expect((await prod())?.status).toBe('InProgress');
    await advance(2000);
    expect((await prod())?.actions['Gate']).toBe(
      'Failed: JobFailed: The AWS Lambda function groundcrew-Gate failed to return a result. Check the function to ' +
        'verify that it has permission to call the PutJobSuccessResult action and that it made a call to ' +
        'PutJobSuccessResult.',
    );
    expect(course().slice(-3)).toEqual(['Gate FAILED', 'Prod FAILED', 'pipeline FAILED']);
    expect(await errorOf(succeed())).toMatchObject({ name: 'InvalidJobStateException' });
  });

  it('can continue for twenty-four hours, with twenty more minutes for each result', async () => {
    fixture.holdClock();
    await createPipeline(world, release);
    await startPipeline(world, 'release');
    const begun = fixture.clock.now();
    while (fixture.clock.now() - begun < 24 * 60 * MINUTE - 20 * MINUTE) {
      await succeed({ continuationToken: 'on' });
      await advance(19 * MINUTE);
    }
    await succeed({ continuationToken: 'on' });
    expect((await prod())?.status).toBe('InProgress');
    await advance(20 * MINUTE);
    expect((await prod())?.status).toBe('Failed');
    expect(fixture.clock.now() - begun).toBeGreaterThanOrEqual(24 * 60 * MINUTE);
    const told = jobs.length;
    await advance(10 * MINUTE);
    expect([jobs.length, timers.nextDue()]).toEqual([told, undefined]);
  });

  it.each<[Partial<PutJobSuccessResultCommandInput>, string, string]>([
    [{ continuationToken: 't', outputVariables: { a: 'b' } }, 'ValidationException', 'continuation token'],
    [{ continuationToken: '' }, 'ValidationException', "'continuationToken'"],
    [{ continuationToken: 'x'.repeat(2049) }, 'ValidationException', 'less than or equal to 2048'],
    [
      { executionDetails: { summary: 'x'.repeat(2049) } },
      'ValidationException',
      "'executionDetails.summary'",
    ],
    [{ executionDetails: { externalExecutionId: 'x'.repeat(1501) } }, 'ValidationException', 'equal to 1500'],
    [
      { executionDetails: { percentComplete: 101 } },
      'ValidationException',
      "'executionDetails.percentComplete'",
    ],
    [{ outputVariables: { 'a b': 'c' } }, 'ValidationException', '[A-Za-z0-9@\\-_]+'],
    [{ outputVariables: { a: 'x'.repeat(122_880) } }, 'OutputVariablesSizeExceededException', '122881'],
    [{ jobId: 'job' }, 'ValidationException', "Value 'job' at 'jobId'"],
  ])('rejects the success result %j', async (more, name, message) => {
    await createPipeline(world, release);
    await startPipeline(world, 'release');
    const error = await errorOf(succeed(more));
    expect(error.name).toBe(name);
    expect(error.message).toContain(message);
    await succeed({ outputVariables: { a: 'x'.repeat(122_879) } });
  });

  it.each<[string, string, string]>([
    ['', 'JobFailed', 'greater than or equal to 1'],
    ['x'.repeat(5001), 'JobFailed', 'less than or equal to 5000'],
    ['no', 'Sulking', 'enum value set: [JobFailed, ConfigurationError'],
  ])('rejects the failure result %j of type %s', async (message, type, refusal) => {
    await createPipeline(world, release);
    await startPipeline(world, 'release');
    const error = await errorOf(fail(message, type as FailureType));
    expect(error.name).toBe('ValidationException');
    expect(error.message).toContain(refusal);
  });
});

describe('a stage', () => {
  it('runs actions of one order in parallel, and the next ones when all are done', async () => {
    const other = { ...gate, name: 'Other', parameters: 'other' };
    await createPipeline(world, { name: 'release', stages: { Prod: [gate, other, deploy] } });
    await startPipeline(world, 'release');
    expect(jobs).toHaveLength(2);
    await succeed({}, jobs[1]?.id);
    expect((await prod())?.actions).toEqual({ Gate: 'InProgress', Other: 'Succeeded', Deploy: 'new' });
    await succeed({}, jobs[0]?.id);
    expect((await prod())?.actions).toEqual({ Gate: 'Succeeded', Other: 'Succeeded', Deploy: 'Succeeded' });
  });

  it('lets the other actions of the order end when one fails, then stops', async () => {
    const other = { ...gate, name: 'Other' };
    await createPipeline(world, {
      name: 'release',
      stages: { Prod: [gate, other, deploy], Next: [{ name: 'A' }] },
    });
    const id = await startPipeline(world, 'release');
    await fail('no', 'JobFailed', jobs[0]?.id);
    expect((await prod())?.status).toBe('InProgress');
    expect(await errorOf(retry(id))).toMatchObject({
      name: 'ConflictException',
      $metadata: { httpStatusCode: 409 },
    });
    await succeed({}, jobs[1]?.id);
    const [stage, next] = await summarizeStages(world, 'release');
    expect([stage?.status, stage?.actions['Deploy'], next?.status]).toEqual(['Failed', 'new', 'new']);
  });

  it('starts all actions of one order before one of them can end', async () => {
    const stages = { Prod: [{ name: 'One' }, { name: 'Two' }] };
    await createPipeline(world, { name: 'release', stages });
    setActionOutcome(world, 'release/Prod/One', { status: 'Failed', message: 'no' });
    await startPipeline(world, 'release');
    expect(course(5)).toEqual([
      'Prod STARTED',
      'One STARTED',
      'Two STARTED',
      'One FAILED',
      'Two SUCCEEDED',
      'Prod FAILED',
      'pipeline FAILED',
    ]);
  });

  it('fails and succeeds as `outcomes` says', async () => {
    await createPipeline(world, { name: 'release', stages: { Prod: [{ name: 'Deploy' }] } });
    setActionOutcome(world, 'release/Prod/Deploy', { status: 'Failed', message: 'out of space' });
    await startPipeline(world, 'release');
    expect((await prod())?.actions).toEqual({ Deploy: 'Failed: JobFailed: out of space' });
    setActionOutcome(world, 'release/Prod/Deploy', { status: 'Succeeded', summary: 'done' });
    await retryStage(world, 'release', 'Prod');
    expect((await prod())?.actions).toEqual({ Deploy: 'Succeeded: done' });
  });

  it('continues until a scenario ends an action', async () => {
    await createPipeline(world, { name: 'release', stages: { Prod: [{ name: 'Deploy' }] } });
    setActionOutcome(world, 'release/Prod/Deploy', { status: 'InProgress' });
    await startPipeline(world, 'release');
    expect((await prod())?.actions).toEqual({ Deploy: 'InProgress' });
    expect(timers.nextDue()).toBeUndefined();
    await finishAction(world, 'release/Prod/Deploy', {
      status: 'Failed',
      message: 'rolled back',
      code: 'Odd',
    });
    expect((await prod())?.actions).toEqual({ Deploy: 'Failed: Odd: rolled back' });
    expect(course().at(-1)).toBe('pipeline FAILED');
    const again = finishAction(world, 'release/Prod/Deploy', { status: 'Succeeded' });
    await expect(again).rejects.toThrow('No action release/Prod/Deploy is in progress');
  });

  it('is summarized without ids and times', async () => {
    await createPipeline(world, release);
    const id = await startPipeline(world, 'release');
    await fail(`blocked since 2026-11-21T12:00:00Z and 2026-11-21T12:00:00.123Z (request ${id})`);
    expect((await prod())?.actions['Gate']).toBe(
      'Failed: JobFailed: blocked since (time) and (time) (request (id))',
    );
  });

  it('shows the result of an earlier execution until the action runs again', async () => {
    await createPipeline(world, release);
    setActionOutcome(world, 'release/Prod/Deploy', { status: 'Failed', message: 'out of space' });
    await startPipeline(world, 'release');
    await succeed();
    await startPipeline(world, 'release');
    await fail('blocked by an incident');
    expect((await prod())?.actions['Deploy']).toBe('Failed: JobFailed: out of space');
  });
});

describe('a manual approval', () => {
  const answer = (token: string, status: 'Approved' | 'Rejected' = 'Approved', actionName = 'Ask') =>
    client().send(
      new PutApprovalResultCommand({
        pipelineName: 'held',
        stageName: 'Test',
        actionName,
        token,
        result: { status, summary: '' },
      }),
    );
  const tokenOf = async (): Promise<string> => {
    const { stageStates = [] } = await client().send(new GetPipelineStateCommand({ name: 'held' }));
    return stageStates[1]?.actionStates?.[0]?.latestExecution?.token ?? '';
  };

  it('waits for an answer', async () => {
    await createPipeline(world, held);
    await startPipeline(world, 'held');
    await advance(48 * 60 * MINUTE);
    expect(await listExecutionStatuses(world, 'held')).toEqual(['InProgress']);
    await answerApproval(world, 'held/Test/Ask', 'Approved', 'looks good');
    expect((await summarizeStages(world, 'held')).map(({ status }) => status)).toEqual([
      'Succeeded',
      'Succeeded',
    ]);
    expect((await summarizeStages(world, 'held'))[0]?.actions).toEqual({ Ask: 'Succeeded: looks good' });
  });

  it('can be rejected, and requested again', async () => {
    await createPipeline(world, held);
    await startPipeline(world, 'held');
    await answerApproval(world, 'held/Test/Ask', 'Rejected', 'not today');
    expect(await listExecutionStatuses(world, 'held')).toEqual(['Failed']);
    await retryStage(world, 'held', 'Test');
    await answerApproval(world, 'held/Test/Ask', 'Approved');
    expect(await listExecutionStatuses(world, 'held')).toEqual(['Succeeded']);
  });

  it('is answered separately for parallel executions', async () => {
    await createPipeline(world, { ...held, mode: 'PARALLEL' });
    await startPipeline(world, 'held');
    const first = await tokenOf();
    await startPipeline(world, 'held');
    await answer(first);
    expect(await listExecutionStatuses(world, 'held')).toEqual(['Succeeded', 'InProgress']);
  });

  it('accepts one answer, with its own token', async () => {
    await createPipeline(world, held);
    await startPipeline(world, 'held');
    const token = await tokenOf();
    expect(await errorOf(answer(unknownId))).toMatchObject({ name: 'InvalidApprovalTokenException' });
    expect(await errorOf(answer(token, 'Approved', 'Nobody'))).toMatchObject({
      name: 'ActionNotFoundException',
    });
    expect((await answer(token)).approvedAt).toBeInstanceOf(Date);
    expect(await tokenOf()).toBe('');
    expect(await errorOf(answer(token))).toMatchObject({ name: 'ApprovalAlreadyCompletedException' });
  });
});

describe('executions', () => {
  const test = async () => (await summarizeStages(world, 'held'))[0];

  it('supersede executions that wait to enter a stage', async () => {
    await createPipeline(world, held);
    for (let at = 0; at < 3; at += 1) await startPipeline(world, 'held');
    expect(await listExecutionStatuses(world, 'held')).toEqual(['InProgress', 'Superseded', 'InProgress']);
    expect((await test())?.waiting).toBe(1);
    await answerApproval(world, 'held/Test/Ask', 'Approved');
    expect(await listExecutionStatuses(world, 'held')).toEqual(['Succeeded', 'Superseded', 'InProgress']);
    expect((await test())?.waiting).toBe(0);
  });

  it('wait in order in the mode QUEUED', async () => {
    await createPipeline(world, { ...held, mode: 'QUEUED' });
    for (let at = 0; at < 3; at += 1) await startPipeline(world, 'held');
    expect((await test())?.waiting).toBe(2);
    await answerApproval(world, 'held/Test/Ask', 'Approved');
    expect(await listExecutionStatuses(world, 'held')).toEqual(['Succeeded', 'InProgress', 'InProgress']);
    await answerApproval(world, 'held/Test/Ask', 'Approved');
    expect(await listExecutionStatuses(world, 'held')).toEqual(['Succeeded', 'Succeeded', 'InProgress']);
  });

  it('run in parallel in the mode PARALLEL, and are retried separately', async () => {
    await createPipeline(world, { ...release, mode: 'PARALLEL' });
    const ids = [await startPipeline(world, 'release'), await startPipeline(world, 'release')];
    expect(jobs).toHaveLength(2);
    await fail('one', 'JobFailed', jobs[0]?.id);
    await fail('two', 'JobFailed', jobs[1]?.id);
    await retry(ids[0] ?? '');
    await succeed();
    expect(await listExecutionStatuses(world, 'release')).toEqual(['Succeeded', 'Failed']);
  });

  it.each(['QUEUED', 'PARALLEL'] as const)('are limited to fifty in the mode %s', async (mode) => {
    await createPipeline(world, { ...held, mode });
    for (let at = 0; at < 50; at += 1) await startPipeline(world, 'held');
    expect(await errorOf(startPipeline(world, 'held'))).toMatchObject({
      name: 'ConcurrentPipelineExecutionsLimitExceededException',
    });
  });

  it('enter a failed stage, after which the failed execution cannot be retried', async () => {
    const first = await blocked();
    const second = await startPipeline(world, 'release');
    expect(jobs).toHaveLength(2);
    expect(await errorOf(retry(first))).toMatchObject({ name: 'NotLatestPipelineExecutionException' });
    await fail('still blocked');
    await retry(second);
    expect(jobs).toHaveLength(3);
  });

  it('wait at a disabled transition, and the newest enters when it is enabled', async () => {
    await createPipeline(world, { name: 'release', stages: { Prod: [{ name: 'Deploy' }] } });
    await disableTransition(world, 'release', 'Prod', 'AWS Health EC2 issue in eu-west-1 (open)');
    await startPipeline(world, 'release');
    const newest = await startPipeline(world, 'release');
    expect(await prod()).toMatchObject({
      status: 'new',
      waiting: 1,
      disabledReason: 'AWS Health EC2 issue in eu-west-1 (open)',
    });
    const { stageStates = [] } = await client().send(new GetPipelineStateCommand({ name: 'release' }));
    expect(stageStates[1]?.inboundExecution).toMatchObject({
      pipelineExecutionId: newest,
      status: 'InProgress',
    });
    expect(stageStates[1]?.inboundTransitionState).toEqual({
      enabled: false,
      lastChangedBy: expect.stringContaining(':assumed-role/local/'),
      lastChangedAt: expect.any(Date),
      disabledReason: 'AWS Health EC2 issue in eu-west-1 (open)',
    });
    await enableTransition(world, 'release', 'Prod');
    expect(await listExecutionStatuses(world, 'release')).toEqual(['Superseded', 'Succeeded']);
    expect((await prod())?.disabledReason).toBeUndefined();
  });

  it('do not leave a stage whose outbound transition is disabled', async () => {
    await createPipeline(world, { name: 'release', stages: { Prod: [{ name: 'Deploy' }] } });
    const source = { pipelineName: 'release', stageName: 'Source', transitionType: 'Outbound' as const };
    await client().send(new DisableStageTransitionCommand({ ...source, reason: 'not yet' }));
    await startPipeline(world, 'release');
    expect(await prod()).toMatchObject({ status: 'new', waiting: 1 });
    await client().send(new EnableStageTransitionCommand(source));
    expect((await prod())?.status).toBe('Succeeded');
  });

  it.each([
    ['AWS_EC2_OPERATIONAL_ISSUE open', 'ValidationException'],
    ['AWS Health: EC2', 'ValidationException'],
    ['', 'ValidationException'],
  ])('are not blocked with the invalid reason %j', async (reason, name) => {
    await createPipeline(world, release);
    expect(await errorOf(disableTransition(world, 'release', 'Prod', reason))).toMatchObject({ name });
    expect(await errorOf(disableTransition(world, 'release', 'Nowhere', 'ok'))).toMatchObject({
      name: 'StageNotFoundException',
    });
  });

  it('have declared variables with values', async () => {
    await createPipeline(world, { ...release, variables: { SKIP: 'no' } });
    expect(await errorOf(startPipeline(world, 'release', { ODD: '1' }))).toMatchObject({
      name: 'ValidationException',
    });
    const id = await startPipeline(world, 'release', { SKIP: 'yes' });
    const command = new GetPipelineExecutionCommand({ pipelineName: 'release', pipelineExecutionId: id });
    const { pipelineExecution } = await client().send(command);
    expect(pipelineExecution).toMatchObject({
      pipelineVersion: 1,
      status: 'InProgress',
      variables: [{ name: 'SKIP', resolvedValue: 'yes' }],
      executionMode: 'SUPERSEDED',
      executionType: 'STANDARD',
      trigger: { triggerType: 'StartPipelineExecution' },
    });
    const nobody = new GetPipelineExecutionCommand({
      pipelineName: 'release',
      pipelineExecutionId: unknownId,
    });
    expect(await errorOf(client().send(nobody))).toMatchObject({
      name: 'PipelineExecutionNotFoundException',
    });
  });

  it('are listed in pages, newest first', async () => {
    await createPipeline(world, { name: 'release', stages: { Prod: [{ name: 'Deploy' }] } });
    const ids: string[] = [];
    for (let at = 0; at < 5; at += 1) ids.push(await startPipeline(world, 'release'));
    const list = (nextToken?: string) =>
      client().send(new ListPipelineExecutionsCommand({ pipelineName: 'release', maxResults: 3, nextToken }));
    const first = await list();
    const second = await list(first.nextToken);
    const listed = [first, second].flatMap(({ pipelineExecutionSummaries = [] }) =>
      pipelineExecutionSummaries.map(({ pipelineExecutionId }) => pipelineExecutionId),
    );
    expect([listed, second.nextToken]).toEqual([ids.toReversed(), undefined]);
    expect(await errorOf(list('elsewhere'))).toMatchObject({ name: 'InvalidNextTokenException' });
  });

  it('are found by a stage in which they succeeded', async () => {
    await createPipeline(world, held);
    await startPipeline(world, 'held');
    await answerApproval(world, 'held/Test/Ask', 'Approved');
    await startPipeline(world, 'held');
    const filter = { succeededInStage: { stageName: 'Test' } };
    const found = await client().send(new ListPipelineExecutionsCommand({ pipelineName: 'held', filter }));
    expect(found.pipelineExecutionSummaries).toHaveLength(1);
  });

  it('have actions, listed with input and output', async () => {
    await createPipeline(world, {
      name: 'release',
      stages: { Prod: [{ ...gate, parameters: '#{codepipeline.PipelineExecutionId}', namespace: 'Gate' }] },
    });
    const id = await startPipeline(world, 'release');
    await fail('blocked');
    await retry(id);
    await succeed({ outputVariables: { Decision: 'PASS' }, executionDetails: { summary: 'fine' } });
    const list = async (filter: object) => {
      const command = new ListActionExecutionsCommand({ pipelineName: 'release', filter });
      return (await client().send(command)).actionExecutionDetails ?? [];
    };
    const all = await list({ pipelineExecutionId: id });
    expect(all.map(({ actionName, status }) => `${actionName} ${status}`)).toEqual([
      'Gate Succeeded',
      'Gate Failed',
      'Source Succeeded',
    ]);
    expect(all[0]).toMatchObject({
      pipelineVersion: 1,
      stageName: 'Prod',
      input: {
        configuration: { UserParameters: '#{codepipeline.PipelineExecutionId}' },
        resolvedConfiguration: { UserParameters: id },
        namespace: 'Gate',
      },
      output: {
        executionResult: { externalExecutionSummary: 'fine' },
        outputVariables: { Decision: 'PASS' },
      },
    });
    expect(all[1]?.output?.executionResult?.errorDetails).toEqual({ code: 'JobFailed', message: 'blocked' });
    const latest = await list({
      latestInPipelineExecution: { pipelineExecutionId: id, startTimeRange: 'Latest' },
    });
    expect(latest.map(({ status }) => status)).toEqual(['Succeeded', 'Succeeded']);
    expect(await errorOf(list({ pipelineExecutionId: unknownId }))).toMatchObject({
      name: 'PipelineExecutionNotFoundException',
    });
  });
});

describe('stopping', () => {
  it('waits for actions in progress', async () => {
    await createPipeline(world, release);
    const id = await startPipeline(world, 'release');
    await stopPipeline(world, 'release', id);
    expect([await listExecutionStatuses(world, 'release'), (await prod())?.status]).toEqual([
      ['Stopping'],
      'Stopping',
    ]);
    expect(await errorOf(stopPipeline(world, 'release', id))).toMatchObject({
      name: 'DuplicatedStopRequestException',
    });
    await succeed();
    expect(await prod()).toMatchObject({ status: 'Stopped', actions: { Gate: 'Succeeded', Deploy: 'new' } });
    expect(await listExecutionStatuses(world, 'release')).toEqual(['Stopped']);
    expect(course(5)).toEqual([
      'Prod STARTED',
      'Gate STARTED',
      'pipeline STOPPING',
      'Prod STOPPING',
      'Gate SUCCEEDED',
      'Prod STOPPED',
      'pipeline STOPPED',
    ]);
    await retryStage(world, 'release', 'Prod');
    expect(await listExecutionStatuses(world, 'release')).toEqual(['Succeeded']);
  });

  it('abandons actions in progress', async () => {
    await createPipeline(world, release);
    const id = await startPipeline(world, 'release');
    await stopPipeline(world, 'release', id);
    await stopPipeline(world, 'release', id, { abandon: true });
    expect(await prod()).toMatchObject({ status: 'Stopped', actions: { Gate: 'Abandoned' } });
    expect(course(-3)).toEqual(['Gate ABANDONED', 'Prod STOPPED', 'pipeline STOPPED']);
    expect(await errorOf(succeed())).toMatchObject({ name: 'InvalidJobStateException' });
    expect(timers.nextDue()).toBeUndefined();
    expect(await errorOf(stopPipeline(world, 'release', id))).toMatchObject({
      name: 'PipelineExecutionNotStoppableException',
    });
    await retryStage(world, 'release', 'Prod');
    expect(jobs).toHaveLength(2);
  });

  it('removes an execution that waits to enter, and publishes the reason', async () => {
    await createPipeline(world, held);
    await startPipeline(world, 'held');
    const id = await startPipeline(world, 'held');
    const command = { pipelineName: 'held', pipelineExecutionId: id, reason: 'a mistake' };
    await client().send(new StopPipelineExecutionCommand(command));
    expect(await listExecutionStatuses(world, 'held')).toEqual(['InProgress', 'Stopped']);
    expect((await summarizeStages(world, 'held'))[0]?.waiting).toBe(0);
    expect(detailsOf('Pipeline').at(-2)).toMatchObject({
      state: 'STOPPING',
      'stop-execution-comments': 'a mistake',
    });
  });

  it('cancels all executions in progress when the structure changes', async () => {
    await createPipeline(world, { ...held, mode: 'QUEUED' });
    await startPipeline(world, 'held');
    await startPipeline(world, 'held');
    events.length = 0;
    await updatePipeline(world, { ...held, stages: { ...held.stages, Last: [{ name: 'Tell' }] } });
    expect(await listExecutionStatuses(world, 'held')).toEqual(['Cancelled', 'Cancelled']);
    expect(course()).toEqual(['pipeline CANCELED', 'Ask CANCELED', 'Test CANCELED', 'pipeline CANCELED']);
    expect((await summarizeStages(world, 'held')).map(({ stage, status }) => `${stage} ${status}`)).toEqual([
      'Test Cancelled',
      'Prod new',
      'Last new',
    ]);
  });

  it('happens when the pipeline is deleted', async () => {
    await createPipeline(world, release);
    await startPipeline(world, 'release');
    await client().send(new DeletePipelineCommand({ name: 'release' }));
    expect(await errorOf(succeed())).toMatchObject({ name: 'InvalidJobStateException' });
    expect(timers.nextDue()).toBeUndefined();
  });
});

describe('retrying a stage', () => {
  it('runs the failed actions again, and continues from there', async () => {
    const other = { ...gate, name: 'Other' };
    await createPipeline(world, { name: 'release', stages: { Prod: [gate, other, deploy] } });
    const id = await startPipeline(world, 'release');
    await succeed({}, jobs[0]?.id);
    await fail('no', 'JobFailed', jobs[1]?.id);
    const idOf = async () => {
      const { stageStates = [] } = await client().send(new GetPipelineStateCommand({ name: 'release' }));
      return (
        stageStates[1]?.actionStates?.map(({ latestExecution }) => latestExecution?.actionExecutionId) ?? []
      );
    };
    const before = await idOf();
    expect(await retry(id)).toMatchObject({ pipelineExecutionId: id });
    const after = await idOf();
    expect(jobs).toHaveLength(3);
    expect([after[0] === before[0], after[1] === before[1]]).toEqual([true, false]);
    await succeed();
    expect(await prod()).toMatchObject({ status: 'Succeeded', retries: 1, actions: { Deploy: 'Succeeded' } });
    expect(await listExecutionStatuses(world, 'release')).toEqual(['Succeeded']);
  });

  it('can run all actions again', async () => {
    await createPipeline(world, release);
    setActionOutcome(world, 'release/Prod/Deploy', { status: 'Failed', message: 'no' });
    const id = await startPipeline(world, 'release');
    await succeed();
    await retry(id, { retryMode: 'ALL_ACTIONS' });
    expect(jobs).toHaveLength(2);
    expect(await errorOf(retry(id))).toMatchObject({ name: 'StageNotRetryableException' });
    await succeed();
    await retry(id);
    expect(jobs).toHaveLength(2);
    expect(await prod()).toMatchObject({ status: 'Failed', retries: 2 });
  });

  it('keeps the output variables of earlier actions', async () => {
    const first = { name: 'First', function: 'Gate', namespace: 'First' };
    const second = { ...gate, runOrder: 2, parameters: '#{First.Said}' };
    await createPipeline(world, { name: 'release', stages: { Prod: [first, second] } });
    const id = await startPipeline(world, 'release');
    await succeed({ outputVariables: { Said: 'yes' } });
    await fail('no');
    await retry(id);
    expect(job().data.actionConfiguration.configuration['UserParameters']).toBe('yes');
  });

  it('publishes RESUMED, with the next attempt number', async () => {
    const id = await blocked();
    events.length = 0;
    await retry(id);
    expect(course()).toEqual(['pipeline RESUMED', 'Prod RESUMED', 'Gate STARTED']);
    expect(detailsOf('Stage')[0]).toEqual({
      pipeline: 'release',
      'execution-id': id,
      'start-time': expect.any(String),
      version: 1,
      'stage-last-retry-attempt-time': new Date(
        Date.parse(String(detailsOf('Stage')[0]?.['stage-last-retry-attempt-time'])),
      ).toISOString(),
      stage: 'Prod',
      state: 'RESUMED',
      'pipeline-execution-attempt': 2,
    });
  });

  it('works if the transition into the stage is disabled', async () => {
    const id = await blocked();
    await disableTransition(world, 'release', 'Prod', 'frozen');
    await retry(id);
    expect(jobs).toHaveLength(2);
  });

  it.each<[string, string, object]>([
    ['PipelineNotFoundException', 'for an unknown pipeline', { pipelineName: 'nobody' }],
    ['StageNotFoundException', 'for an unknown stage', { stageName: 'Nowhere' }],
    ['NotLatestPipelineExecutionException', 'for an unknown execution', { pipelineExecutionId: unknownId }],
    ['StageNotRetryableException', 'for a stage that succeeded', { stageName: 'Source' }],
    ['ValidationException', 'with an invalid mode', { retryMode: 'SOME_ACTIONS' }],
    ['ValidationException', 'for an invalid id', { pipelineExecutionId: 'latest' }],
  ])('is rejected with %s %s', async (name, _, more) => {
    const id = await blocked();
    expect(await errorOf(retry(id, more))).toMatchObject({ name });
    expect(jobs).toHaveLength(1);
  });

  it('is rejected the second time', async () => {
    const id = await blocked();
    await retry(id);
    expect(await errorOf(retry(id))).toMatchObject({ name: 'StageNotRetryableException' });
    await succeed();
    expect(await errorOf(retry(id))).toMatchObject({ name: 'StageNotRetryableException' });
  });

  it('is rejected for a stage that the execution has not entered', async () => {
    await createPipeline(world, { ...release, stages: { ...release.stages, Next: [{ name: 'A' }] } });
    const id = await startPipeline(world, 'release');
    await fail('no');
    expect(await errorOf(retry(id, { stageName: 'Next' }))).toMatchObject({
      name: 'StageNotRetryableException',
    });
  });

  it('is rejected after the structure has changed', async () => {
    const id = await blocked();
    await savePipelineUnchanged(world, 'release');
    expect(await errorOf(retry(id))).toMatchObject({ name: 'StageNotRetryableException' });
  });

  it('gets as many conflicts as a scenario sets', async () => {
    const id = await blocked();
    emulatedState(world, 'codepipeline').conflicts = 2;
    expect(await errorOf(retry(id))).toMatchObject({ name: 'ConflictException' });
    expect(await errorOf(retry(id))).toMatchObject({ name: 'ConflictException' });
    await retry(id);
    expect(jobs).toHaveLength(2);
  });
});

describe('the events', () => {
  it('arrive in the order of the changes', async () => {
    await createPipeline(world, release);
    await startPipeline(world, 'release');
    await succeed();
    expect(course()).toEqual([
      'pipeline STARTED',
      'Source STARTED',
      'Source STARTED',
      'Source SUCCEEDED',
      'Source SUCCEEDED',
      'Prod STARTED',
      'Gate STARTED',
      'Gate SUCCEEDED',
      'Deploy STARTED',
      'Deploy SUCCEEDED',
      'Prod SUCCEEDED',
      'pipeline SUCCEEDED',
    ]);
  });

  it('have the form that AWS documents', async () => {
    const id = await blocked();
    const { stageStates = [] } = await client().send(new GetPipelineStateCommand({ name: 'release' }));
    const [failed] = events.filter(({ detail }) => (detail as Mapping)['action'] === 'Gate').slice(-1);
    const isoTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(failed).toEqual({
      version: '0',
      id: expect.any(String),
      'detail-type': 'CodePipeline Action Execution State Change',
      source: 'aws.codepipeline',
      account: '123456789012',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      region: 'eu-west-1',
      resources: ['arn:aws:codepipeline:eu-west-1:123456789012:release'],
      detail: {
        pipeline: 'release',
        'execution-id': id,
        'start-time': isoTime,
        stage: 'Prod',
        'execution-result': {
          'external-execution-summary': 'blocked by an incident',
          'external-execution-id': 'marker',
          'error-code': 'JobFailed',
        },
        'action-execution-id': stageStates[1]?.actionStates?.[0]?.latestExecution?.actionExecutionId,
        action: 'Gate',
        state: 'FAILED',
        region: 'eu-west-1',
        type: { owner: 'AWS', provider: 'Lambda', category: 'Invoke', version: '1' },
        version: 1,
        'pipeline-execution-attempt': 1,
      },
    });
    expect(detailsOf('Pipeline')).toEqual([
      expect.objectContaining({ 'execution-trigger': expect.any(Object), state: 'STARTED' }),
      {
        pipeline: 'release',
        'execution-id': id,
        'start-time': isoTime,
        state: 'FAILED',
        version: 1,
        'pipeline-execution-attempt': 1,
      },
    ]);
  });

  it('of actions contain the artifacts', async () => {
    await createPipeline(world, { name: 'release', stages: { Prod: [{ ...gate, inputs: ['Source'] }] } });
    setArtifactLocation(world, 'release', 'Source', { bucket: 'artifacts', key: 'k' });
    await startPipeline(world, 'release');
    const artifacts = [{ name: 'Source', s3location: { bucket: 'artifacts', key: 'k' } }];
    expect(detailsOf('Action')[1]).toMatchObject({ state: 'SUCCEEDED', 'output-artifacts': artifacts });
    expect(detailsOf('Action')[2]).toMatchObject({ state: 'STARTED', 'input-artifacts': artifacts });
  });

  it('of actions can omit the result', async () => {
    emulatedState(world, 'codepipeline').omitResults = true;
    await blocked();
    expect(detailsOf('Action').filter((detail) => 'execution-result' in detail)).toEqual([]);
    expect(detailsOf('Action').at(-1)).toMatchObject({ state: 'FAILED', action: 'Gate' });
  });

  it('report superseded executions', async () => {
    await createPipeline(world, held);
    for (let at = 0; at < 3; at += 1) await startPipeline(world, 'held');
    expect(detailsOf('Pipeline').map(({ state }) => state)).toEqual([
      'STARTED',
      'STARTED',
      'STARTED',
      'SUPERSEDED',
    ]);
  });
});

it('an unknown pipeline cannot be started', async () => {
  const command = new StartPipelineExecutionCommand({ name: 'nobody' });
  expect(await errorOf(client().send(command))).toMatchObject({ name: 'PipelineNotFoundException' });
});

describe('in a pack', () => {
  let trial: Awaited<ReturnType<typeof bundleTrial>>;
  let pack: Pack;

  beforeAll(async () => {
    trial = await bundleTrial('Listener');
    pack = await startPack({ dist: trial.dist, templatePath: trialTemplate });
  });

  afterAll(async () => {
    await pack?.close();
    await trial?.remove();
  });

  it('a function that never answers is invoked once, until its timeout', async () => {
    const silent = { name: 'Gate', function: 'Listener', parameters: '{}' };
    await createPipeline(pack, { name: 'release', stages: { Prod: [silent] } });
    const before = pack.clock.now();
    await startPipeline(pack, 'release');
    await pack.settle();
    expect(Math.round((pack.clock.now() - before) / MINUTE)).toBe(20);
    expect(pack.functions.pool('Listener').finished).toHaveLength(1);
    expect((await summarizeStages(pack, 'release'))[0]?.actions['Gate']).toContain(
      'failed to return a result',
    );
  });

  it('an execution that waits for a person leaves the pack settled', async () => {
    await createPipeline(pack, held);
    await startPipeline(pack, 'held');
    await pack.settle();
    await answerApproval(pack, 'held/Test/Ask', 'Approved');
    expect(await listExecutionStatuses(pack, 'held')).toEqual(['Succeeded']);
  });
});
