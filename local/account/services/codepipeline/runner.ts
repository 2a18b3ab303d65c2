import { randomUUID } from 'node:crypto';
import type { ActionDeclaration } from './declaration.ts';
import { tellAction, tellPipeline, tellStage } from './events.ts';
import { closeJob } from './jobs.ts';
import { beginAction, launch } from './launch.ts';
import {
  type ActionRun,
  type Context,
  type Execution,
  type ExecutionStatus,
  isGoing,
  type Pipeline,
  pathOf,
  type Result,
  type Stage,
  type StageRun,
} from './model.ts';

/** Starts an execution and takes it as far as it comes. */
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
  tellPipeline(context, execution, 'STARTED');
  arrive(context, execution, pipeline.stages[0]);
  return execution;
}

/** Comes to a stage's door, where a newer execution takes the place of one that waits. */
function arrive(context: Context, execution: Execution, stage: Stage | undefined): void {
  if (!stage) {
    endExecution(context, execution, 'Succeeded');
    return;
  }
  if (execution.mode === 'SUPERSEDED') {
    for (const older of stage.waiting.splice(0)) endExecution(context, older, 'Superseded');
  }
  stage.waiting.push(execution);
  admit(context, execution.pipeline, stage);
}

/** Lets in who waits at the door, as far as the stage is free and the way to it open. */
export function admit(context: Context, pipeline: Pipeline, stage: Stage): void {
  for (let next = stage.waiting[0]; next && isFree(pipeline, stage, next); next = stage.waiting[0]) {
    stage.waiting.shift();
    enter(context, next, stage);
  }
}

function isFree({ stages }: Pipeline, stage: Stage, { mode }: Execution): boolean {
  const before = stages[stages.indexOf(stage) - 1];
  const isOpen = stage.inbound?.reason === undefined && before?.outbound?.reason === undefined;
  return isOpen && (stage.holder === undefined || mode === 'PARALLEL');
}

function enter(context: Context, execution: Execution, stage: Stage): void {
  const run: StageRun = {
    stage,
    execution,
    status: 'InProgress',
    startedAt: context.now(),
    order: 0,
    actions: new Map(),
    retries: 0,
  };
  execution.runs.set(stage.name, run);
  hold(run);
  tellStage(context, run, 'STARTED');
  goOn(context, run);
}

function hold(run: StageRun): void {
  run.stage.latest = run;
  if (run.execution.mode !== 'PARALLEL') run.stage.holder = run;
}

/** Starts the actions that come next, or leaves the stage behind. */
function goOn(context: Context, run: StageRun): void {
  const orders = actionsOf(run).map(({ runOrder }) => runOrder);
  const later = orders.filter((order) => order > run.order);
  if (later.length === 0) {
    completeStage(context, run);
  } else {
    run.order = Math.min(...later);
    startActions(context, run, groupOf(run));
  }
}

/** All of a group have begun before one of them can end. */
function startActions(context: Context, run: StageRun, declarations: readonly ActionDeclaration[]): void {
  const begun = declarations.map((declaration) => beginAction(context, run, declaration));
  for (const action of begun) launch(context, action, finish);
}

function actionsOf({ execution, stage }: StageRun): readonly ActionDeclaration[] {
  return execution.pipeline.declaration.stages.find(({ name }) => name === stage.name)?.actions ?? [];
}

const groupOf = (run: StageRun): readonly ActionDeclaration[] =>
  actionsOf(run).filter(({ runOrder }) => runOrder === run.order);

/** Ends an action, and lets its stage go on from there. */
export function finish(context: Context, action: ActionRun, result: Result): void {
  release(context, action);
  action.status = result.status;
  if (result.externalId !== undefined) action.externalId = result.externalId;
  if (result.status === 'Failed') {
    action.error = { code: result.code, message: result.message };
    action.summary = result.message.slice(0, 2048);
  } else {
    keepSuccess(action, result);
  }
  tellAction(context, action, result.status === 'Failed' ? 'FAILED' : 'SUCCEEDED');
  settleGroup(context, action.run);
}

