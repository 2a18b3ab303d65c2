import { type Mapping, mapping, numberOr } from '../../../json.ts';
import { pageOf } from '../../pagination.ts';
import { ServiceError } from '../../response.ts';
import { findExecution, findPipeline, idConstraint } from './lookup.ts';
import type { ActionRun, Context, Execution, Pipeline, Stage, StageRun, Transition } from './model.ts';

export function getPipelineState(input: Mapping, context: Context): Mapping {
  const pipeline = findPipeline(input, context, 'name');
  const { created, declaration, stages, updated } = pipeline;
  return {
    pipelineName: declaration.name,
    pipelineVersion: declaration.version,
    stageStates: stages.map((stage) => stateOf(stage, pipeline)),
    created: new Date(created),
    updated: new Date(updated),
  };
}

function stateOf(stage: Stage, { declaration }: Pipeline): Mapping {
  const { actions, inbound, latest, name, waiting } = stage;
  const waitings = waiting.map(({ id }) => ({
    pipelineExecutionId: id,
    status: 'InProgress',
    type: 'STANDARD',
  }));
  const declared = declaration.stages.find((one) => one.name === name)?.actions ?? [];
  return {
    stageName: name,
    ...(waitings.length > 0 && { inboundExecution: waitings[0], inboundExecutions: waitings }),
    inboundTransitionState: transitionOf(inbound),
    actionStates: declared.map((action) => {
      const run = actions.get(action.name);
      return { actionName: action.name, ...(run && { latestExecution: executionOf(run) }) };
    }),
    ...(latest && {
      latestExecution: { pipelineExecutionId: latest.execution.id, status: latest.status, type: 'STANDARD' },
      ...retriesOf(latest),
    }),
  };
}

function transitionOf(inbound: Transition | undefined): Mapping {
  if (!inbound) return { enabled: true };
  const { changedAt, changedBy, reason } = inbound;
  return {
    enabled: reason === undefined,
    lastChangedBy: changedBy,
    lastChangedAt: new Date(changedAt),
    ...(reason !== undefined && { disabledReason: reason }),
  };
}

function retriesOf({ retries }: StageRun): Mapping {
  if (retries === 0) return {};
  return { retryStageMetadata: { manualStageRetryAttempt: retries, latestRetryTrigger: 'ManualStageRetry' } };
}

function executionOf(action: ActionRun): Mapping {
  const { changedAt, error, externalId, id, percent, status, summary, token } = action;
  return {
    actionExecutionId: id,
    status,
    lastStatusChange: new Date(changedAt),
    ...(summary !== undefined && { summary }),
    ...(token !== undefined && status === 'InProgress' && { token }),
    ...(externalId !== undefined && { externalExecutionId: externalId }),
    ...(percent !== undefined && { percentComplete: percent }),
    ...(error && { errorDetails: error }),
  };
}

export function getPipelineExecution(input: Mapping, context: Context): Mapping {
  const pipeline = findPipeline(input, context, 'pipelineName', { pipelineExecutionId: idConstraint });
  const execution = findExecution(pipeline, input['pipelineExecutionId']);
  const { id, mode, status, variables, version } = execution;
  return {
    pipelineExecution: {
      pipelineName: pipeline.declaration.name,
      pipelineVersion: version,
      pipelineExecutionId: id,
      status,
      artifactRevisions: [],
      variables: [...variables].map(([name, resolvedValue]) => ({ name, resolvedValue })),
      trigger: triggerOf(execution),
      executionMode: mode,
      executionType: 'STANDARD',
    },
  };
}

const triggerOf = ({ startedBy }: Execution): Mapping => ({
  triggerType: 'StartPipelineExecution',
  triggerDetail: startedBy,
});

const pageConstraints = { maxResults: { min: 1, max: 100 }, nextToken: { min: 1, max: 2048 } };

