import { type Mapping, mapping } from '../../../json.ts';
import type { Constraint } from '../../constraints.ts';
import { ServiceError } from '../../response.ts';
import { nameConstraint } from './declaration.ts';
import { emitPipelineEvent, emitStageEvent } from './events.ts';
import { callerArn, findPipeline, findStage, idConstraint } from './lookup.ts';
import {
  type ActionRun,
  type Context,
  type Execution,
  isInProgress,
  type Pipeline,
  type Stage,
  type StageRun,
} from './model.ts';
import { abortExecution, admitWaiting, finishAction, resumeStage } from './runner.ts';

const modes: Constraint = { required: true, oneOf: ['FAILED_ACTIONS', 'ALL_ACTIONS'] };

export function retryStageExecution(input: Mapping, context: Context): Mapping {
  const constraints = { stageName: nameConstraint, pipelineExecutionId: idConstraint, retryMode: modes };
  const pipeline = findPipeline(input, context, 'pipelineName', constraints);
  const stage = findStage(pipeline, input);
  if (context.state.conflicts > 0) {
    context.state.conflicts -= 1;
    throw conflictError();
  }
  const run = findRetryableRun(pipeline, stage, String(input['pipelineExecutionId']));
  resumeStage(context, run, input['retryMode'] === 'ALL_ACTIONS' ? 'ALL_ACTIONS' : 'FAILED_ACTIONS');
  return { pipelineExecutionId: run.execution.id };
}

const conflictError = (): ServiceError =>
  new ServiceError(
    'ConflictException',
    'Your request cannot be handled because the pipeline is busy handling ongoing activities. Try again later.',
    409,
  );

const notRetryableError = (): ServiceError =>
  new ServiceError(
    'StageNotRetryableException',
    'Unable to retry. The pipeline structure or stage state might have changed while actions awaited retry, or the ' +
      'stage contains no failed actions.',
  );

/** Finds the run of the stage by this execution. Throws if CodePipeline would not retry it. */
function findRetryableRun({ declaration, executions }: Pipeline, stage: Stage, id: string): StageRun {
  const execution = executions.find((one) => one.id === id);
  const run = execution?.runs.get(stage.name);
  const isLatest = run !== undefined && (execution?.mode === 'PARALLEL' || stage.latest === run);
  if (!execution || (run && !isLatest))
    throw new ServiceError(
      'NotLatestPipelineExecutionException',
      `The stage '${stage.name}' has been entered by a later execution than '${id}'.`,
    );
  const hasFailed = run && [...run.actions.values()].some(({ status }) => status === 'Failed');
  if (run && isInProgress(run) && hasFailed) throw conflictError();
  const hasEnded = run?.status === 'Failed' || run?.status === 'Stopped';
  if (!run || !hasEnded || execution.version !== declaration.version) throw notRetryableError();
  return run;
}

export function stopPipelineExecution(input: Mapping, context: Context): Mapping {
  const constraints = { pipelineExecutionId: idConstraint, reason: { max: 200 } };
  const { executions } = findPipeline(input, context, 'pipelineName', constraints);
  const id = input['pipelineExecutionId'];
  const execution = executions.find((one) => one.id === id);
  if (!execution || !isInProgress(execution))
    throw new ServiceError(
      'PipelineExecutionNotStoppableException',
      'Unable to stop the pipeline execution. The execution might already be in a Stopped state, or it might no ' +
        'longer be in progress.',
    );
  const isAbandoned = input['abandon'] === true;
  if (execution.status === 'Stopping' && !isAbandoned)
    throw new ServiceError(
      'DuplicatedStopRequestException',
      'The pipeline execution is already in a Stopping state.',
    );
  if (typeof input['reason'] === 'string') execution.stopReason = input['reason'];
  requestStop(context, execution);
  if (isAbandoned || ![...execution.runs.values()].some(isInProgress))
    abortExecution(context, execution, 'Stopped');
  return { pipelineExecutionId: execution.id };
}

function requestStop(context: Context, execution: Execution): void {
  if (execution.status === 'Stopping') return;
  execution.status = 'Stopping';
  emitPipelineEvent(context, execution, 'STOPPING');
  const run = [...execution.runs.values()].find(isInProgress);
  if (!run) return;
  run.status = 'Stopping';
  emitStageEvent(context, run, 'STOPPING');
}

const transitions: Constraint = { required: true, oneOf: ['Inbound', 'Outbound'] };
const reasons: Constraint = {
  required: true,
  min: 1,
  max: 300,
  pattern: '[a-zA-Z0-9!@ \\(\\)\\.\\*\\?\\-]+',
};

export function disableStageTransition(input: Mapping, context: Context): Mapping {
  const constraints = { stageName: nameConstraint, transitionType: transitions, reason: reasons };
  const stage = findStage(findPipeline(input, context, 'pipelineName', constraints), input);
  const change = { changedAt: context.now(), changedBy: callerArn(context), reason: String(input['reason']) };
  stage[input['transitionType'] === 'Inbound' ? 'inbound' : 'outbound'] = change;
  return {};
}

/** Executions that wait for the stage enter it. */
export function enableStageTransition(input: Mapping, context: Context): Mapping {
  const constraints = { stageName: nameConstraint, transitionType: transitions };
  const pipeline = findPipeline(input, context, 'pipelineName', constraints);
  const stage = findStage(pipeline, input);
  const change = { changedAt: context.now(), changedBy: callerArn(context) };
  stage[input['transitionType'] === 'Inbound' ? 'inbound' : 'outbound'] = change;
  for (const one of pipeline.stages) admitWaiting(context, pipeline, one);
  return {};
}

export function putApprovalResult(input: Mapping, context: Context): Mapping {
  const pipeline = findPipeline(input, context, 'pipelineName', {
    stageName: nameConstraint,
    actionName: nameConstraint,
    token: idConstraint,
    result: { required: true },
    'result.summary': { max: 512 },
    'result.status': { required: true, oneOf: ['Approved', 'Rejected'] },
  });
  const action = findApproval(findStage(pipeline, input), pipeline, input);
  if (action.status !== 'InProgress')
    throw new ServiceError(
      'ApprovalAlreadyCompletedException',
      'The approval action has already been approved or rejected.',
    );
  const { status, summary } = mapping(input['result']);
  const message = String(summary ?? '');
  if (status === 'Approved') finishAction(context, action, { status: 'Succeeded', summary: message });
  else finishAction(context, action, { status: 'Failed', code: 'JobFailed', message });
  return { approvedAt: new Date(context.now()) };
}

/** In PARALLEL mode several executions wait at the same action, each with its own token. */
function findApproval(stage: Stage, { executions }: Pipeline, { actionName, token }: Mapping): ActionRun {
  const name = String(actionName);
  if (!stage.actions.has(name))
    throw new ServiceError('ActionNotFoundException', `There is no action '${name}'`);
  const runs = executions.flatMap(({ history }) => history);
  const asked = runs.find((one) => one.run.stage === stage && one.token !== undefined && one.token === token);
  if (asked?.declaration.name === name) return asked;
  throw new ServiceError(
    'InvalidApprovalTokenException',
    'The approval request already received a response or has expired.',
  );
}
