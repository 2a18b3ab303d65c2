import {
  CodePipelineClient,
  DisableStageTransitionCommand,
  EnableStageTransitionCommand,
  GetPipelineStateCommand,
  ListTagsForResourceCommand,
} from '@aws-sdk/client-codepipeline';
import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { DescribeEventsCommand, HealthClient } from '@aws-sdk/client-health';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { healthRegions } from '../../../../functions/health-gate/aws/health-endpoint.ts';
import type { FollowConfig } from '../../../../functions/health-gate/config.ts';
import type { GatedStage } from '../../../../functions/health-gate/domain/gated-stage.ts';
import { formatUnsavedPass } from '../../../../functions/health-gate/domain/stop-marker.ts';
import { followIncidents } from '../../../../functions/health-gate/follow-incidents/follow-incidents.ts';
import { type Book, fakeInvocation } from '../../../support/handlers/invocation.ts';
import { NOW, policy } from '../examples.ts';
import { ARN, gatedStage, location, passedDeployment, passedGate, US } from '../follow-examples.ts';

const [codePipeline, dynamo, health, sns, ssm] = [
  mockClient(CodePipelineClient),
  mockClient(DynamoDBClient),
  mockClient(HealthClient),
  mockClient(SNSClient),
  mockClient(SSMClient),
];
const table = new Map<string, Record<string, AttributeValue>>();
const transitions = new Map<string, { enabled: boolean; disabledReason?: string; lastChangedBy?: string }>();
const MINUTE = 60_000;

const config: FollowConfig = {
  region: 'eu-west-1',
  accountId: '123456789012',
  gateTable: 'gate-records',
  readerRoleArn: 'arn:aws:iam::{account}:role/groundcrew-health-reader',
  overrideParameter: '/groundcrew/health-gate/override',
  maxOverrideHours: 24,
  topicArn: 'arn:aws:sns:eu-west-1:123456789012:notifications',
  chatTopicArn: undefined,
  dryRun: false,
  coolDownMinutes: 10,
  jitterMinutes: 0,
  passedHours: 4,
  coolDownMs: 10 * MINUTE,
  jitterMs: 0,
  windowMs: 240 * MINUTE,
};

const incident = {
  arn: 'arn:aws:health:eu-west-1::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/1',
  eventTypeCode: 'AWS_EC2_OPERATIONAL_ISSUE',
  service: 'EC2',
  region: 'eu-west-1',
  eventScopeCode: 'PUBLIC' as const,
  statusCode: 'open' as const,
  startTime: new Date(NOW),
};

function save(record: object): void {
  const item = marshall(record, { removeUndefinedValues: true });
  table.set(`${item.pk?.S} ${item.sk?.S}`, item);
}

beforeEach(async () => {
  for (const client of [codePipeline, dynamo, health, sns, ssm]) client.reset();
  table.clear();
  transitions.clear();
  dynamo.on(QueryCommand).callsFake(({ ExpressionAttributeValues: { ':pk': pk } }) => ({
    Items: [...table.values()].filter((item) => item.pk?.S === pk.S),
  }));
  dynamo.on(GetItemCommand).callsFake(({ Key }) => ({ Item: table.get(`${Key.pk.S} ${Key.sk?.S}`) }));
  dynamo.on(PutItemCommand).callsFake(({ Item, ExpressionAttributeValues: values }) => {
    const key = `${Item.pk.S} ${Item.sk.S}`;
    const isStale = values?.[':revision'] && values[':revision'].S !== table.get(key)?.revision?.S;
    if (isStale) throw refusal('ConditionalCheckFailedException');
    table.set(key, Item);
  });
  ssm.on(GetParametersCommand).resolves({ Parameters: [] });
  health.on(DescribeEventsCommand).resolves({ events: [incident] });
  sns.on(PublishCommand).resolves({ MessageId: 'm' });
  codePipeline
    .on(ListTagsForResourceCommand)
    .resolves({ tags: [{ key: 'groundcrew:disable-transition', value: 'true' }] });
  codePipeline.on(GetPipelineStateCommand).callsFake(({ name }) => ({
    stageStates: [{ stageName: 'Prod', inboundTransitionState: transitions.get(name) ?? { enabled: true } }],
  }));
  codePipeline.on(DisableStageTransitionCommand).callsFake(({ pipelineName, reason }) => {
    transitions.set(pipelineName, { enabled: false, disabledReason: reason, lastChangedBy: US });
  });
  codePipeline.on(EnableStageTransitionCommand).callsFake(({ pipelineName }) => {
    transitions.set(pipelineName, { enabled: true, lastChangedBy: US });
  });
  await healthRegions('eu-west-1', Date.now(), async () => []);
});

function refusal(name: string, httpStatusCode = 400): Error {
  return Object.assign(new Error('said AWS'), { name, $metadata: { httpStatusCode } });
}

/** One sweep `minutes` after NOW. */
async function sweep(
  minutes = 1,
  about: Partial<FollowConfig> = {},
): Promise<{ retries: number; book: Book }> {
  const { book, invocation } = fakeInvocation({ now: () => NOW + minutes * MINUTE });
  const delivery = { id: 'm-1', message: { kind: 'sweep' } as const, receiveCount: 1 };
  const { retry } = await followIncidents([delivery], { ...config, ...about }, invocation);
  return { retries: retry.length, book };
}

