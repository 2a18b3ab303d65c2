import {
  attemptsMade,
  formatAttempts,
  type HoldLimits,
  type HoldRecord,
  isTooOld,
  tooOldReason,
} from './hold-record.ts';
import { parseMarker } from './stop-marker.ts';

/** The pipeline and the execution as CodePipeline shows them; what is missing is gone. */
export interface PipelineSnapshot {
  readonly pipeline?: PipelineState | undefined;
  readonly execution?: ExecutionState | undefined;
}

export interface PipelineState {
  readonly version: number;
  /** The one of the hold, if the pipeline still has it. */
  readonly stage?: StageState | undefined;
}

export interface StageState {
  readonly executionId: string;
  readonly status: string;
  readonly type: string;
  readonly isInboundEnabled: boolean;
  readonly actions: readonly ActionState[];
}

export interface ActionState {
  readonly name: string;
  readonly executionId: string;
  readonly status: string;
  /** What it left of itself: its external id, error and summary. */
  readonly texts: readonly string[];
}

export interface ExecutionState {
  readonly status: string;
  readonly mode: string;
  readonly type: string;
  readonly version: number;
}

/** What becomes of a held deployment whose time has come. */
export type ResumeDecision =
  | { readonly fate: 'retry' }
  /** It went on since: by our own claim, or by somebody's hand. */
  | { readonly fate: 'going' }
  | { readonly fate: 'later'; readonly why: string }
  | { readonly fate: 'drop'; readonly why: string }
  | { readonly fate: 'give up'; readonly why: string };

/**
 * A retry is right only while the stage belongs to this execution and has failed for no reason but the gate. What people
 * did themselves is let go; what they may still wait for in vain is given up, and they are told.
 */
export function decideResume(
  hold: HoldRecord,
  look: PipelineSnapshot,
  limits: HoldLimits,
  now: number,
): ResumeDecision {
  const { execution, pipeline } = look;
  if (!pipeline || !execution) return drop('the pipeline or its execution is gone');
  if (!pipeline.stage) return drop('the stage is gone');
  if (pipeline.stage.executionId !== hold.executionId) return fateElsewhere(execution);
  const over = fateByStatus(pipeline.stage);
  if (over) return over;
  if (execution.status === 'Stopped' || execution.status === 'Stopping') return drop('stopped');
  if (pipeline.version !== hold.pipelineVersion) return drop('the pipeline was edited');
  return withinLimits(hold, fateByActions(hold, pipeline.stage), { limits, now });
}

/** Why a deployment that a gate has stopped is not held at all; undefined when it is. */
export function notHeldReason(
  tags: ReadonlyMap<string, string>,
  execution: ExecutionState | undefined,
): string | undefined {
  if (tags.get(RESUME_TAG) !== 'true') return `the pipeline is not tagged ${RESUME_TAG}=true`;
  if (!execution) return 'the execution is gone';
  // Which execution a stage belongs to cannot be seen where many run in it at once.
  if (execution.mode === 'PARALLEL') return 'executions of the pipeline run in parallel';
  if (execution.type === 'ROLLBACK') return 'it is a rollback';
  if (execution.status === 'InProgress' || execution.status === 'Failed') return undefined;
  return `the execution is ${execution.status.toLowerCase()}`;
}

/** What a pipeline's owner opts in with. */
export const RESUME_TAG = 'groundcrew:resume';

/**
 * Failed actions that are not known to be a gate's. GetPipelineState shows of each action the latest run, and that may
 * be an older execution's where this one has not got so far: ask which runs are its own before blaming them.
 */
export function foreignFailures(hold: HoldRecord, { pipeline }: PipelineSnapshot): readonly ActionState[] {
  return failedIn(pipeline?.stage).filter((action) => !isRecorded(hold, action));
}

/** The look without those strangers that are not among the execution's own runs. */
export function withoutForeignFailures(
  hold: HoldRecord,
  look: PipelineSnapshot,
  own: ReadonlySet<string>,
): PipelineSnapshot {
  const { pipeline } = look;
  if (!pipeline?.stage) return look;
  const { stage } = pipeline;
  const others = foreignFailures(hold, look).filter(({ executionId }) => !own.has(executionId));
  const actions = stage.actions.filter((action) => !others.includes(action));
  return { ...look, pipeline: { ...pipeline, stage: { ...stage, actions } } };
}

/** Another execution is in the stage, or none yet. */
function fateElsewhere({ status }: ExecutionState): ResumeDecision {
  if (status === 'InProgress' || status === 'Succeeded') return { fate: 'going' };
  return drop(status === 'Stopped' || status === 'Stopping' ? 'stopped' : 'superseded by a newer execution');
}

function fateByStatus({ status, type }: StageState): ResumeDecision | undefined {
  if (status === 'Succeeded' || status === 'Skipped') return { fate: 'going' };
  if (status === 'Stopped' || status === 'Stopping') return drop('stopped');
  if (status === 'Cancelled') return drop('the pipeline was edited');
  return type === 'ROLLBACK' ? drop('it is a rollback') : undefined;
}

function fateByActions(hold: HoldRecord, stage: StageState): ResumeDecision {
  const failed = failedIn(stage);
  // Whatever fails now, the runs that the gate stopped have been repeated.
  if (!failed.some((action) => isRecorded(hold, action))) return { fate: 'going' };
  const others = failed.filter((action) => !isRecorded(hold, action));
  const another = others.find(({ texts }) => !parseMarker(...texts));
  if (another) return { fate: 'give up', why: `the action ${another.name} failed too` };
  if (others[0]) return later(`the event of the gate ${others[0].name}`);
  if (stage.status === 'InProgress') return later('other actions of the stage, which still run');
  if (!stage.isInboundEnabled) return later('the transition into the stage, which is disabled');
  return { fate: 'retry' };
}

function withinLimits(
  hold: HoldRecord,
  fate: ResumeDecision,
  { limits, now }: { readonly limits: HoldLimits; readonly now: number },
): ResumeDecision {
  if (fate.fate !== 'retry' && fate.fate !== 'later') return fate;
  if (isTooOld(hold, limits, now)) return { fate: 'give up', why: tooOldReason(limits) };
  const attempts = attemptsMade(hold);
  return attempts >= limits.maxAttempts
    ? { fate: 'give up', why: `stopped again after ${formatAttempts(attempts)}` }
    : fate;
}

function failedIn(stage: StageState | undefined): readonly ActionState[] {
  return (stage?.actions ?? []).filter(({ status }) => status === 'Failed');
}

/** By the run's id, or by the job in its marker: AWS leaves either out at times. */
function isRecorded({ actions }: HoldRecord, { executionId, texts }: ActionState): boolean {
  const jobId = parseMarker(...texts)?.jobId;
  return actions.some((one) => one.actionExecutionId === executionId || one.jobId === jobId);
}

function drop(why: string): ResumeDecision {
  return { fate: 'drop', why };
}

function later(why: string): ResumeDecision {
  return { fate: 'later', why };
}
