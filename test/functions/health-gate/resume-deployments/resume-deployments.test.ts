import {
  GetPipelineExecutionCommand,
  GetPipelineStateCommand,
  ListActionExecutionsCommand,
  ListTagsForResourceCommand,
  RetryStageExecutionCommand,
} from '@aws-sdk/client-codepipeline';
import { QueryCommand, ScanCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { DescribeEventsCommand } from '@aws-sdk/client-health';
import { PublishCommand } from '@aws-sdk/client-sns';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { GetParametersCommand } from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, it } from 'vitest';
import { type HoldRecord, LEASE_MS } from '../../../../functions/health-gate/domain/hold-record.ts';
import { claimRetry, closeHold } from '../../../../functions/health-gate/domain/hold-transitions.ts';
import { resumeAt } from '../../../../functions/health-gate/domain/resume-schedule.ts';
import { NOW, policy } from '../examples.ts';
import {
  callsOf,
  clients,
  config,
  deploymentOf,
  due,
  failedAction,
  failWrite,
  gateRun,
  goOn,
  HOUR,
  holdOf,
  keep,
  keepDue,
  lostAnswer,
  MINUTE,
  mails,
  OVERRIDE,
  openAccount,
  openIncidents,
  parameters,
  pipelines,
  refusal,
  reminders,
  retried,
  run,
  stopOf,
  stoppedPipeline,
  sweep,
  table,
} from '../resume-account.ts';

beforeEach(openAccount);

const closed = (region?: string) => ({ kind: 'closed issue', region }) as const;

/** A claim of a run that died. */
function keepClaimed(pipeline: string, claimedAt: number): HoldRecord {
  const hold = keepDue(pipeline);
  return keep(pipeline, claimRetry(hold, claimedAt));
}

