import { type Mapping, mapping } from '../../../json.ts';
import type { Constraint } from '../../constraints.ts';
import { ServiceError } from '../../response.ts';
import { nameConstraint } from './declaration.ts';
import { tellPipeline, tellStage } from './events.ts';
import { callerArn, findPipeline, findStage, idConstraint } from './lookup.ts';
import {
  type ActionRun,
  type Context,
  type Execution,
  isGoing,
  type Pipeline,
  type Stage,
  type StageRun,
} from './model.ts';
import { admit, breakOff, finish, resume } from './runner.ts';

const modes: Constraint = { required: true, oneOf: ['FAILED_ACTIONS', 'ALL_ACTIONS'] };

export function retryStageExecution(input: Mapping, context: Context): Mapping {
  const more = { stageName: nameConstraint, pipelineExecutionId: idConstraint, retryMode: modes };
  const pipeline = findPipeline(input, context, 'pipelineName', more);
  const stage = findStage(pipeline, input);
  if (context.state.conflicts > 0) {
    context.state.conflicts -= 1;
    throw conflict();
  }
  const run = retryableRun(pipeline, stage, String(input['pipelineExecutionId']));
  resume(context, run, input['retryMode'] === 'ALL_ACTIONS' ? 'ALL_ACTIONS' : 'FAILED_ACTIONS');
  return { pipelineExecutionId: run.execution.id };
}

const conflict = (): ServiceError =>
  new ServiceError(
    'ConflictException',
    'Your request cannot be handled because the pipeline is busy handling ongoing activities. Try again later.',
    409,
  );

const notRetryable = (): ServiceError =>
  new ServiceError(
    'StageNotRetryableException',
    'Unable to retry. The pipeline structure or stage state might have changed while actions awaited retry, or the ' +
      'stage contains no failed actions.',
  );

/** The stage's run by this execution, when nothing stands in the way of another try. */
function retryableRun({ declaration, executions }: Pipeline, stage: Stage, id: string): StageRun {
  const execution = executions.find((one) => one.id === id);
  const run = execution?.runs.get(stage.name);
  const isLatest = run !== undefined && (execution?.mode === 'PARALLEL' || stage.latest === run);
  if (!execution || (run && !isLatest))
    throw new ServiceError(
      'NotLatestPipelineExecutionException',
      `The stage '${stage.name}' has been entered by a later execution than '${id}'.`,
    );
  const hasFailed = run && [...run.actions.values()].some(({ status }) => status === 'Failed');
  if (run && isGoing(run) && hasFailed) throw conflict();
  const isOver = run?.status === 'Failed' || run?.status === 'Stopped';
  if (!run || !isOver || execution.version !== declaration.version) throw notRetryable();
  return run;
}

export function stopPipelineExecution(input: Mapping, context: Context): Mapping {
  const more = { pipelineExecutionId: idConstraint, reason: { max: 200 } };
  const { executions } = findPipeline(input, context, 'pipelineName', more);
  const id = input['pipelineExecutionId'];
  const execution = executions.find((one) => one.id === id);
  if (!execution || !isGoing(execution))
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
  beginStopping(context, execution);
  if (isAbandoned || ![...execution.runs.values()].some(isGoing)) breakOff(context, execution, 'Stopped');
  return { pipelineExecutionId: execution.id };
}

function beginStopping(context: Context, execution: Execution): void {
  if (execution.status === 'Stopping') return;
  execution.status = 'Stopping';
  tellPipeline(context, execution, 'STOPPING');
  const run = [...execution.runs.values()].find(isGoing);
  if (!run) return;
  run.status = 'Stopping';
  tellStage(context, run, 'STOPPING');
}

const transitions: Constraint = { required: true, oneOf: ['Inbound', 'Outbound'] };
const reasons: Constraint = {
  required: true,
  min: 1,
  max: 300,
  pattern: '[a-zA-Z0-9!@ \\(\\)\\.\\*\\?\\-]+',
};

export function disableStageTransition(input: Mapping, context: Context): Mapping {
  const more = { stageName: nameConstraint, transitionType: transitions, reason: reasons };
  const stage = findStage(findPipeline(input, context, 'pipelineName', more), input);
  const change = { changedAt: context.now(), changedBy: callerArn(context), reason: String(input['reason']) };
  stage[input['transitionType'] === 'Inbound' ? 'inbound' : 'outbound'] = change;
  return {};
}

/** Who waits at the door enters. */
export function enableStageTransition(input: Mapping, context: Context): Mapping {
  const more = { stageName: nameConstraint, transitionType: transitions };
  const pipeline = findPipeline(input, context, 'pipelineName', more);
  const stage = findStage(pipeline, input);
  const change = { changedAt: context.now(), changedBy: callerArn(context) };
  stage[input['transitionType'] === 'Inbound' ? 'inbound' : 'outbound'] = change;
  for (const one of pipeline.stages) admit(context, pipeline, one);
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
  const action = approvalOf(findStage(pipeline, input), pipeline, input);
  if (action.status !== 'InProgress')
    throw new ServiceError(
      'ApprovalAlreadyCompletedException',
      'The approval action has already been approved or rejected.',
    );
  const { status, summary } = mapping(input['result']);
  const message = String(summary ?? '');
  if (status === 'Approved') finish(context, action, { status: 'Succeeded', summary: message });
  else finish(context, action, { status: 'Failed', code: 'JobFailed', message });
  return { approvedAt: new Date(context.now()) };
}

/** Executions side by side wait with a token each. */
function approvalOf(stage: Stage, { executions }: Pipeline, { actionName, token }: Mapping): ActionRun {
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
