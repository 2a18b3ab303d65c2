import {
  CodePipelineClient,
  GetPipelineExecutionCommand,
  GetPipelineStateCommand,
  ListActionExecutionsCommand,
  ListTagsForResourceCommand,
  RetryStageExecutionCommand,
} from '@aws-sdk/client-codepipeline';
import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { DescribeEventsCommand, HealthClient } from '@aws-sdk/client-health';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { healthRegions } from '../../../functions/health-gate/aws/health-endpoint.ts';
import type { ResumeConfig } from '../../../functions/health-gate/config.ts';
import {
  deploymentName,
  type HoldDraft,
  type HoldRecord,
} from '../../../functions/health-gate/domain/hold-record.ts';
import { addFailure, type GateFailure } from '../../../functions/health-gate/domain/hold-transitions.ts';
import { formatMarker, type GateStop } from '../../../functions/health-gate/domain/stop-marker.ts';
import type { FailedAction, TriggerEvent } from '../../../functions/health-gate/resume-deployments/event.ts';
import { resumeDeployments } from '../../../functions/health-gate/resume-deployments/resume-deployments.ts';
import { fakeInvocation } from '../../support/handlers/invocation.ts';
import { NOW, policy } from './examples.ts';

// An account that refuses on demand: for refusals and races that no stand-in produces.

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export const OVERRIDE = '/groundcrew/health-gate/override';

export const config: ResumeConfig = {
  region: 'eu-west-1',
  accountId: '123456789012',
  gateTable: 'gate-records',
  readerRoleArn: 'arn:aws:iam::{account}:role/groundcrew-health-reader',
  overrideParameter: OVERRIDE,
  maxOverrideHours: 24,
  holdsTable: 'holds',
  queueUrl: 'https://queue',
  topicArn: 'arn:aws:sns:eu-west-1:123456789012:notifications',
  chatTopicArn: undefined,
  dryRun: false,
  coolDownMinutes: 10,
  jitterMinutes: 10,
  maxAttempts: 3,
  maxHoldHours: 24,
  coolDownMs: 10 * MINUTE,
  jitterMs: 10 * MINUTE,
  maxHoldMs: 24 * HOUR,
};

export const clients = {
  codePipeline: mockClient(CodePipelineClient),
  dynamo: mockClient(DynamoDBClient),
  health: mockClient(HealthClient),
  sns: mockClient(SNSClient),
  sqs: mockClient(SQSClient),
  ssm: mockClient(SSMClient),
};

export interface Run {
  id: string;
  status: string;
  texts?: { id?: string; message?: string };
}

/** A pipeline of one stage, Prod, with its latest execution in it. */
export interface Pipeline {
  version: number;
  tags: Record<string, string>;
  mode: string;
  isInboundEnabled: boolean;
  executionId: string;
  executionStatus: string;
  stageStatus: string;
  /** By action; what else is in `elsewhere` ran in older executions. */
  runs: Record<string, Run>;
  elsewhere: Record<string, Run>;
}

export const table = new Map<string, HoldRecord>();
const stops: GateStop[] = [];
export const pipelines = new Map<string, Pipeline>();
/** The SSM parameters, by name. */
export const parameters = new Map<string, string>();
let incidents: string[] = [];

export async function openAccount(): Promise<void> {
  table.clear();
  pipelines.clear();
  parameters.clear();
  stops.length = 0;
  incidents = [];
  for (const client of Object.values(clients)) client.reset();
  answerTables();
  answerPipelines();
  clients.health.on(DescribeEventsCommand).callsFake(async () => ({ events: incidents.map(toEvent) }));
  clients.ssm.on(GetParametersCommand).callsFake(async ({ Names }: { Names: string[] }) => ({
    Parameters: Names.filter((name) => parameters.has(name)).map((Name) => ({
      Name,
      Value: parameters.get(Name),
    })),
  }));
  clients.sns.on(PublishCommand).resolves({ MessageId: 'm' });
  clients.sqs.on(SendMessageBatchCommand).resolves({ Successful: [], Failed: [] });
  // What the sandbox knows of the alias for the next minute: no test looks a name up.
  await healthRegions('eu-west-1', Date.now(), async () => []);
}

