import { randomUUID } from 'node:crypto';
import { runAction, startAction } from './actions.ts';
import type { ActionDeclaration } from './declaration.ts';
import { emitActionEvent, emitPipelineEvent, emitStageEvent } from './events.ts';
import { closeJob } from './jobs.ts';
import {
  type ActionResult,
  type ActionRun,
  actionPath,
  type Context,
  type Execution,
  type ExecutionStatus,
  isInProgress,
  type Pipeline,
  type Stage,
  type StageRun,
} from './model.ts';

/** Starts an execution and runs it as far as possible. */
export function startExecution(
  context: Context,
  pipeline: Pipeline,
  variables: ReadonlyMap<string, string>,
  startedBy: string,
): Execution {
  const now = context.now();
  const execution: Execution = {
    id: randomUUID(),
    pipeline,
    version: pipeline.declaration.version,
    mode: pipeline.declaration.mode,
    status: 'InProgress',
    startedAt: now,
    updatedAt: now,
    attempt: 1,
    variables,
    startedBy,
    runs: new Map(),
    artifacts: new Map(),
    outputVariables: new Map(),
    history: [],
  };
  pipeline.executions.push(execution);
  emitPipelineEvent(context, execution, 'STARTED');
  arriveAtStage(context, execution, pipeline.stages[0]);
  return execution;
}

/** Queues an execution for a stage. In SUPERSEDED mode it replaces an execution that waits there. */
function arriveAtStage(context: Context, execution: Execution, stage: Stage | undefined): void {
  if (!stage) {
    endExecution(context, execution, 'Succeeded');
    return;
  }
  if (execution.mode === 'SUPERSEDED') {
    for (const older of stage.waiting.splice(0)) endExecution(context, older, 'Superseded');
  }
  stage.waiting.push(execution);
  admitWaiting(context, execution.pipeline, stage);
}

/** Lets waiting executions enter if the stage is free and its transition is enabled. */
export function admitWaiting(context: Context, pipeline: Pipeline, stage: Stage): void {
  for (let next = stage.waiting[0]; next && canEnter(pipeline, stage, next); next = stage.waiting[0]) {
    stage.waiting.shift();
    enterStage(context, next, stage);
  }
}

function canEnter({ stages }: Pipeline, stage: Stage, { mode }: Execution): boolean {
  const before = stages[stages.indexOf(stage) - 1];
  const isEnabled = stage.inbound?.reason === undefined && before?.outbound?.reason === undefined;
  return isEnabled && (stage.lockedBy === undefined || mode === 'PARALLEL');
}

function enterStage(context: Context, execution: Execution, stage: Stage): void {
  const run: StageRun = {
    stage,
    execution,
    status: 'InProgress',
    startedAt: context.now(),
    runOrder: 0,
    actions: new Map(),
    retries: 0,
  };
  execution.runs.set(stage.name, run);
  lockStage(run);
  emitStageEvent(context, run, 'STARTED');
  startNextActions(context, run);
}

function lockStage(run: StageRun): void {
  run.stage.latest = run;
  if (run.execution.mode !== 'PARALLEL') run.stage.lockedBy = run;
}

/** Starts the next group of actions, or completes the stage. */
function startNextActions(context: Context, run: StageRun): void {
  const orders = actionsOf(run).map(({ runOrder }) => runOrder);
  const later = orders.filter((order) => order > run.runOrder);
  if (later.length === 0) {
    completeStage(context, run);
  } else {
    run.runOrder = Math.min(...later);
    startActions(context, run, currentGroup(run));
  }
}

/** Starts all actions of a group before one of them can end. */
function startActions(context: Context, run: StageRun, declarations: readonly ActionDeclaration[]): void {
  const started = declarations.map((declaration) => startAction(context, run, declaration));
  for (const action of started) runAction(context, action, finishAction);
}

function actionsOf({ execution, stage }: StageRun): readonly ActionDeclaration[] {
  return execution.pipeline.declaration.stages.find(({ name }) => name === stage.name)?.actions ?? [];
}

const currentGroup = (run: StageRun): readonly ActionDeclaration[] =>
  actionsOf(run).filter(({ runOrder }) => runOrder === run.runOrder);

/** Ends an action and continues its stage. */
export function finishAction(context: Context, action: ActionRun, result: ActionResult): void {
  cancelPendingWork(context, action);
  action.status = result.status;
  if (result.externalId !== undefined) action.externalId = result.externalId;
  if (result.status === 'Failed') {
    action.error = { code: result.code, message: result.message };
    action.summary = result.message.slice(0, 2048);
  } else {
    storeSuccess(action, result);
  }
  emitActionEvent(context, action, result.status === 'Failed' ? 'FAILED' : 'SUCCEEDED');
  completeGroup(context, action.run);
}

