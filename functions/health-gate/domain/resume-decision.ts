import {
  attemptsMade,
  formatAttempts,
  type HoldLimits,
  type HoldRecord,
  isTooOld,
  tooOldReason,
} from './hold-record.ts';
import { hasTag, RESUME_TAG } from './pipeline-tags.ts';
import { parseMarker } from './stop-marker.ts';

/** The pipeline and the execution as CodePipeline shows them. An undefined one no longer exists. */
export interface PipelineSnapshot {
  readonly pipeline?: PipelineState | undefined;
  readonly execution?: ExecutionState | undefined;
}

export interface PipelineState {
  readonly version: number;
  /** The hold's stage, if the pipeline still has it. */
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
  /** Its external id, error message and summary. */
  readonly texts: readonly string[];
}

export interface ExecutionState {
  readonly status: string;
  readonly mode: string;
  readonly type: string;
  readonly version: number;
}

/** What to do with a held deployment that is due. */
export type ResumeDecision =
  | { readonly kind: 'retry' }
  /** It continued already: through our own claim, or because a person retried it. */
  | { readonly kind: 'continued' }
  | { readonly kind: 'postpone'; readonly reason: string }
  | { readonly kind: 'drop'; readonly reason: string }
  | { readonly kind: 'abandon'; readonly reason: string };

/**
 * Retries only if the stage still belongs to this execution and only gates have failed in it. Drops what people have
 * changed themselves. Abandons, with a mail, what people may still expect to resume.
 */
export function decideResume(
  hold: HoldRecord,
  snapshot: PipelineSnapshot,
  limits: HoldLimits,
  now: number,
): ResumeDecision {
  const { execution, pipeline } = snapshot;
  if (!pipeline || !execution) return drop('the pipeline or its execution no longer exists');
  if (!pipeline.stage) return drop('the stage no longer exists');
  if (pipeline.stage.executionId !== hold.executionId) return decideWithoutStage(execution);
  const decided = decideByStageStatus(pipeline.stage);
  if (decided) return decided;
  if (isStopped(execution.status)) return drop('stopped');
  if (pipeline.version !== hold.pipelineVersion) return drop('the pipeline was edited');
  return applyLimits(hold, decideByActions(hold, pipeline.stage), { limits, now });
}

/** Whether the stage stays failed until it is retried. */
export function isStageFailing(execution: ExecutionState | undefined): boolean {
  return execution?.status === 'InProgress' || execution?.status === 'Failed';
}

/** Why a deployment that a gate has stopped is not held. @returns undefined if it is held */
export function notHeldReason(
  tags: ReadonlyMap<string, string>,
  execution: ExecutionState | undefined,
): string | undefined {
  if (!execution) return 'the execution no longer exists';
  if (!hasTag(tags, RESUME_TAG)) return `the pipeline is not tagged ${RESUME_TAG}=true`;
  // With parallel executions, CodePipeline does not report which execution a stage belongs to.
  if (execution.mode === 'PARALLEL') return 'the pipeline runs executions in parallel';
  if (execution.type === 'ROLLBACK') return 'it is a rollback';
  if (isStageFailing(execution)) return undefined;
  return `the execution is ${execution.status.toLowerCase()}`;
}

/**
 * Failed actions that are not known to be gates. GetPipelineState shows the latest run of each action. If this
 * execution has not reached an action yet, that run belongs to an older execution.
 */
export function foreignFailures(hold: HoldRecord, { pipeline }: PipelineSnapshot): readonly ActionState[] {
  return failedActions(pipeline?.stage).filter((action) => !isRecorded(hold, action));
}

/** Removes foreign failures that do not belong to this execution's own runs. */
export function withoutForeignFailures(
  hold: HoldRecord,
  snapshot: PipelineSnapshot,
  ownRuns: ReadonlySet<string>,
): PipelineSnapshot {
  const { pipeline } = snapshot;
  if (!pipeline?.stage) return snapshot;
  const { stage } = pipeline;
  const others = foreignFailures(hold, snapshot).filter(({ executionId }) => !ownRuns.has(executionId));
  const actions = stage.actions.filter((action) => !others.includes(action));
  return { ...snapshot, pipeline: { ...pipeline, stage: { ...stage, actions } } };
}

/** The stage holds another execution, or none yet. */
function decideWithoutStage({ status }: ExecutionState): ResumeDecision {
  if (status === 'InProgress' || status === 'Succeeded') return { kind: 'continued' };
  return drop(isStopped(status) ? 'stopped' : 'superseded by a newer execution');
}

function decideByStageStatus({ status, type }: StageState): ResumeDecision | undefined {
  if (status === 'Succeeded' || status === 'Skipped') return { kind: 'continued' };
  if (isStopped(status)) return drop('stopped');
  if (status === 'Cancelled') return drop('the pipeline was edited');
  return type === 'ROLLBACK' ? drop('it is a rollback') : undefined;
}

function isStopped(status: string): boolean {
  return status === 'Stopped' || status === 'Stopping';
}

function decideByActions(hold: HoldRecord, stage: StageState): ResumeDecision {
  const failed = failedActions(stage);
  // The runs that the gate stopped were repeated, so whatever fails now is new.
  if (!failed.some((action) => isRecorded(hold, action))) return { kind: 'continued' };
  const others = failed.filter((action) => !isRecorded(hold, action));
  const another = others.find(({ texts }) => !parseMarker(...texts));
  if (another) return { kind: 'abandon', reason: `the action ${another.name} failed too` };
  if (others[0]) return postpone(`the event of the gate ${others[0].name}`);
  if (stage.status === 'InProgress') return postpone('other actions of the stage, which still run');
  if (!stage.isInboundEnabled) return postpone('the transition into the stage, which is disabled');
  return { kind: 'retry' };
}

function applyLimits(
  hold: HoldRecord,
  decision: ResumeDecision,
  { limits, now }: { readonly limits: HoldLimits; readonly now: number },
): ResumeDecision {
  if (decision.kind !== 'retry' && decision.kind !== 'postpone') return decision;
  if (isTooOld(hold, limits, now)) return { kind: 'abandon', reason: tooOldReason(limits) };
  const attempts = attemptsMade(hold);
  return attempts >= limits.maxAttempts
    ? { kind: 'abandon', reason: `stopped again after ${formatAttempts(attempts)}` }
    : decision;
}

function failedActions(stage: StageState | undefined): readonly ActionState[] {
  return (stage?.actions ?? []).filter(({ status }) => status === 'Failed');
}

/** Compares the run's id and the job in the marker: AWS sometimes leaves one of them out. */
function isRecorded({ actions }: HoldRecord, { executionId, texts }: ActionState): boolean {
  const jobId = parseMarker(...texts)?.jobId;
  return actions.some((one) => one.actionExecutionId === executionId || one.jobId === jobId);
}

function drop(reason: string): ResumeDecision {
  return { kind: 'drop', reason };
}

function postpone(reason: string): ResumeDecision {
  return { kind: 'postpone', reason };
}