function keepSuccess(action: ActionRun, result: Extract<Result, { status: 'Succeeded' }>): void {
  const { declaration, run } = action;
  if (result.summary !== undefined) action.summary = result.summary;
  if (result.percent !== undefined) action.percent = result.percent;
  if (result.outputVariables === undefined) return;
  action.outputVariables = result.outputVariables;
  if (declaration.namespace !== undefined)
    run.execution.outputVariables.set(declaration.namespace, result.outputVariables);
}

/** Nothing more comes of what was put off for an action. */
function release(context: Context, action: ActionRun): void {
  action.changedAt = context.now();
  for (const callOff of action.timers) callOff();
  action.timers.clear();
  closeJob(action);
  context.state.finishers.delete(pathOf(action));
}

/** A failed action lets the others of its group come to their ends. */
function settleGroup(context: Context, run: StageRun): void {
  const group = groupOf(run).map(({ name }) => run.actions.get(name));
  if (group.some((action) => action?.status === 'InProgress')) return;
  if (run.execution.status === 'Stopping') leaveStage(context, run, 'Stopped');
  else if (group.some((action) => action?.status !== 'Succeeded')) leaveStage(context, run, 'Failed');
  else goOn(context, run);
}

function completeStage(context: Context, run: StageRun): void {
  const { execution, stage } = run;
  const { stages } = execution.pipeline;
  run.status = 'Succeeded';
  tellStage(context, run, 'SUCCEEDED');
  arrive(context, execution, stages[stages.indexOf(stage) + 1]);
  unlock(context, run);
}

const stageWords = { Failed: 'FAILED', Stopped: 'STOPPED', Cancelled: 'CANCELED' } as const;

/** A stage that failed is free for the next execution. */
function leaveStage(context: Context, run: StageRun, status: keyof typeof stageWords): void {
  run.status = status;
  tellStage(context, run, stageWords[status]);
  endExecution(context, run.execution, status);
  unlock(context, run);
}

function unlock(context: Context, run: StageRun): void {
  const { execution, stage } = run;
  if (stage.holder === run) stage.holder = undefined;
  admit(context, execution.pipeline, stage);
}

const words = {
  Succeeded: 'SUCCEEDED',
  Failed: 'FAILED',
  Superseded: 'SUPERSEDED',
  Stopped: 'STOPPED',
  Cancelled: 'CANCELED',
} as const;

function endExecution(
  context: Context,
  execution: Execution,
  status: Extract<ExecutionStatus, keyof typeof words>,
): void {
  execution.status = status;
  execution.updatedAt = context.now();
  tellPipeline(context, execution, words[status]);
}

/** Ends an execution from outside: its actions are abandoned, or cancelled because the structure changes. */
export function breakOff(context: Context, execution: Execution, status: 'Stopped' | 'Cancelled'): void {
  for (const { waiting } of execution.pipeline.stages) {
    const place = waiting.indexOf(execution);
    if (place >= 0) waiting.splice(place, 1);
  }
  const run = [...execution.runs.values()].find(isGoing);
  if (!run) {
    endExecution(context, execution, status);
    return;
  }
  for (const action of run.actions.values()) {
    if (action.status !== 'InProgress') continue;
    release(context, action);
    action.status = 'Abandoned';
    tellAction(context, action, status === 'Stopped' ? 'ABANDONED' : 'CANCELED');
  }
  leaveStage(context, run, status);
}

/** Takes a failed or stopped stage up again. */
export function resume(context: Context, run: StageRun, mode: 'FAILED_ACTIONS' | 'ALL_ACTIONS'): void {
  const { execution } = run;
  execution.status = 'InProgress';
  execution.attempt += 1;
  execution.updatedAt = context.now();
  run.status = 'InProgress';
  run.retries += 1;
  run.retriedAt = context.now();
  hold(run);
  tellPipeline(context, execution, 'RESUMED');
  tellStage(context, run, 'RESUMED');
  if (mode === 'ALL_ACTIONS') {
    run.actions.clear();
    run.order = 0;
  }
  const again = groupOf(run).filter(({ name }) => run.actions.get(name)?.status !== 'Succeeded');
  if (again.length === 0) goOn(context, run);
  else startActions(context, run, again);
}