function stageOf(sk = 'orders/Prod'): GatedStage {
  return unmarshall(table.get(`stages ${sk}`) ?? {}) as GatedStage;
}

const mails = (): readonly string[] =>
  sns.commandCalls(PublishCommand).map(({ args }) => args[0].input.Message ?? '');

describe('during an incident', () => {
  it('a transition is disabled, and enabled after the cool-down', async () => {
    save(gatedStage());
    await sweep(1);

    expect(transitions.get('orders')).toMatchObject({ enabled: false });
    expect(stageOf().closure).toMatchObject({ status: 'disabled', changedBy: US });

    health.on(DescribeEventsCommand).resolves({ events: [] });
    await sweep(5);
    expect(transitions.get('orders')).toMatchObject({ enabled: false });
    await sweep(15);

    expect(transitions.get('orders')).toMatchObject({ enabled: true });
    expect(stageOf().closure).toBeUndefined();
    expect(mails()).toHaveLength(2);
  });

  it('a dry run writes nothing and says what it would do', async () => {
    save(gatedStage());
    save(passedDeployment());

    const { book } = await sweep(1, { dryRun: true });

    expect(dynamo.commandCalls(PutItemCommand, { Item: { pk: { S: 'stages' } } })).toHaveLength(0);
    expect(stageOf().closure).toBeUndefined();
    expect(mails()).toEqual([]);
    expect(codePipeline.commandCalls(DisableStageTransitionCommand)).toHaveLength(0);
    expect(book.lines.map(({ message }) => message).sort()).toEqual([
      'incident after a passed deployment',
      'transition change planned',
    ]);
  });

  it('a pipeline without the tag is left alone', async () => {
    codePipeline.on(ListTagsForResourceCommand).resolves({ tags: [] });
    save(gatedStage());

    await sweep();

    expect(codePipeline.commandCalls(DisableStageTransitionCommand)).toHaveLength(0);
  });

  it('a transition that somebody has disabled is left alone', async () => {
    transitions.set('orders', { enabled: false, disabledReason: 'freeze', lastChangedBy: 'ann' });
    save(gatedStage());

    await sweep();

    expect(transitions.get('orders')?.disabledReason).toBe('freeze');
    expect(mails()).toEqual([]);
  });

  it('a stage that cannot be changed does not stop the others, and is tried again', async () => {
    save(gatedStage());
    save({
      ...gatedStage(),
      sk: 'bills/Prod',
      pipeline: 'bills',
      pipelineArn: ARN.replace('orders', 'bills'),
    });
    codePipeline
      .on(DisableStageTransitionCommand, { pipelineName: 'bills' })
      .rejects(refusal('AccessDeniedException'));

    const { book, retries } = await sweep();

    expect(retries).toBe(1);
    expect(book.lines.find(({ level }) => level === 'warn')).toMatchObject({
      message: 'record will be retried',
      fields: { place: 'bills/Prod' },
    });
    expect(transitions.get('orders')).toMatchObject({ enabled: false });
    expect(mails()).toHaveLength(1);
  });
});

describe('a mail that SNS refuses', () => {
  it('is sent by the next run, once', async () => {
    save(gatedStage());
    save(passedDeployment());
    sns
      .on(PublishCommand)
      .rejectsOnce(refusal('AuthorizationErrorException', 403))
      .resolves({ MessageId: 'm' });

    const first = await sweep(1);
    const second = await sweep(6);
    await sweep(11);

    expect([first.retries, second.retries]).toEqual([1, 0]);
    expect(mails()).toHaveLength(2);
    expect(mails()[1]).toBe(mails()[0]);
    expect(mails()[1]).toMatch(/passed the gate before the incident[\s\S]*These transitions are disabled/);
  });
});

describe('a pass that the gate could not save', () => {
  async function pass(externalId: string): Promise<GatedStage> {
    const { invocation } = fakeInvocation({ now: () => NOW });
    const message = {
      kind: 'passed action' as const,
      ...location,
      account: '123456789012',
      region: 'eu-west-1',
      time: NOW,
      action: 'Gate',
      actionExecutionId: 'run-1',
      externalId,
    };
    await followIncidents([{ id: 'm-1', message, receiveCount: 1 }], config, invocation);
    return stageOf();
  }

  it('is recorded from the event of its action', async () => {
    const unsaved = formatUnsavedPass({ id: 'execution-1', jobId: 'job-1', at: NOW, policy: policy() });

    expect((await pass(unsaved ?? '')).gates).toEqual([passedGate()]);
  });

  it.each(['{"at":1,"policy":{"regions":["us-esat-1"]}}', '{"policy":{}}', '{no json}'])(
    'is not recorded from %s, which another function may have written',
    async (text) => {
      await pass(`groundcrew-health-gate/execution-1/job-1 ${text}`);

      expect(table.size).toBe(0);
    },
  );
});