function storeSuccess(action: ActionRun, result: Extract<ActionResult, { status: 'Succeeded' }>): void {
  const { declaration, run } = action;
  if (result.summary !== undefined) action.summary = result.summary;
  if (result.percent !== undefined) action.percent = result.percent;
  if (result.outputVariables === undefined) return;
  action.outputVariables = result.outputVariables;
  if (declaration.namespace !== undefined)
    run.execution.outputVariables.set(declaration.namespace, result.outputVariables);
}

/** Cancels all delayed work of an action. */
function cancelPendingWork(context: Context, action: ActionRun): void {
  action.changedAt = context.now();
  for (const cancel of action.timers) cancel();
  action.timers.clear();
  closeJob(action);
  context.state.finishers.delete(actionPath(action));
}

/** If an action fails, the other actions of its group still run to their end. */
function completeGroup(context: Context, run: StageRun): void {
  const group = currentGroup(run).map(({ name }) => run.actions.get(name));
  if (group.some((action) => action?.status === 'InProgress')) return;
  if (run.execution.status === 'Stopping') endStage(context, run, 'Stopped');
  else if (group.some((action) => action?.status !== 'Succeeded')) endStage(context, run, 'Failed');
  else startNextActions(context, run);
}

function completeStage(context: Context, run: StageRun): void {
  const { execution, stage } = run;
  const { stages } = execution.pipeline;
  run.status = 'Succeeded';
  emitStageEvent(context, run, 'SUCCEEDED');
  arriveAtStage(context, execution, stages[stages.indexOf(stage) + 1]);
  unlockStage(context, run);
}

/** After a failure the stage is free for the next execution. */
function endStage(context: Context, run: StageRun, status: 'Failed' | 'Stopped' | 'Cancelled'): void {
  run.status = status;
  emitStageEvent(context, run, eventStates[status]);
  endExecution(context, run.execution, status);
  unlockStage(context, run);
}

function unlockStage(context: Context, run: StageRun): void {
  const { execution, stage } = run;
  if (stage.lockedBy === run) stage.lockedBy = undefined;
  admitWaiting(context, execution.pipeline, stage);
}

const eventStates = {
  Succeeded: 'SUCCEEDED',
  Failed: 'FAILED',
  Superseded: 'SUPERSEDED',
  Stopped: 'STOPPED',
  Cancelled: 'CANCELED',
} as const;

function endExecution(
  context: Context,
  execution: Execution,
  status: Extract<ExecutionStatus, keyof typeof eventStates>,
): void {
  execution.status = status;
  execution.updatedAt = context.now();
  emitPipelineEvent(context, execution, eventStates[status]);
}

/** Ends an execution from outside. Its actions are abandoned, or cancelled if the structure changes. */
export function abortExecution(
  context: Context,
  execution: Execution,
  status: 'Stopped' | 'Cancelled',
): void {
  for (const { waiting } of execution.pipeline.stages) {
    const place = waiting.indexOf(execution);
    if (place >= 0) waiting.splice(place, 1);
  }
  const run = [...execution.runs.values()].find(isInProgress);
  if (!run) {
    endExecution(context, execution, status);
    return;
  }
  for (const action of run.actions.values()) {
    if (action.status !== 'InProgress') continue;
    cancelPendingWork(context, action);
    action.status = 'Abandoned';
    emitActionEvent(context, action, status === 'Stopped' ? 'ABANDONED' : 'CANCELED');
  }
  endStage(context, run, status);
}

/** Resumes a failed or stopped stage. */
export function resumeStage(context: Context, run: StageRun, mode: 'FAILED_ACTIONS' | 'ALL_ACTIONS'): void {
  const { execution } = run;
  execution.status = 'InProgress';
  execution.attempt += 1;
  execution.updatedAt = context.now();
  run.status = 'InProgress';
  run.retries += 1;
  run.retriedAt = context.now();
  lockStage(run);
  emitPipelineEvent(context, execution, 'RESUMED');
  emitStageEvent(context, run, 'RESUMED');
  if (mode === 'ALL_ACTIONS') {
    run.actions.clear();
    run.runOrder = 0;
  }
  const again = currentGroup(run).filter(({ name }) => run.actions.get(name)?.status !== 'Succeeded');
  if (again.length === 0) startNextActions(context, run);
  else startActions(context, run, again);
}