describe('a failed action', () => {
  it('of a gate is held: one record, one mail, one line', async () => {
    stoppedPipeline('orders');
    stopOf('orders');
    const { counts, lines, retry } = await run([failedAction('orders')]);
    expect([retry, counts]).toEqual([[], { Held: 1 }]);
    expect(holdOf('orders')).toMatchObject({
      status: 'held',
      pipelineVersion: 4,
      notifications: { held: 0 },
    });
    expect(mails()).toHaveLength(1);
    expect(lines).toMatchObject([
      { level: 'info', message: 'deployment held', fields: { pipeline: 'orders', stage: 'Prod' } },
    ]);
  });

  it('that is reported twice, in a batch or later, is held againce', async () => {
    stoppedPipeline('orders');
    stopOf('orders');
    await run([failedAction('orders'), failedAction('orders')]);
    const before = holdOf('orders');
    const { counts, retry } = await run([failedAction('orders')]);
    expect([retry, counts, holdOf('orders'), mails().length]).toEqual([[], {}, before, 1]);
    expect(callsOf()).toMatchObject({ Query: 1, TransactWriteItems: 1 });
  });

  it('that two runs take in at the same moment is held againce', async () => {
    stoppedPipeline('orders');
    stopOf('orders');
    const runs = await Promise.all([run([failedAction('orders')]), run([failedAction('orders')])]);
    expect(runs.map(({ counts, retry }) => [retry, counts.Held ?? 0]).sort()).toEqual([
      [[], 0],
      [[], 1],
    ]);
    expect([table.size, mails().length]).toEqual([1, 1]);
  });

  it('from before a resume, reported late, changes nothing', async () => {
    stoppedPipeline('orders');
    stopOf('orders', 2);
    keep('orders', {
      status: 'resumed',
      attempts: 1,
      claimedAt: NOW + MINUTE,
      notifications: { held: 0, resumed: 1 },
    });
    const { counts, lines } = await run([failedAction('orders', 2)], { now: NOW + HOUR });
    expect([counts, holdOf('orders')?.status, mails()]).toEqual([{ Dropped: 1 }, 'resumed', []]);
    expect(lines).toMatchObject([
      { message: 'deployment not held', fields: { reason: 'it was resumed after this failure' } },
    ]);
    expect((await run([failedAction('orders', 2)], { now: NOW + HOUR })).counts).toEqual({});
  });

  it("of another function costs one query each of the gate's saved stops", async () => {
    const { counts } = await run([
      failedAction('orders', 1, { externalId: 'their request' }),
      failedAction('carts', 1, { externalId: undefined, summary: 'Their words' }),
    ]);
    expect([counts, callsOf()]).toEqual([{ NotOurs: 2 }, { BatchGetItem: 1, Query: 2 }]);
  });

  it('whose marker stands in the summary alone is held', async () => {
    stoppedPipeline('orders');
    stopOf('orders');
    const summary = gateRun('orders', 1).texts?.message;
    await run([failedAction('orders', 1, { externalId: undefined, summary })]);
    expect(holdOf('orders')?.status).toBe('held');
  });

  it.each([
    ['no result', undefined],
    ['a text that was cut before its marker', 'x'.repeat(500)],
  ])('told with %s is looked up in its pipeline', async (_, summary) => {
    stoppedPipeline('orders');
    stopOf('orders');
    await run([failedAction('orders', 1, { externalId: undefined, summary })]);
    expect(holdOf('orders')).toMatchObject({ status: 'held', actions: [{ jobId: 'job-1-of-orders' }] });
  });

  it.each([
    ['without a result', {}],
    ["with another's id", { externalId: 'their request' }],
    ["with another's words", { summary: 'Their words' }],
  ])('told %s, of another function beside the gate, is none of ours', async (_, about) => {
    const test = { id: 'run of Test', status: 'Failed', texts: { message: 'Their words' } };
    stoppedPipeline('orders', { runs: { Gate: gateRun('orders', 1), Test: test } });
    stopOf('orders', 1, { id: 'execution of orders' });
    const failed = { action: 'Test', actionExecutionId: 'run of Test', externalId: undefined, ...about };
    const { counts } = await run([failedAction('orders', 1, failed)]);
    expect([counts, table.size]).toEqual([{ NotOurs: 1 }, 0]);
  });

  it.each([
    ['without a result', {}],
    ["with Lambda's own id", { externalId: 'a request of Lambda' }],
    ['with a short text', { summary: 'Incident In Progress' }],
  ])(
    "told %s where the marker is lost is found by the gate's record of the same moment",
    async (_, about) => {
      const texts = { id: 'a request of Lambda', message: 'Incident In Progress' };
      stoppedPipeline('orders', { runs: { Gate: { id: 'run 1 of orders', status: 'Failed', texts } } });
      stopOf('orders', 1, { id: 'execution of orders', at: NOW - 1000 });
      await run([failedAction('orders', 1, { externalId: undefined, ...about })]);
      expect(holdOf('orders')).toMatchObject({ status: 'held', actions: [{ jobId: 'job-1-of-orders' }] });
    },
  );

  describe('of which nothing is left in the pipeline', () => {
    beforeEach(() => {
      stoppedPipeline('orders', { runs: { Gate: { id: 'run 2 of orders', status: 'InProgress' } } });
    });
    const bare = failedAction('orders', 1, { externalId: undefined });

    it("is found by the gate's saved stop of the same moment", async () => {
      stopOf('orders', 1, { id: 'execution of orders', at: NOW - 2000 });
      await run([bare]);
      expect(holdOf('orders')?.status).toBe('held');
    });

    it.each([
      ['an hour before, in the same execution', NOW - HOUR],
      ['an hour later', NOW + HOUR],
    ])('is not taken for the stop of %s', async (_, at) => {
      stopOf('orders', 1, { id: 'execution of orders', at });
      const { counts } = await run([bare]);
      expect([counts, table.size]).toEqual([{ NotOurs: 1 }, 0]);
    });
  });

  it.each<[string, Parameters<typeof stoppedPipeline>[1]]>([
    ['that was stopped meanwhile', { executionStatus: 'Stopped' }],
    ['that was stopped meanwhile, without the tag', { executionStatus: 'Stopped', tags: {} }],
  ])('in a pipeline %s is not held, and nobody is mailed', async (_, about) => {
    stoppedPipeline('orders', about);
    stopOf('orders');
    const { counts, lines } = await run([failedAction('orders')]);
    expect([counts, table.size, mails()]).toEqual([{ Dropped: 1 }, 0, []]);
    expect(lines).toMatchObject([{ message: 'deployment not held', fields: { reason: expect.any(String) } }]);
  });

  it.each<[string, Parameters<typeof stoppedPipeline>[1], RegExp]>([
    ['without the tag', { tags: {} }, /not tagged groundcrew:resume=true/],
    ['in parallel mode', { mode: 'PARALLEL' }, /runs executions in parallel/],
  ])('in a pipeline %s is not held, and mailed once', async (_, about, reason) => {
    stoppedPipeline('orders', about);
    stopOf('orders');
    stopOf('orders', 2);

    await run([failedAction('orders'), failedAction('orders')]);
    await run([failedAction('orders')]);
    await run([failedAction('orders', 2)]);
    await run([sweep]);

    expect(holdOf('orders')).toMatchObject({
      status: 'not held',
      closedReason: expect.stringMatching(reason),
    });
    expect(mails()).toMatchObject([
      { subject: 'Deployment stopped: orders, stage Prod', text: expect.stringMatching(reason) },
    ]);
    expect(mails()[0]?.text).toContain('aws codepipeline retry-stage-execution --pipeline-name orders');
    expect(retried()).toEqual([]);
  });

  it('in a pipeline that was tagged after the mail is held when the gate stops it again', async () => {
    const pipeline = stoppedPipeline('orders', { tags: {} });
    stopOf('orders');
    stopOf('orders', 2, { at: NOW + MINUTE });
    await run([failedAction('orders')]);
    pipeline.tags = { 'groundcrew:resume': 'true' };

    await run([failedAction('orders', 2, { time: NOW + MINUTE })], { now: NOW + MINUTE });

    expect(holdOf('orders')).toMatchObject({ status: 'held', heldAt: NOW + MINUTE, attempts: 0 });
    expect(mails().map(({ subject }) => subject)).toEqual([
      'Deployment stopped: orders, stage Prod',
      'Deployment held: orders, stage Prod',
    ]);
  });

  it('in a dry run is not recorded, whatever its tags', async () => {
    stoppedPipeline('orders', { tags: {} });
    stopOf('orders');

    const { counts } = await run([failedAction('orders')], { dryRun: true });

    expect([counts, table.size, mails()]).toEqual([{ Dropped: 1 }, 0, []]);
  });

  it('in a pipeline that is gone is not held', async () => {
    stopOf('orders');
    const { counts, retry } = await run([failedAction('orders')]);
    expect([counts, retry, table.size]).toEqual([{ Dropped: 1 }, [], 0]);
  });

  it("without the gate's saved stop is not held: nobody knows its policy", async () => {
    stoppedPipeline('orders');
    const { lines } = await run([failedAction('orders')]);
    expect(lines).toMatchObject([
      { message: 'deployment not held', fields: { reason: "the gate's saved stop is missing" } },
    ]);
  });

  it.each([
    ['from before the longest hold', { time: NOW - 24 * HOUR - 1 }],
    ['of another Region', { region: 'us-east-1' }],
    ['of another account', { account: '210987654321' }],
  ])('%s is dropped without a call', async (_, about) => {
    const { counts } = await run([failedAction('orders', 1, about)]);
    expect([counts, callsOf()]).toEqual([{ Dropped: 1 }, {}]);
  });

  it('that cannot be read is retried, and stops no other', async () => {
    for (const name of ['orders', 'carts']) {
      stoppedPipeline(name);
      stopOf(name);
    }
    clients.codePipeline
      .on(GetPipelineExecutionCommand, { pipelineName: 'orders' })
      .rejectsOnce(refusal('ThrottlingException'))
      .resolves({ pipelineExecution: { status: 'Failed', pipelineVersion: 4 } });
    const messages = [failedAction('orders'), failedAction('carts')];
    expect((await run(messages)).retry).toEqual(['m1']);
    expect([...table.keys()]).toEqual([deploymentOf('carts')]);
    expect((await run(messages)).retry).toEqual([]);
    expect([table.size, mails().length]).toEqual([2, 2]);
  });

  it('of two gates of a stage make one hold with both policies', async () => {
    stoppedPipeline('orders');
    stopOf('orders');
    stopOf('orders', 2, { policy: policy({ regions: ['us-east-1'] }), at: NOW + 1 });
    await run([failedAction('orders', 2, { action: 'Gate2' }), failedAction('orders')]);
    expect(holdOf('orders')?.actions.map(({ action }) => action)).toEqual(['Gate', 'Gate2']);
    expect([table.size, mails().length]).toEqual([1, 1]);
  });

  it('after a resume holds it again, without asking for its tags again', async () => {
    stoppedPipeline('orders');
    stopOf('orders', 2, { at: NOW + HOUR });
    keep('orders', {
      status: 'resumed',
      attempts: 1,
      claimedAt: NOW + MINUTE,
      notifications: { held: 0, resumed: 1 },
    });
    await run([failedAction('orders', 2)], { now: NOW + HOUR });
    expect(holdOf('orders')).toMatchObject({
      status: 'held',
      attempts: 1,
      notifications: { held: 1, resumed: 1 },
    });
    expect(mails()).toMatchObject([{ subject: 'Deployment held: orders, stage Prod' }]);
    expect(callsOf()).not.toHaveProperty('ListTagsForResource');
  });

  it.each([
    ['dropped', 'a person has retried it', {}],
    ['abandoned', 'the action Test failed too', { abandoned: true }],
  ] as const)(
    'after one that was %s was retried by hand holds it again, and says so',
    async (status, why, told) => {
      stoppedPipeline('orders', { version: 5 });
      keep('orders', {
        status,
        closedReason: why,
        closedAt: NOW + MINUTE,
        notifications: { held: 0, ...told },
      });
      stopOf('orders', 2, { at: NOW + HOUR });
      const { counts } = await run([failedAction('orders', 2)], { now: NOW + HOUR });
      expect([counts, holdOf('orders')?.notifications]).toEqual([{ Held: 1 }, { held: 0 }]);
      expect(holdOf('orders')).toMatchObject({ status: 'held', heldAt: NOW + HOUR, pipelineVersion: 5 });
      expect(mails()).toMatchObject([{ subject: 'Deployment held: orders, stage Prod' }]);
    },
  );

  it('from before it was abandoned, reported late, is not held, and the log says so', async () => {
    stoppedPipeline('orders');
    keep('orders', {
      status: 'abandoned',
      closedReason: 'too old',
      closedAt: NOW + MINUTE,
      notifications: { held: 0, abandoned: true },
    });
    stopOf('orders', 2);
    const { counts, lines } = await run([failedAction('orders', 2)], { now: NOW + HOUR });
    expect([counts, holdOf('orders')?.status, mails()]).toEqual([{ Dropped: 1 }, 'abandoned', []]);
    expect(lines).toMatchObject([
      {
        message: 'deployment not held',
        fields: { action: 'Gate', reason: 'it was abandoned after this failure: too old' },
      },
    ]);
  });

  it('after the last resume is abandoned, with one mail', async () => {
    stoppedPipeline('orders');
    stopOf('orders', 4, { at: NOW + HOUR });
    stopOf('orders', 5, { at: NOW + HOUR });
    keep('orders', {
      status: 'resumed',
      attempts: 3,
      claimedAt: NOW + MINUTE,
      notifications: { held: 2, resumed: 3 },
    });
    const { counts } = await run([failedAction('orders', 4)], { now: NOW + HOUR });
    expect([counts, holdOf('orders')?.status]).toEqual([{ Abandoned: 1 }, 'abandoned']);
    await run([failedAction('orders', 5, { action: 'Gate2' })], { now: NOW + 2 * HOUR });
    expect(mails()).toMatchObject([{ subject: 'Deployment abandoned: orders, stage Prod' }]);
  });
});