const invalidToken = (): ServiceError =>
  new ServiceError('InvalidNextTokenException', 'The next token was specified in an invalid format.');

/** The newest first. */
export function listPipelineExecutions(input: Mapping, context: Context): Mapping {
  const { executions } = findPipeline(input, context, 'pipelineName', pageConstraints);
  const { maxResults, nextToken } = input;
  const { succeededInStage } = mapping(input['filter']);
  const stage = mapping(succeededInStage)['stageName'];
  const found = executions.filter(
    ({ runs }) => stage === undefined || runs.get(String(stage))?.status === 'Succeeded',
  );
  const { items, ...rest } = pageOf(found.toReversed(), numberOr(maxResults, 100), nextToken, invalidToken());
  return { pipelineExecutionSummaries: items.map(summaryOf), ...rest };
}

function summaryOf(execution: Execution): Mapping {
  const { id, mode, startedAt, status, stopReason, updatedAt } = execution;
  return {
    pipelineExecutionId: id,
    status,
    startTime: new Date(startedAt),
    lastUpdateTime: new Date(updatedAt),
    sourceRevisions: [],
    trigger: triggerOf(execution),
    ...(stopReason !== undefined && { stopTrigger: { reason: stopReason } }),
    executionMode: mode,
    executionType: 'STANDARD',
  };
}

/** The newest first; those of one execution when the filter names it. */
export function listActionExecutions(input: Mapping, context: Context): Mapping {
  const pipeline = findPipeline(input, context, 'pipelineName', pageConstraints);
  const { maxResults, nextToken } = input;
  const { latestInPipelineExecution, pipelineExecutionId } = mapping(input['filter']);
  const latest = mapping(latestInPipelineExecution);
  const id = pipelineExecutionId ?? latest['pipelineExecutionId'];
  const executions = id === undefined ? pipeline.executions : [findExecution(pipeline, id)];
  const runs = executions
    .flatMap(({ history }) => history)
    .filter((action) => latest['startTimeRange'] !== 'Latest' || isLatest(action))
    .toSorted((a, b) => a.startedAt - b.startedAt)
    .toReversed();
  const { items, ...rest } = pageOf(runs, numberOr(maxResults, 100), nextToken, invalidToken());
  return { actionExecutionDetails: items.map((action) => detailOf(action, context)), ...rest };
}

const isLatest = (action: ActionRun): boolean => action.run.actions.get(action.declaration.name) === action;

function detailOf(action: ActionRun, { region }: Context): Mapping {
  const { changedAt, configuration, declaration, id, run, startedAt, status } = action;
  const { execution, stage } = run;
  const artifacts = (names: readonly string[]): Mapping[] =>
    names.flatMap((name) => {
      const s3location = execution.artifacts.get(name);
      return s3location ? [{ name, s3location }] : [];
    });
  return {
    pipelineExecutionId: execution.id,
    actionExecutionId: id,
    pipelineVersion: execution.version,
    stageName: stage.name,
    actionName: declaration.name,
    startTime: new Date(startedAt),
    lastUpdateTime: new Date(changedAt),
    status,
    input: {
      actionTypeId: declaration.type,
      configuration: declaration.configuration,
      resolvedConfiguration: configuration,
      ...(declaration.roleArn !== undefined && { roleArn: declaration.roleArn }),
      region: declaration.region ?? region,
      inputArtifacts: artifacts(declaration.inputs),
      ...(declaration.namespace !== undefined && { namespace: declaration.namespace }),
    },
    output: { outputArtifacts: artifacts(declaration.outputs), ...resultOf(action) },
  };
}

function resultOf({ error, externalId, outputVariables, summary }: ActionRun): Mapping {
  return {
    executionResult: {
      ...(externalId !== undefined && { externalExecutionId: externalId }),
      ...(summary !== undefined && { externalExecutionSummary: summary }),
      ...(error && { errorDetails: error }),
    },
    ...(outputVariables && { outputVariables }),
  };
}
