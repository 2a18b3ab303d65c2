import { type Mapping, mapping, numberOr } from '../../../json.ts';
import { paginate } from '../../pagination.ts';
import { ServiceError } from '../../response.ts';
import { findExecution, findPipeline, idConstraint } from './lookup.ts';
import type { ActionRun, Context, Execution, Pipeline, Stage, StageRun, Transition } from './model.ts';

export function getPipelineState(input: Mapping, context: Context): Mapping {
  const pipeline = findPipeline(input, context, 'name');
  const { created, declaration, stages, updated } = pipeline;
  return {
    pipelineName: declaration.name,
    pipelineVersion: declaration.version,
    stageStates: stages.map((stage) => stageState(stage, pipeline)),
    created: new Date(created),
    updated: new Date(updated),
  };
}

function stageState(stage: Stage, { declaration }: Pipeline): Mapping {
  const { actions, inbound, latest, name, waiting } = stage;
  const inboundExecutions = waiting.map(({ id }) => ({
    pipelineExecutionId: id,
    status: 'InProgress',
    type: 'STANDARD',
  }));
  const declared = declaration.stages.find((one) => one.name === name)?.actions ?? [];
  return {
    stageName: name,
    ...(inboundExecutions.length > 0 && {
      inboundExecution: inboundExecutions[0],
      inboundExecutions,
    }),
    inboundTransitionState: transitionState(inbound),
    actionStates: declared.map((action) => {
      const run = actions.get(action.name);
      return { actionName: action.name, ...(run && { latestExecution: actionExecution(run) }) };
    }),
    ...(latest && {
      latestExecution: { pipelineExecutionId: latest.execution.id, status: latest.status, type: 'STANDARD' },
      ...retryMetadata(latest),
    }),
  };
}

function transitionState(inbound: Transition | undefined): Mapping {
  if (!inbound) return { enabled: true };
  const { changedAt, changedBy, reason } = inbound;
  return {
    enabled: reason === undefined,
    lastChangedBy: changedBy,
    lastChangedAt: new Date(changedAt),
    ...(reason !== undefined && { disabledReason: reason }),
  };
}

function retryMetadata({ retries }: StageRun): Mapping {
  if (retries === 0) return {};
  return { retryStageMetadata: { manualStageRetryAttempt: retries, latestRetryTrigger: 'ManualStageRetry' } };
}

function actionExecution(action: ActionRun): Mapping {
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
      trigger: executionTrigger(execution),
      executionMode: mode,
      executionType: 'STANDARD',
    },
  };
}

const executionTrigger = ({ startedBy }: Execution): Mapping => ({
  triggerType: 'StartPipelineExecution',
  triggerDetail: startedBy,
});

const pageConstraints = { maxResults: { min: 1, max: 100 }, nextToken: { min: 1, max: 2048 } };

const invalidToken = (): ServiceError =>
  new ServiceError('InvalidNextTokenException', 'The next token was specified in an invalid format.');

/** Newest first. */
export function listPipelineExecutions(input: Mapping, context: Context): Mapping {
  const { executions } = findPipeline(input, context, 'pipelineName', pageConstraints);
  const { maxResults, nextToken } = input;
  const { succeededInStage } = mapping(input['filter']);
  const stage = mapping(succeededInStage)['stageName'];
  const found = executions.filter(
    ({ runs }) => stage === undefined || runs.get(String(stage))?.status === 'Succeeded',
  );
  const { items, ...rest } = paginate(
    found.toReversed(),
    numberOr(maxResults, 100),
    nextToken,
    invalidToken(),
  );
  return { pipelineExecutionSummaries: items.map(executionSummary), ...rest };
}

function executionSummary(execution: Execution): Mapping {
  const { id, mode, startedAt, status, stopReason, updatedAt } = execution;
  return {
    pipelineExecutionId: id,
    status,
    startTime: new Date(startedAt),
    lastUpdateTime: new Date(updatedAt),
    sourceRevisions: [],
    trigger: executionTrigger(execution),
    ...(stopReason !== undefined && { stopTrigger: { reason: stopReason } }),
    executionMode: mode,
    executionType: 'STANDARD',
  };
}

/** Newest first. Only the actions of one execution if the filter contains its id. */
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
  const { items, ...rest } = paginate(runs, numberOr(maxResults, 100), nextToken, invalidToken());
  return { actionExecutionDetails: items.map((action) => actionDetail(action, context)), ...rest };
}

const isLatest = (action: ActionRun): boolean => action.run.actions.get(action.declaration.name) === action;

function actionDetail(action: ActionRun, { region }: Context): Mapping {
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
    output: { outputArtifacts: artifacts(declaration.outputs), ...executionResult(action) },
  };
}

function executionResult({ error, externalId, outputVariables, summary }: ActionRun): Mapping {
  return {
    executionResult: {
      ...(externalId !== undefined && { externalExecutionId: externalId }),
      ...(summary !== undefined && { externalExecutionSummary: summary }),
      ...(error && { errorDetails: error }),
    },
    ...(outputVariables && { outputVariables }),
  };
}