describe('AWS Health clear again', () => {
  it('starts the cool-down, and does not retry', async () => {
    keep('orders');
    const { lines } = await run([sweep]);
    expect(holdOf('orders')).toMatchObject({
      status: 'cooling down',
      clearSince: NOW,
      retryAt: resumeAt(deploymentOf('orders'), NOW, config),
    });
    expect(lines.map(({ message }) => message)).toEqual(['cool-down started']);
    expect([retried(), reminders()]).toEqual([[], {}]);
  });

  it('is seen by two sweeps at the same moment, and logged by the one that writes it', async () => {
    keep('orders');
    const runs = await Promise.all([run([sweep]), run([sweep])]);
    expect(runs.flatMap(({ lines }) => lines.map(({ message }) => message))).toEqual(['cool-down started']);
    expect(holdOf('orders')).toMatchObject({ status: 'cooling down' });
  });

  it('and still clear writes nothing', async () => {
    keepDue('orders', { retryAt: NOW + 10 * MINUTE });
    const { lines } = await run([sweep]);
    expect([lines, callsOf()]).toEqual([[], { Scan: 1, GetParameters: 1, DescribeEvents: 1, PutItem: 1 }]);
  });

  it('and bad again ends the cool-down, however due', async () => {
    stoppedPipeline('orders');
    keepDue('orders');
    openIncidents('eu-west-1');
    await run([due('orders')]);
    expect([holdOf('orders')?.status, retried()]).toEqual(['held', []]);
    expect(holdOf('orders')).not.toHaveProperty('retryAt');
  });

  it('in one of two Regions is not enough for a deployment to both', async () => {
    const [gate] = keep('orders').actions;
    if (!gate) throw new Error('no gate');
    const other = { ...gate, action: 'Gate2', policy: policy({ regions: ['us-east-1'] }) };
    keep('orders', { actions: [gate, other] });
    openIncidents('us-east-1');
    await run([closed('eu-west-1')]);
    expect(holdOf('orders')?.status).toBe('held');
    openIncidents();
    await run([closed('us-east-1')]);
    expect(holdOf('orders')?.status).toBe('cooling down');
  });

  it('says nothing about a gate that has stopped since', async () => {
    stoppedPipeline('orders');
    keep('orders');
    stopOf('orders', 2, { at: NOW + 1000 });
    clients.health.on(DescribeEventsCommand).callsFake(async () => {
      await run([failedAction('orders', 2)], { now: NOW + 1000 });
      return { events: [] };
    });
    await run([sweep]);
    expect(holdOf('orders')).toMatchObject({ status: 'held', actions: [{ jobId: 'job-2-of-orders' }] });
  });

  it('cannot be read when it is due: nothing is retried, and the cool-down starts again', async () => {
    stoppedPipeline('orders');
    keepDue('orders');
    clients.health.on(DescribeEventsCommand).rejects(refusal('ThrottlingException'));
    const { retry } = await run([due('orders')]);
    expect([retry, holdOf('orders')?.status, retried()]).toEqual([[], 'cooling down', []]);
    const redrawn = holdOf('orders');
    expect(redrawn?.retryAt).toBe(resumeAt(deploymentOf('orders'), NOW, config));
    await run([sweep], { now: NOW + MINUTE });
    expect([reminders(), holdOf('orders')]).toEqual([{}, redrawn]);
    clients.health.on(DescribeEventsCommand).resolves({ events: [] });
    await run([sweep], { now: NOW + 5 * MINUTE });
    expect(retried()).toEqual([]);
    await run([sweep], { now: redrawn?.retryAt ?? 0 });
    expect(retried()).toEqual(['orders']);
  });

  it('reminds of what falls due before the next sweep, and of no more', async () => {
    keepDue('orders', { retryAt: NOW + 90_500 });
    keepDue('carts', { retryAt: NOW + 5 * MINUTE + 1 });
    await run([sweep]);
    expect(reminders()).toEqual({ [deploymentOf('orders')]: 91 });
    await run([closed('eu-west-1'), closed('eu-west-1')]);
    expect(clients.sqs.commandCalls(SendMessageBatchCommand)).toHaveLength(1);
  });

  it('by a closed event reminds of those it clears', async () => {
    keep('orders');
    await run([closed()], { coolDownMs: MINUTE, jitterMs: 0 });
    expect(reminders()).toEqual({ [deploymentOf('orders')]: 60 });
  });

  it('without reminders is left to the next sweep', async () => {
    keepDue('orders', { retryAt: NOW + MINUTE });
    clients.sqs.on(SendMessageBatchCommand).rejects(refusal('AccessDenied'));
    const { lines, retry } = await run([sweep]);
    expect([retry, lines.map(({ level }) => level)]).toEqual([[], ['warn']]);
    stoppedPipeline('orders');
    await run([sweep], { now: NOW + 5 * MINUTE });
    expect(retried()).toEqual(['orders']);
  });
});

