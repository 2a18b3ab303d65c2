import {
  CodePipelineClient,
  GetPipelineExecutionCommand,
  GetPipelineStateCommand,
  ListActionExecutionsCommand,
  ListTagsForResourceCommand,
  RetryStageExecutionCommand,
  type StageState as SdkStageState,
} from '@aws-sdk/client-codepipeline';
import { createClient } from '#shared/aws/client.ts';
import { paginate } from '#shared/aws/pages.ts';
import { hasName } from '#shared/errors.ts';
import type { HoldRecord, PipelineLocation } from '../domain/hold-record.ts';
import {
  type ExecutionState,
  foreignFailures,
  type PipelineSnapshot,
  type PipelineState,
  type StageState,
  withoutForeignFailures,
} from '../domain/resume-decision.ts';

const codePipeline = createClient(CodePipelineClient, { deadlineMs: 8_000 });

/** The pipeline and the execution of a hold as they are now. */
export async function describePipelineAndExecution(
  hold: HoldRecord,
  signal: AbortSignal,
): Promise<PipelineSnapshot> {
  const [pipeline, execution] = await Promise.all([
    describeStage(hold, signal),
    describeExecution(hold, signal),
  ]);
  const look = { pipeline, execution };
  // Of an execution that is gone nothing is left to ask about, whatever else failed in the stage.
  if (!execution || foreignFailures(hold, look).length === 0) return look;
  return withoutForeignFailures(hold, look, await listActionRuns(hold, signal));
}

/** Undefined when CodePipeline does not know it any more. */
export function describeExecution(
  { executionId, pipeline }: Pick<PipelineLocation, 'executionId' | 'pipeline'>,
  signal: AbortSignal,
): Promise<ExecutionState | undefined> {
  return undefinedIfGone(async () => {
    const command = new GetPipelineExecutionCommand({
      pipelineName: pipeline,
      pipelineExecutionId: executionId,
    });
    const { pipelineExecution: found } = await codePipeline.send(command, { abortSignal: signal });
    return {
      status: found?.status ?? '',
      mode: found?.executionMode ?? 'SUPERSEDED',
      type: found?.executionType ?? 'STANDARD',
      version: found?.pipelineVersion ?? 0,
    };
  });
}

/** Undefined when there is no such pipeline any more. */
export function describeStage(
  { pipeline, stage }: Pick<PipelineLocation, 'pipeline' | 'stage'>,
  signal: AbortSignal,
): Promise<PipelineState | undefined> {
  return undefinedIfGone(async () => {
    const command = new GetPipelineStateCommand({ name: pipeline });
    const { pipelineVersion = 0, stageStates = [] } = await codePipeline.send(command, {
      abortSignal: signal,
    });
    const found = stageStates.find(({ stageName }) => stageName === stage);
    return { version: pipelineVersion, stage: found && toStageState(found) };
  });
}

/** The tags of a pipeline; none when it is gone. */
export async function listTags(
  pipelineArn: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const tags = await undefinedIfGone(() =>
    paginate(async (nextToken: string | undefined) => {
      const command = new ListTagsForResourceCommand({
        resourceArn: pipelineArn,
        ...(nextToken && { nextToken }),
      });
      const reply = await codePipeline.send(command, { abortSignal: signal });
      return { items: reply.tags ?? [], next: reply.nextToken };
    }),
  );
  return new Map((tags ?? []).map(({ key = '', value = '' }) => [key, value]));
}

/** Repeats the stage's failed actions. A second call while they run is refused, so nothing happens twice. */
export async function retryFailedActions(
  { executionId, pipeline, stage }: Omit<PipelineLocation, 'pipelineArn'>,
  signal: AbortSignal,
): Promise<void> {
  const command = new RetryStageExecutionCommand({
    pipelineName: pipeline,
    stageName: stage,
    pipelineExecutionId: executionId,
    retryMode: 'FAILED_ACTIONS',
  });
  await codePipeline.send(command, { abortSignal: signal });
}

/** The ids of all runs of actions in an execution. */
async function listActionRuns(
  { executionId, pipeline }: HoldRecord,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const runs = await paginate(async (nextToken: string | undefined) => {
    const command = new ListActionExecutionsCommand({
      pipelineName: pipeline,
      filter: { pipelineExecutionId: executionId },
      ...(nextToken && { nextToken }),
    });
    const reply = await codePipeline.send(command, { abortSignal: signal });
    return { items: reply.actionExecutionDetails ?? [], next: reply.nextToken };
  });
  return new Set(runs.flatMap(({ actionExecutionId }) => actionExecutionId ?? []));
}

function toStageState({
  actionStates = [],
  inboundTransitionState,
  latestExecution,
}: SdkStageState): StageState {
  return {
    executionId: latestExecution?.pipelineExecutionId ?? '',
    status: latestExecution?.status ?? '',
    type: latestExecution?.type ?? 'STANDARD',
    isInboundEnabled: inboundTransitionState?.enabled ?? true,
    actions: actionStates.map(({ actionName = '', latestExecution: run }) => ({
      name: actionName,
      executionId: run?.actionExecutionId ?? '',
      status: run?.status ?? '',
      texts: [run?.externalExecutionId, run?.errorDetails?.message, run?.summary].filter(
        (text) => text !== undefined,
      ),
    })),
  };
}

async function undefinedIfGone<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (hasName(error, ...GONE_ERRORS)) return undefined;
    throw error;
  }
}

const GONE_ERRORS = [
  'PipelineNotFoundException',
  'PipelineExecutionNotFoundException',
  'ResourceNotFoundException',
];