/** AWS Health has an open issue in each of these Regions, and in no other. */
export function openIncidents(...regions: string[]): void {
  incidents = regions;
}

function toEvent(region: string) {
  return {
    arn: `arn:aws:health:${region}::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/1`,
    eventTypeCode: 'AWS_EC2_OPERATIONAL_ISSUE',
    service: 'EC2',
    region,
    eventScopeCode: 'PUBLIC' as const,
    statusCode: 'open' as const,
    startTime: new Date(NOW - HOUR),
  };
}

/** A pipeline that a gate has stopped just now. */
export function stoppedPipeline(name: string, more: Partial<Pipeline> = {}): Pipeline {
  const pipeline: Pipeline = {
    version: 4,
    tags: { 'groundcrew:resume': 'true' },
    mode: 'SUPERSEDED',
    isInboundEnabled: true,
    executionId: `execution of ${name}`,
    executionStatus: 'Failed',
    stageStatus: 'Failed',
    runs: { Gate: gateRun(name, 1) },
    elsewhere: {},
    ...more,
  };
  pipelines.set(name, pipeline);
  return pipeline;
}

export function gateRun(pipeline: string, n: number): Run {
  const marker = formatMarker({ id: `execution-of-${pipeline}`, jobId: `job-${n}-of-${pipeline}` });
  return {
    id: `run ${n} of ${pipeline}`,
    status: 'Failed',
    texts: { id: marker, message: `Incident (${marker})` },
  };
}

/** What the gate wrote down before it failed the job. */
export function stopOf(pipeline: string, n = 1, about: Partial<GateStop> = {}): GateStop {
  const stop = {
    id: `execution-of-${pipeline}`,
    jobId: `job-${n}-of-${pipeline}`,
    at: NOW,
    policy: policy(),
    reason: 'Incident In Progress: AWS_EC2_OPERATIONAL_ISSUE in eu-west-1 (EC2).',
    ...about,
  };
  stops.push(stop);
  return stop;
}

export function failedAction(pipeline: string, n = 1, about: Partial<FailedAction> = {}): FailedAction {
  const run = gateRun(pipeline, n);
  return {
    kind: 'failed action',
    account: config.accountId,
    region: config.region,
    time: NOW,
    pipelineArn: `arn:aws:codepipeline:eu-west-1:123456789012:${pipeline}`,
    pipeline,
    stage: 'Prod',
    action: 'Gate',
    executionId: `execution of ${pipeline}`,
    actionExecutionId: run.id,
    externalId: run.texts?.id,
    ...about,
  };
}

export function gateFailure(pipeline: string, n = 1, about: Partial<GateFailure> = {}): GateFailure {
  const { action, actionExecutionId, executionId, pipelineArn, stage } = failedAction(pipeline, n);
  const location = { pipeline, pipelineArn, stage, executionId };
  const { at, jobId, reason } = { at: NOW, jobId: `job-${n}-of-${pipeline}`, reason: 'Incident In Progress' };
  return {
    location,
    action,
    actionExecutionId,
    at,
    jobId,
    policy: policy(),
    reason,
    pipelineVersion: 4,
    ...about,
  };
}

/** A record on file, its mail about being held sent. */
export function keep(pipeline: string, more: Partial<HoldRecord> = {}): HoldRecord {
  const draft = addFailure(undefined, gateFailure(pipeline), config, NOW);
  if (!draft) throw new Error('no hold was created');
  const hold = { ...draft, notifications: { held: 0 }, revision: `seed of ${pipeline}`, ...more };
  table.set(hold.deployment, hold);
  return hold;
}