describe('a closed event', () => {
  it('with nothing held is one call', async () => {
    await run([closed('eu-west-1')]);
    expect(callsOf()).toEqual({ Scan: 1 });
  });

  it('of a Region that no deployment goes to asks AWS Health nothing', async () => {
    keep('orders');
    await run([closed('sa-east-1')]);
    expect(callsOf()).toEqual({ Scan: 1 });
  });

  it.each(['global', undefined])('of %s may concern anybody', async (region) => {
    keep('orders');
    await run([closed(region)]);
    expect(holdOf('orders')?.status).toBe('cooling down');
  });
});

describe('a deployment that is due', () => {
  beforeEach(() => {
    stoppedPipeline('orders');
    keepDue('orders');
  });

  it.each([
    ['by its reminder', due('orders')],
    ['by the sweep', sweep],
  ])('%s is retried, closed, and mailed', async (_, message) => {
    const { counts, lines, retry } = await run([message]);
    expect([retry, counts, retried()]).toEqual([[], { Resumed: 1 }, ['orders']]);
    expect(holdOf('orders')).toMatchObject({
      status: 'resumed',
      attempts: 1,
      notifications: { held: 0, resumed: 1 },
    });
    expect(mails()).toMatchObject([{ subject: 'Deployment resumed: orders, stage Prod' }]);
    expect(lines.map(({ message }) => message)).toEqual(['deployment resumed']);
    const [call] = clients.codePipeline.commandCalls(RetryStageExecutionCommand);
    expect(call?.args[0].input).toEqual({
      pipelineName: 'orders',
      stageName: 'Prod',
      pipelineExecutionId: 'execution of orders',
      retryMode: 'FAILED_ACTIONS',
    });
  });

  it('is claimed before the retry, and closed after it', async () => {
    const seen: (string | undefined)[] = [];
    clients.codePipeline.on(RetryStageExecutionCommand).callsFake(async () => {
      seen.push(holdOf('orders')?.status);
      return {};
    });
    await run([sweep]);
    expect([seen, holdOf('orders')?.status]).toEqual([['retrying'], 'resumed']);
  });

  it('is retried once, however often it is reported', async () => {
    await run([due('orders'), due('orders'), sweep, closed()]);
    await run([due('orders')]);
    expect([retried(), mails().length]).toEqual([['orders'], 1]);
  });

  it('of two runs at the same moment is retried by one', async () => {
    await Promise.all([run([due('orders')]), run([due('orders')]), run([sweep])]);
    expect([retried(), mails().length, holdOf('orders')?.attempts]).toEqual([['orders'], 1, 1]);
  });

  it('is not asked about before', async () => {
    keepDue('orders', { retryAt: NOW + 1 });
    await run([due('orders')]);
    expect(callsOf()).not.toHaveProperty('GetPipelineState');
  });

  it('that is not on record any more is ignored', async () => {
    table.clear();
    expect((await run([due('orders')])).retry).toEqual([]);
  });

  it.each<[string, () => void, string]>([
    [
      'superseded',
      () => Object.assign(find('orders'), { executionId: 'newer' }),
      'superseded by a newer execution',
    ],
    ['edited', () => Object.assign(find('orders'), { version: 5 }), 'the pipeline was edited'],
    ['stopped', () => Object.assign(find('orders'), { stageStatus: 'Stopped' }), 'stopped'],
    ['retried by hand', () => goOn('orders'), 'a person has retried it'],
    ['deleted', () => pipelines.clear(), 'the pipeline or its execution no longer exists'],
  ])('and that was %s is dropped quietly', async (_, change, reason) => {
    change();
    const { counts, lines } = await run([sweep]);
    expect([counts, mails(), retried()]).toEqual([{ Dropped: 1 }, [], []]);
    expect(holdOf('orders')).toMatchObject({ status: 'dropped', closedReason: reason });
    expect(lines).toMatchObject([{ message: 'hold dropped', fields: { reason } }]);
  });

  it('and that failed for another reason too is abandoned, with a mail', async () => {
    find('orders').runs['Test'] = { id: 'run of Test', status: 'Failed' };
    await run([sweep]);
    expect(mails()).toMatchObject([{ subject: 'Deployment abandoned: orders, stage Prod' }]);
    expect(mails()[0]?.text).toContain('the action Test failed too');
    expect(retried()).toEqual([]);
  });

  it('is not blamed for what failed in an older execution', async () => {
    find('orders').elsewhere['Deploy'] = { id: 'an older run', status: 'Failed' };
    find('orders').runs['Build'] = { id: 'run of Build', status: 'Succeeded' };
    await run([sweep]);
    expect([retried(), callsOf()['ListActionExecutions']]).toEqual([['orders'], 2]);
  });

  it('behind a closed transition is postponed: one write, one line, and then it waits', async () => {
    find('orders').isInboundEnabled = false;
    const first = await run([sweep]);
    expect([first.counts, holdOf('orders')?.attempts]).toEqual([{ Postponed: 1 }, 0]);
    const kept = holdOf('orders');
    const second = await run([sweep], { now: NOW + 5 * MINUTE });
    expect([second.lines, holdOf('orders')]).toEqual([[], kept]);
    find('orders').isInboundEnabled = true;
    await run([sweep], { now: NOW + 10 * MINUTE });
    expect(retried()).toEqual(['orders']);
    expect(holdOf('orders')).not.toHaveProperty('waitReason');
  });

  it('that is too old is abandoned, with what still stops it', async () => {
    openIncidents('eu-west-1');
    const now = NOW + 24 * HOUR + 1;
    clients.health.on(DescribeEventsCommand).callsFake(async () => ({
      events: [
        {
          arn: 'arn',
          eventTypeCode: 'AWS_EC2_OPERATIONAL_ISSUE',
          service: 'EC2',
          region: 'eu-west-1',
          eventScopeCode: 'PUBLIC',
          statusCode: 'open',
          startTime: new Date(now - HOUR),
        },
      ],
    }));
    await run([sweep], { now });
    expect(holdOf('orders')?.closedReason).toMatch(
      /^older than 24 hours; still blocked: Incident In Progress/,
    );
    expect([retried(), mails().length]).toEqual([[], 1]);
  });

  it('that is too old and went on long ago is dropped without a mail', async () => {
    goOn('orders');
    await run([sweep], { now: NOW + 24 * HOUR + 1 });
    expect([holdOf('orders')?.status, mails()]).toEqual(['dropped', []]);
  });

  it('that cannot be read is retried, and stops no other', async () => {
    stoppedPipeline('carts');
    keepDue('carts');
    clients.codePipeline
      .on(GetPipelineStateCommand, { name: 'orders' })
      .rejects(refusal('ThrottlingException'));
    const { retry } = await run([due('orders'), due('carts')]);
    expect([retry, retried(), holdOf('orders')?.status]).toEqual([['m1'], ['carts'], 'cooling down']);
  });

  it('that is denied is abandoned', async () => {
    clients.codePipeline.on(GetPipelineStateCommand).rejects(refusal('AccessDeniedException'));
    await run([sweep]);
    expect(holdOf('orders')?.closedReason).toMatch(/access denied.*AccessDeniedException/);
  });

  it('is left to the next run when no time is left', async () => {
    const { retry } = await run([due('orders')], { remainingMs: () => 19_999 });
    expect([retry, retried(), holdOf('orders')?.status]).toEqual([['m1'], [], 'cooling down']);
  });

  it('whose pipeline was read too late to retry it is postponed, and the record says so', async () => {
    const remainingMs = () => (callsOf()['GetPipelineState'] ? 7_999 : 20_000);
    const { counts, retry } = await run([due('orders')], { remainingMs });
    expect([retry, counts, retried()]).toEqual([[], { Postponed: 1 }, []]);
    expect(holdOf('orders')).toMatchObject({ status: 'cooling down', attempts: 0, retryAt: NOW + MINUTE });
  });

  function find(name: string) {
    const pipeline = pipelines.get(name);
    if (!pipeline) throw new Error(`no pipeline ${name}`);
    return pipeline;
  }
});

