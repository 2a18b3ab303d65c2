import {
  CodePipelineClient,
  DisableStageTransitionCommand,
  EnableStageTransitionCommand,
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
import type { Transition } from '../domain/gated-stage.ts';
import type { PipelineLocation } from '../domain/hold-record.ts';
import type { ExecutionState, PipelineState, StageState } from '../domain/resume-decision.ts';

const codePipeline = createClient(CodePipelineClient, { deadlineMs: 8_000 });

/** @returns undefined if the execution no longer exists */
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

/** @returns undefined if the pipeline no longer exists */
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

/** The transition into a stage. @returns undefined if the pipeline or the stage no longer exists */
export function describeTransition(
  { pipeline, stage }: Pick<PipelineLocation, 'pipeline' | 'stage'>,
  signal: AbortSignal,
): Promise<Transition | undefined> {
  return undefinedIfGone(async () => {
    const { stageStates = [] } = await codePipeline.send(new GetPipelineStateCommand({ name: pipeline }), {
      abortSignal: signal,
    });
    const found = stageStates.find(({ stageName }) => stageName === stage);
    const { enabled, disabledReason, lastChangedAt, lastChangedBy } = found?.inboundTransitionState ?? {};
    return (
      found && {
        isEnabled: enabled ?? true,
        reason: disabledReason ?? '',
        changedBy: lastChangedBy ?? '',
        changedAt: lastChangedAt?.getTime() ?? 0,
      }
    );
  });
}

/** Idempotent: a second call with the same reason changes only the time. */
export async function disableTransition(
  { pipeline, stage }: Pick<PipelineLocation, 'pipeline' | 'stage'>,
  reason: string,
  signal: AbortSignal,
): Promise<void> {
  const command = new DisableStageTransitionCommand({ ...inbound(pipeline, stage), reason });
  await codePipeline.send(command, { abortSignal: signal });
}

/** Idempotent. Executions that wait for the stage enter it. */
export async function enableTransition(
  { pipeline, stage }: Pick<PipelineLocation, 'pipeline' | 'stage'>,
  signal: AbortSignal,
): Promise<void> {
  await codePipeline.send(new EnableStageTransitionCommand(inbound(pipeline, stage)), {
    abortSignal: signal,
  });
}

function inbound(pipelineName: string, stageName: string) {
  return { pipelineName, stageName, transitionType: 'Inbound' as const };
}

/** The tags of a pipeline; empty if it no longer exists. */
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

/** Retries the stage's failed actions. CodePipeline rejects a second call while they run, so nothing happens twice. */
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

/** The ids of all action runs of an execution. */
export async function listActionRuns(
  { executionId, pipeline }: Pick<PipelineLocation, 'executionId' | 'pipeline'>,
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

async function undefinedIfGone<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
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