/** One whose cool-down is over at NOW. */
export function keepDue(pipeline: string, more: Partial<HoldRecord> = {}): HoldRecord {
  const cleared = { status: 'cooling down', clearSince: NOW - 20 * MINUTE, retryAt: NOW } as const;
  return keep(pipeline, { ...cleared, ...more });
}

export function holdOf(pipeline: string): HoldRecord | undefined {
  return table.get(deploymentOf(pipeline));
}

export function deploymentOf(pipeline: string): string {
  return deploymentName(failedAction(pipeline));
}

/** One invocation, with the messages by their ids m1, m2 and so on. */
export async function run(
  messages: readonly TriggerEvent[],
  {
    now = NOW,
    remainingMs = () => 55_000,
    ...more
  }: Partial<ResumeConfig> & { now?: number | (() => number); remainingMs?: () => number } = {},
) {
  const { invocation, book } = fakeInvocation({
    now: typeof now === 'number' ? () => now : now,
    remainingMs,
  });
  const deliveries = messages.map((message, i) => ({ id: `m${i + 1}`, message, receiveCount: 1 }));
  const handled = await resumeDeployments(deliveries, { ...config, ...more }, invocation);
  return { retry: handled.retry.map(({ id }) => id), ...book };
}

export const sweep: TriggerEvent = { kind: 'sweep' };

export const due = (pipeline: string): TriggerEvent => ({ kind: 'due', deployment: deploymentOf(pipeline) });

export function mails(): { subject: string; text: string }[] {
  return clients.sns
    .commandCalls(PublishCommand)
    .map(({ args }) => ({ subject: args[0].input.Subject ?? '', text: args[0].input.Message ?? '' }));
}

export function retried(): string[] {
  return clients.codePipeline
    .commandCalls(RetryStageExecutionCommand)
    .map(({ args }) => args[0].input.pipelineName ?? '');
}

/** The reminders that were sent, by deployment, with their delays in seconds. */
export function reminders(): Record<string, number | undefined> {
  const entries = clients.sqs
    .commandCalls(SendMessageBatchCommand)
    .flatMap(({ args }) => args[0].input.Entries ?? []);
  return Object.fromEntries(
    entries.map(({ DelaySeconds, MessageBody }) => [
      JSON.parse(MessageBody ?? '{}').detail.deployment,
      DelaySeconds,
    ]),
  );
}

export function callsOf(): Record<string, number> {
  const names: string[] = [];
  for (const client of Object.values(clients))
    for (const { args } of client.calls()) names.push(args[0].constructor.name.replace('Command', ''));
  return Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]));
}

/** An SDK error as the service names it. */
export function refusal(name: string, status = 400): Error {
  return Object.assign(new Error(`${name} said no`), { name, $metadata: { httpStatusCode: status } });
}

export function lostAnswer(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
}

/** What a retry of its failed actions does to a pipeline. */
export function goOn(name: string): void {
  const pipeline = pipelines.get(name);
  if (!pipeline) throw refusal('PipelineNotFoundException');
  pipeline.stageStatus = 'InProgress';
  pipeline.executionStatus = 'InProgress';
  pipeline.runs['Gate'] = { id: `run 2 of ${name}`, status: 'InProgress' };
}

function answerPipelines(): void {
  const { codePipeline } = clients;
  const find = (name: string): Pipeline => {
    const pipeline = pipelines.get(name);
    if (!pipeline) throw refusal('PipelineNotFoundException');
    return pipeline;
  };
  codePipeline.on(GetPipelineStateCommand).callsFake(async ({ name }) => toState(find(name)));
  codePipeline.on(GetPipelineExecutionCommand).callsFake(async ({ pipelineName }) => {
    const { executionStatus: status, mode, version } = find(pipelineName);
    return { pipelineExecution: { status, executionMode: mode, pipelineVersion: version } };
  });
  // A page of the execution's runs, then one more.
  codePipeline.on(ListActionExecutionsCommand).callsFake(async ({ nextToken, pipelineName }) => {
    const ids = Object.values(find(pipelineName).runs).map(({ id }) => ({ actionExecutionId: id }));
    return nextToken
      ? { actionExecutionDetails: ids.slice(1) }
      : { actionExecutionDetails: ids.slice(0, 1), nextToken: 'more' };
  });
  codePipeline.on(ListTagsForResourceCommand).callsFake(async ({ nextToken, resourceArn }) => {
    const tags = find(resourceArn.split(':').at(-1)).tags;
    const all = Object.entries(tags).map(([key, value]) => ({ key, value }));
    return nextToken ? { tags: all } : { tags: [{ key: 'team', value: 'orders' }], nextToken: 'more' };
  });
  codePipeline.on(RetryStageExecutionCommand).callsFake(async ({ pipelineName }) => {
    goOn(pipelineName);
    return {};
  });
}