describe('a retry that is refused', () => {
  beforeEach(() => {
    stoppedPipeline('orders');
    keepDue('orders');
  });

  it.each(['ConflictException', 'ConcurrentPipelineExecutionsLimitExceededException', 'ThrottlingException'])(
    'by %s is tried again a minute later, and does not count',
    async (name) => {
      clients.codePipeline.on(RetryStageExecutionCommand).rejectsOnce(refusal(name));
      const { counts, retry } = await run([due('orders')]);
      expect([retry, counts, mails()]).toEqual([[], { Postponed: 1 }, []]);
      expect(holdOf('orders')).toMatchObject({ status: 'cooling down', attempts: 0, retryAt: NOW + MINUTE });
      expect(reminders()).toEqual({ [deploymentOf('orders')]: 60 });
      await run([due('orders')], { now: NOW + MINUTE });
      expect(holdOf('orders')).toMatchObject({ status: 'resumed', attempts: 1 });
    },
  );

  it.each(['StageNotRetryableException', 'NotLatestPipelineExecutionException'])(
    'by %s is dropped',
    async (name) => {
      clients.codePipeline.on(RetryStageExecutionCommand).rejects(refusal(name));
      await run([sweep]);
      expect(holdOf('orders')).toMatchObject({ status: 'dropped', attempts: 0 });
      expect(mails()).toEqual([]);
    },
  );

  it.each(['ConflictException', 'StageNotRetryableException'])(
    'by %s because its first call went through and only the answer was lost is resumed',
    async (name) => {
      clients.codePipeline.on(RetryStageExecutionCommand).callsFake(async () => {
        goOn('orders');
        throw refusal(name);
      });
      const { counts } = await run([sweep]);
      expect([counts, holdOf('orders')?.status, mails().length]).toEqual([{ Resumed: 1 }, 'resumed', 1]);
    },
  );

  it.each([
    ['while the stage goes on', { stageStatus: 'InProgress', executionStatus: 'InProgress' }, undefined],
    ['of a call that was repeated', {}, 2],
  ])(
    'by a conflict %s, though the failed run is still shown, stays claimed until it is seen what became of it',
    async (_, shown, attempts) => {
      clients.codePipeline.on(RetryStageExecutionCommand).callsFake(async () => {
        Object.assign(pipelines.get('orders') ?? {}, shown);
        throw Object.assign(refusal('ConflictException'), { $metadata: { httpStatusCode: 400, attempts } });
      });
      const { retry } = await run([due('orders')]);
      expect([retry, holdOf('orders')?.status, mails()]).toEqual([['m1'], 'retrying', []]);
      goOn('orders');
      await run([due('orders')], { now: NOW + MINUTE });
      expect(holdOf('orders')).toMatchObject({ status: 'resumed', attempts: 1 });
      expect([mails().length, retried().length]).toEqual([1, 1]);
    },
  );

  it('by a throttle after all its repeats is tried again a minute later', async () => {
    const throttled = Object.assign(refusal('ThrottlingException'), {
      $metadata: { httpStatusCode: 400, attempts: 3 },
    });
    clients.codePipeline.on(RetryStageExecutionCommand).rejects(throttled);
    expect((await run([due('orders')])).retry).toEqual([]);
    expect(holdOf('orders')).toMatchObject({ status: 'cooling down', attempts: 0, retryAt: NOW + MINUTE });
  });

  it.each(['ConflictException', 'StageNotRetryableException'])(
    'by %s of a repeated call that changed nothing is tried again after the lease',
    async (name) => {
      const refused = Object.assign(refusal(name), { $metadata: { httpStatusCode: 400, attempts: 2 } });
      clients.codePipeline.on(RetryStageExecutionCommand).rejectsOnce(refused).resolves({});
      await run([due('orders')]);
      await run([due('orders')], { now: NOW + LEASE_MS + 1 });
      expect(holdOf('orders')).toMatchObject({ status: 'resumed', attempts: 1 });
      expect(retried()).toHaveLength(2);
    },
  );

  it('permanently is abandoned, and the mail says why', async () => {
    clients.codePipeline.on(RetryStageExecutionCommand).rejects(refusal('ValidationException'));
    await run([sweep]);
    expect(holdOf('orders')?.status).toBe('abandoned');
    expect(mails()[0]?.text).toContain('Abandoned: ValidationException');
  });

  it('without permission is abandoned, and the mail says what to do', async () => {
    clients.codePipeline.on(RetryStageExecutionCommand).rejects(refusal('AccessDeniedException'));
    await run([sweep]);
    expect(mails()[0]?.text).toMatch(/access denied/);
  });

  it('is not tried, claimed or mailed after the owner took the tag away', async () => {
    clients.codePipeline.on(ListTagsForResourceCommand).resolves({ tags: [] });
    await run([sweep]);
    expect([holdOf('orders')?.status, mails(), retried()]).toEqual(['dropped', [], []]);
    expect(holdOf('orders')).toMatchObject({
      attempts: 0,
      closedReason: expect.stringContaining('no longer tagged'),
    });
  });

  it('without an answer stays claimed until it is seen what became of it', async () => {
    clients.codePipeline.on(RetryStageExecutionCommand).rejectsOnce(lostAnswer());
    const { retry } = await run([due('orders')]);
    expect([retry, holdOf('orders')?.status, mails()]).toEqual([['m1'], 'retrying', []]);
    goOn('orders');
    await run([due('orders')], { now: NOW + MINUTE });
    expect([holdOf('orders')?.status, mails().length, retried().length]).toEqual(['resumed', 1, 1]);
  });
});

describe('a held deployment is judged by the policy of now', () => {
  const name = '/groundcrew/health-gate/prod';
  const source = { given: { regions: ['eu-west-1'] }, parameter: name };

  function keepFrom(pipeline: string, about: object = {}): void {
    stoppedPipeline(pipeline);
    const actions = keep(pipeline).actions.map((action) => ({ ...action, source, ...about }));
    keep(pipeline, { actions });
  }

  beforeEach(() => openIncidents('eu-west-1'));

  it.each([
    ['that no longer counts the service', '{"services":"LAMBDA"}', 'cooling down'],
    ['that only warns', '{"mode":"warn"}', 'cooling down'],
    ['that still blocks', '{"services":"EC2"}', 'held'],
    ['with a mistake', '{"services":"EC 2"}', 'held'],
    ['for other Regions, where the action names its own', '{"regions":"us-east-1"}', 'held'],
  ])('in a parameter %s', async (_, text, status) => {
    keepFrom('orders');
    parameters.set(name, text);

    await run([sweep]);

    expect(holdOf('orders')?.status).toBe(status);
  });

  it.each([
    [
      'with an override resumes it, without a cool-down',
      '2026-11-21T13:00:00Z evacuating eu-west-1',
      ['orders'],
    ],
    ['with an override that has ended keeps it', '2026-11-21T11:00:00Z evacuating eu-west-1', []],
    ['with an invalid override keeps it', 'tomorrow', []],
  ])('%s', async (_, override, resumed) => {
    keepFrom('orders');
    parameters.set(name, JSON.stringify({ override }));

    await run([sweep]);

    expect(retried()).toEqual(resumed);
  });

  it('with an override, where another gate of the stage still blocks, keeps it', async () => {
    keepFrom('orders');
    const [action] = holdOf('orders')?.actions ?? [];
    if (!action) throw new Error('the hold has no gate');
    const { source: _, ...other } = { ...action, action: 'Gate2' };
    keep('orders', { actions: [action, other] });
    parameters.set(name, JSON.stringify({ override: '2026-11-21T13:00:00Z evacuating eu-west-1' }));

    await run([sweep]);

    expect([holdOf('orders')?.status, retried()]).toEqual(['held', []]);
  });

  it('as unknown while the parameter cannot be read, and as blocked when it is gone', async () => {
    openIncidents();
    keepFrom('orders');
    clients.ssm.on(GetParametersCommand, { Names: [name] }).rejectsOnce(refusal('ThrottlingException', 400));
    clients.ssm.on(GetParametersCommand, { Names: [name] }).rejects(refusal('InternalServerError', 500));

    await run([sweep]);
    const unread = holdOf('orders')?.status;
    clients.ssm.on(GetParametersCommand, { Names: [name] }).resolves({ Parameters: [] });
    await run([sweep]);

    expect([unread, holdOf('orders')?.status]).toEqual(['held', 'held']);
  });

  it('reads each parameter once, ten in a call', async () => {
    for (let i = 0; i < 15; i++)
      keepFrom(`orders-${i}`, { source: { given: {}, parameter: `${name}-${i % 12}` } });

    await run([sweep]);

    const names = clients.ssm.commandCalls(GetParametersCommand).map(({ args }) => args[0].input.Names);
    expect(names.map((one) => one?.length)).toEqual([1, 10, 2]);
  });

  it('reads no parameter while nothing is held', async () => {
    await run([sweep]);

    expect(clients.ssm.calls()).toEqual([]);
  });
});

describe('an override for all pipelines', () => {
  const text = '2026-11-21T13:00:00Z evacuating eu-west-1';

  beforeEach(() => {
    openIncidents('eu-west-1');
    parameters.set(OVERRIDE, text);
  });

  it('resumes what is held, without a cool-down, and says so', async () => {
    stoppedPipeline('orders');
    keep('orders');

    await run([sweep]);

    expect([retried(), holdOf('orders')?.status]).toEqual([['orders'], 'resumed']);
    expect(holdOf('orders')?.closedReason).toBe(
      'OVERRIDDEN until 2026-11-21T13:00:00Z: evacuating eu-west-1',
    );
    expect(mails()).toMatchObject([{ text: expect.stringContaining('OVERRIDDEN until') }]);
  });

  it('ends a cool-down that has begun', async () => {
    stoppedPipeline('orders');
    keepDue('orders', { retryAt: NOW + 10 * MINUTE });

    await run([sweep]);

    expect(retried()).toEqual(['orders']);
  });

  it('resumes nothing that its policy keeps, that is over, or that is invalid', async () => {
    stoppedPipeline('orders');
    stoppedPipeline('carts');
    const { actions } = keep('orders');
    keep('orders', {
      actions: actions.map((action) => ({ ...action, policy: policy({ overrideResumes: false }) })),
    });
    await run([sweep]);
    const kept = holdOf('orders')?.status;
    keep('carts');
    parameters.set(OVERRIDE, '2026-11-21T11:00:00Z evacuating eu-west-1');
    await run([sweep]);
    parameters.set(OVERRIDE, 'tomorrow');
    const { counts } = await run([sweep]);

    expect([kept, holdOf('carts')?.status, retried()]).toEqual(['held', 'held', []]);
    expect(counts).toEqual({ OverrideMalformed: 1 });
  });

  it('does not matter while it cannot be read', async () => {
    stoppedPipeline('orders');
    keep('orders');
    clients.ssm.on(GetParametersCommand).rejects(refusal('AccessDeniedException'));

    await run([sweep]);

    expect([holdOf('orders')?.status, retried()]).toEqual(['held', []]);
  });
});

describe('a claim whose run died', () => {
  it('after the retry is closed as resumed, with its mail', async () => {
    stoppedPipeline('orders');
    keepClaimed('orders', NOW - LEASE_MS - 1);
    goOn('orders');
    await run([sweep]);
    expect(holdOf('orders')).toMatchObject({ status: 'resumed', attempts: 1 });
    expect([mails().length, retried()]).toEqual([1, []]);
  });

  it('before the retry is taken up, and its attempt counted once', async () => {
    stoppedPipeline('orders');
    keepClaimed('orders', NOW - LEASE_MS - 1);
    await run([sweep]);
    expect(holdOf('orders')).toMatchObject({ status: 'resumed', attempts: 1 });
    expect(retried()).toEqual(['orders']);
  });

  it('before the retry, with an incident since, is held again', async () => {
    stoppedPipeline('orders');
    keepClaimed('orders', NOW - LEASE_MS - 1);
    openIncidents('eu-west-1');
    await run([sweep]);
    expect(holdOf('orders')).toMatchObject({ status: 'held', attempts: 0 });
    expect([retried(), mails()]).toEqual([[], []]);
  });

  it('less than a lease ago may be alive: the sweep leaves it, its own message is retried', async () => {
    stoppedPipeline('orders');
    const claimed = keepClaimed('orders', NOW - LEASE_MS);
    expect((await run([sweep])).retry).toEqual([]);
    expect(callsOf()).toEqual({ Scan: 1 });
    expect((await run([due('orders')])).retry).toEqual(['m1']);
    expect([holdOf('orders'), retried()]).toEqual([claimed, []]);
  });
});