function toState({ elsewhere, executionId, isInboundEnabled, runs, stageStatus, version }: Pipeline) {
  return {
    pipelineVersion: version,
    stageStates: [
      { stageName: 'Source' },
      {
        stageName: 'Prod',
        latestExecution: { pipelineExecutionId: executionId, status: stageStatus },
        inboundTransitionState: { enabled: isInboundEnabled },
        actionStates: Object.entries({ ...elsewhere, ...runs }).map(
          ([actionName, { id, status, texts }]) => ({
            actionName,
            latestExecution: {
              actionExecutionId: id,
              status,
              ...(texts?.id && { externalExecutionId: texts.id }),
              ...(texts?.message && { errorDetails: { code: 'JobFailed', message: texts.message } }),
            },
          }),
        ),
      },
    ],
  };
}

function answerTables(): void {
  const { dynamo } = clients;
  dynamo.on(BatchGetItemCommand).callsFake(async ({ RequestItems }) => {
    const keys: { deployment: { S: string } }[] = RequestItems[config.holdsTable].Keys;
    const found = keys.flatMap(({ deployment }) => table.get(deployment.S) ?? []);
    return { Responses: { [config.holdsTable]: found.map(toItem) } };
  });
  dynamo.on(ScanCommand).callsFake(async () => ({ Items: [...table.values()].map(toItem) }));
  dynamo.on(TransactWriteItemsCommand).callsFake(async ({ TransactItems }) => write(TransactItems));
  dynamo.on(PutItemCommand).resolves({});
  dynamo.on(GetItemCommand).resolves({});
  dynamo.on(QueryCommand).callsFake(async ({ ExpressionAttributeValues: values }) => ({
    Items: stops
      .filter(({ id }) => values[':pk'].S === `stop/${id}`)
      .filter(({ jobId }) => values[':sk'] === undefined || values[':sk'].S === jobId)
      .map((stop) => marshall({ stop }, { removeUndefinedValues: true })),
  }));
}

function toItem(record: HoldDraft) {
  return marshall(record, { removeUndefinedValues: true });
}

/** The n-th transaction is refused, as long as its repeats last. */
export function failWrite(nth: number): void {
  let writes = 0;
  clients.dynamo.on(TransactWriteItemsCommand).callsFake(async ({ TransactItems }) => {
    writes += 1;
    if (writes === nth) throw refusal('ThrottlingException');
    return write(TransactItems);
  });
}

// biome-ignore lint/suspicious/noExplicitAny: the items of a transaction, as the wing wrote them
function write(items: any[]): object {
  const reasons = items.map(({ Put }) => {
    const expected = Put.ExpressionAttributeValues?.[':revision'].S;
    const known = table.get(Put.Item.deployment.S)?.revision;
    return { Code: known === expected ? 'None' : 'ConditionalCheckFailed' };
  });
  if (reasons.some(({ Code }) => Code !== 'None')) {
    throw Object.assign(refusal('TransactionCanceledException'), { CancellationReasons: reasons });
  }
  for (const { Put } of items) table.set(Put.Item.deployment.S, unmarshall(Put.Item) as HoldRecord);
  return {};
}