describe('a gate that stops it again before the resume is written down', () => {
  it('is held again, and people get both mails', async () => {
    stoppedPipeline('orders');
    keepDue('orders');
    stopOf('orders', 2, { at: NOW + 1000 });
    clients.codePipeline.on(RetryStageExecutionCommand).callsFake(async () => {
      await run([failedAction('orders', 2)], { now: NOW + 1000 });
      return {};
    });
    const { counts } = await run([sweep]);
    expect(counts).toEqual({ Resumed: 1 });
    expect(holdOf('orders')).toMatchObject({
      status: 'held',
      attempts: 1,
      notifications: { held: 1, resumed: 1 },
    });
    expect(mails().map(({ subject }) => subject)).toEqual([
      'Deployment held: orders, stage Prod',
      'Deployment resumed: orders, stage Prod',
    ]);
  });
});

describe('while a retry is under way', () => {
  beforeEach(() => {
    stoppedPipeline('orders');
    keepDue('orders');
  });

  it('an old event that is taken note of does not get in its way', async () => {
    stopOf('orders', 2, { at: NOW - 1000 });
    clients.codePipeline.on(RetryStageExecutionCommand).callsFake(async () => {
      await run([failedAction('orders', 2)]);
      return {};
    });
    await run([sweep]);
    expect(holdOf('orders')).toMatchObject({ status: 'resumed', attempts: 1 });
    expect([holdOf('orders')?.knownRuns.length, mails().length]).toEqual([2, 1]);
  });

  it('another run may see it done and mail it: nobody is mailed twice, even if the gate has stopped it since', async () => {
    stopOf('orders', 2, { at: NOW + 1000 });
    clients.codePipeline.on(RetryStageExecutionCommand).callsFake(async () => {
      goOn('orders');
      await run([due('orders')]);
      await run([failedAction('orders', 2)], { now: NOW + 1000 });
      return {};
    });
    await run([sweep]);
    expect(mails().map(({ subject }) => subject)).toEqual([
      'Deployment resumed: orders, stage Prod',
      'Deployment held: orders, stage Prod',
    ]);
    expect(holdOf('orders')).toMatchObject({ status: 'held', attempts: 1 });
  });
});

describe('a mail', () => {
  it.each([
    ['of a hold', () => [failedAction('orders')]],
    ['of an end', () => [due('orders')]],
  ])('%s that SNS refuses is sent by the next delivery, once', async (_, messages) => {
    stoppedPipeline('orders');
    stopOf('orders');
    if (messages()[0]?.kind === 'due') keepDue('orders');
    clients.sns.on(PublishCommand).rejectsOnce(refusal('InternalErrorException', 500));
    expect((await run(messages())).retry).toEqual(['m1']);
    expect((await run(messages())).retry).toEqual([]);
    expect((await run(messages())).retry).toEqual([]);
    expect(mails()).toHaveLength(2);
    expect(retried().length).toBeLessThanOrEqual(1);
  });

  it('that was refused and whose message is gone is sent by the sweep', async () => {
    keep('orders', { status: 'resumed', attempts: 1, notifications: { held: 0 } });
    keep('carts', { notifications: {} });
    openIncidents('eu-west-1');
    await run([sweep]);
    expect(mails()).toMatchObject([{ subject: 'Deployments: 1 held, 1 resumed' }]);
  });

  it('whose answer was lost is not sent again', async () => {
    stoppedPipeline('orders');
    stopOf('orders');
    clients.sns.on(PublishCommand).rejects(lostAnswer());
    const { counts, retry } = await run([failedAction('orders')]);
    expect([retry, counts]).toEqual([[], { Held: 1, NoticeUncertain: 1 }]);
    await run([failedAction('orders')]);
    expect(clients.sns.commandCalls(PublishCommand)).toHaveLength(1);
  });

  it('is not sent when its claim could not be written', async () => {
    stoppedPipeline('orders');
    stopOf('orders');
    clients.dynamo.on(TransactWriteItemsCommand).rejects(refusal('ThrottlingException'));
    const { lines, retry } = await run([failedAction('orders')]);
    expect([retry, mails()]).toEqual([['m1'], []]);
    expect(lines).toMatchObject([
      { message: 'message will be retried', fields: { deployment: deploymentOf('orders') } },
    ]);
  });
});

it.each([1, 2, 3, 4])(
  'of more ends than a transaction takes each is told once, though write %i fails',
  async (nth) => {
    const names = Array.from({ length: 150 }, (_, i) => `service-${i}`);
    for (const name of names) {
      stoppedPipeline(name);
      keepDue(name);
    }
    failWrite(nth);
    const now = NOW + config.maxHoldMs + 1;
    let ended = 0;
    for (let n = 0; n < 3; n++) ended += (await run([sweep], { now })).counts['Abandoned'] ?? 0;
    const told = mails().flatMap(({ text }) => text.match(/service-\d+/g) ?? []);
    expect([ended, new Set(told).size]).toEqual([150, 150]);
  },
);

it('of a hundred stops that come at once those are held that time was left for', async () => {
  const names = Array.from({ length: 100 }, (_, i) => `service-${i}`);
  for (const name of names) {
    stoppedPipeline(name);
    stopOf(name);
  }
  let left = 55_000;
  clients.codePipeline.on(GetPipelineExecutionCommand).callsFake(async () => {
    left -= 1000;
    return { pipelineExecution: { status: 'Failed', executionMode: 'SUPERSEDED', pipelineVersion: 4 } };
  });
  const { retry } = await run(
    names.map((name) => failedAction(name)),
    { remainingMs: () => left },
  );
  expect([table.size > 30, retry.length > 30, table.size + retry.length]).toEqual([true, true, 100]);
  expect(mails()).toHaveLength(1);
});

it('a pipeline that was deleted and created again drops the hold, though the gate has stopped the new one too', async () => {
  keepDue('orders');
  stoppedPipeline('orders', {
    executionId: 'of the new one',
    version: 1,
    runs: { Gate: gateRun('orders', 7) },
  });
  const gone = refusal('PipelineExecutionNotFoundException');
  clients.codePipeline.on(GetPipelineExecutionCommand).rejects(gone);
  clients.codePipeline.on(ListActionExecutionsCommand).rejects(gone);
  const { retry } = await run([sweep]);
  expect([retry, holdOf('orders')?.status]).toEqual([[], 'dropped']);
});

it('a claim that is alive is not abandoned by another run, however old the hold', async () => {
  stoppedPipeline('orders');
  keepDue('orders', { heldAt: NOW - config.maxHoldMs + 500 });
  clients.codePipeline.on(RetryStageExecutionCommand).callsFake(async () => {
    expect((await run([due('orders')], { now: NOW + 1000 })).retry).toEqual(['m1']);
    goOn('orders');
    return {};
  });
  await run([due('orders')]);
  expect([holdOf('orders')?.status, mails().length]).toEqual(['resumed', 1]);
});

describe('a record that had ended', () => {
  it('and is stopped again lives as long as a new one', async () => {
    stoppedPipeline('orders');
    const before = keep('orders', closeHold(keepDue('orders'), 'abandoned', 'too old', NOW));
    const later = NOW + 6 * 24 * HOUR;
    stopOf('orders', 2, { at: later });
    await run([failedAction('orders', 2, { time: later })], { now: later });
    const after = holdOf('orders');
    expect(after).toMatchObject({ status: 'held', attempts: 0, heldAt: later });
    expect((after?.expires ?? 0) * 1000).toBeGreaterThan(later + config.maxHoldMs + 6 * 24 * HOUR);
    expect(before.status).toBe('abandoned');
  });
});

it('what a gate stops between the read and the claim is held again', async () => {
  stoppedPipeline('orders');
  keepDue('orders');
  let now = NOW;
  const account = pipelines.get('orders');
  // Somebody retries by hand right after the look, and the gate stops it again: CodePipeline refuses our own retry.
  clients.codePipeline.on(GetPipelineExecutionCommand).callsFake(async () => {
    const isLook = now === NOW;
    now = NOW + 4000;
    if (isLook) stopOf('orders', 2, { at: NOW + 3000 });
    queueMicrotask(() => {
      if (account && isLook) Object.assign(account, { stageStatus: 'InProgress' });
    });
    const status = isLook ? 'Failed' : 'InProgress';
    return { pipelineExecution: { status, executionMode: 'SUPERSEDED', pipelineVersion: 4 } };
  });
  clients.codePipeline.on(RetryStageExecutionCommand).rejects(refusal('ConflictException'));
  await run([due('orders')], { now: () => now });
  if (account) {
    Object.assign(account, { stageStatus: 'Failed', executionStatus: 'Failed' });
    account.runs['Gate'] = gateRun('orders', 2);
  }
  await run([failedAction('orders', 2, { time: NOW + 3000 })], { now: NOW + 15_000 });
  expect(holdOf('orders')?.status).toBe('held');
});

describe('a hundred held pipelines', () => {
  const names = Array.from({ length: 100 }, (_, i) => `service-${i}`);

  it('are held with one write and one mail', async () => {
    for (const name of names) {
      stoppedPipeline(name);
      stopOf(name);
    }
    await run(names.map((name) => failedAction(name)));
    expect(callsOf()).toEqual({
      BatchGetItem: 1,
      Query: 100,
      GetPipelineExecution: 100,
      ListTagsForResource: 200, // two pages each
      TransactWriteItems: 1,
      Publish: 1,
    });
    expect(mails()).toMatchObject([{ subject: 'Deployments: 100 held' }]);
  });

  it('are cleared with one question to AWS Health, though each gate knew its own execution', async () => {
    for (const name of names) {
      const [gate] = keep(name).actions;
      if (gate)
        keep(name, { actions: [{ ...gate, policy: { ...policy(), executionId: name, mode: 'wait' } }] });
    }
    await run([sweep]);
    expect(callsOf()).toEqual({
      Scan: 1,
      GetParameters: 1,
      DescribeEvents: 1,
      PutItem: 1,
      TransactWriteItems: 1,
    });
  });

  it('cost three reads and a retry each when they are due at once, and two writes for all', async () => {
    for (const name of names) {
      stoppedPipeline(name);
      keepDue(name);
    }
    await run([sweep]);
    expect(callsOf()).toEqual({
      Scan: 1,
      GetParameters: 1,
      DescribeEvents: 1,
      PutItem: 1,
      GetPipelineState: 100,
      GetPipelineExecution: 100,
      ListTagsForResource: 200, // this account lists tags on two pages
      RetryStageExecution: 100,
      TransactWriteItems: 2,
      Publish: 1,
    });
    expect(mails()).toMatchObject([{ subject: 'Deployments: 100 resumed' }]);
  });

  it('keep their spread over an hour in which AWS Health cannot be read', async () => {
    for (const name of names) {
      stoppedPipeline(name);
      keep(name);
    }
    await run([sweep]);
    clients.health.on(DescribeEventsCommand).rejects(refusal('ThrottlingException'));
    for (let m = 5; m <= 60; m += 5) await run([sweep], { now: NOW + m * MINUTE });
    clients.health.on(DescribeEventsCommand).resolves({ events: [] });
    await run([sweep], { now: NOW + 65 * MINUTE });
    expect(retried().length).toBeLessThan(20);
    await run([sweep], { now: NOW + 80 * MINUTE });
    expect(retried().length).toBeGreaterThan(20);
  });

  it('whose times passed while no sweep came are spread again', async () => {
    for (const name of names) {
      stoppedPipeline(name);
      keepDue(name);
    }
    await run([sweep], { now: NOW + HOUR });
    expect(retried()).toEqual([]);
    const times = [...table.values()].map(({ retryAt = 0 }) => retryAt - NOW - HOUR);
    expect(Math.max(...times)).toBeLessThan(10 * MINUTE);
    expect(new Set(times.map((ms) => Math.floor(ms / MINUTE))).size).toBe(10);
  });

  it('are reminded of ten to a call', async () => {
    for (const name of names) keepDue(name, { retryAt: NOW + MINUTE });
    await run([sweep]);
    expect(clients.sqs.commandCalls(SendMessageBatchCommand)).toHaveLength(10);
    expect(Object.keys(reminders())).toHaveLength(100);
  });
});

describe('a dry run', () => {
  it('says what it would hold and resume, and does nothing', async () => {
    stoppedPipeline('orders');
    stoppedPipeline('carts');
    stopOf('orders');
    const kept = keepDue('carts');
    const held = await run([failedAction('orders')], { dryRun: true });
    const resumed = await run([sweep], { dryRun: true });
    expect(held.lines.map(({ message }) => message)).toEqual(['hold planned']);
    expect(resumed.lines).toMatchObject([{ message: 'outcome planned', fields: { kind: 'resumed' } }]);
    expect([[...table.values()], retried(), mails(), reminders()]).toEqual([[kept], [], [], {}]);
    expect(callsOf()).not.toHaveProperty('TransactWriteItems');
  });
});

it('an empty table is one call', async () => {
  await run([sweep]);
  expect(callsOf()).toEqual({ Scan: 1 });
});

it('a table that cannot be read fails the run', async () => {
  clients.dynamo.on(ScanCommand).rejects(refusal('InternalServerError', 500));
  await expect(run([sweep])).rejects.toThrow('InternalServerError');
});

it("a gate's record that cannot be read brings its message back", async () => {
  stoppedPipeline('orders');
  clients.dynamo.on(QueryCommand).rejects(refusal('InternalServerError', 500));
  expect((await run([failedAction('orders')])).retry).toEqual(['m1']);
});
