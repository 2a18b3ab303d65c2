import type { Mapping } from '../../../json.ts';
import type { ServiceContext } from '../../emulated-service.ts';
import type { ActionDeclaration, ExecutionMode, PipelineDeclaration } from './declaration.ts';

/** The location of an artifact in S3. */
export interface ArtifactLocation {
  readonly bucket: string;
  readonly key: string;
}

/** How an action ends if no function of the template performs it. */
export type ActionOutcome =
  | {
      readonly status: 'Succeeded';
      readonly summary?: string;
      readonly outputVariables?: Readonly<Record<string, string>>;
    }
  /** `code` defaults to JobFailed. */
  | { readonly status: 'Failed'; readonly message: string; readonly code?: string }
  /** Continues until a function in `finishers` ends it. */
  | { readonly status: 'InProgress' };

export interface PipelinesState {
  readonly pipelines: Map<string, Pipeline>;
  readonly jobs: Map<string, Job>;
  /** By `pipeline/stage/action`. Other actions succeed at once, except manual approvals. */
  readonly outcomes: Map<string, ActionOutcome>;
  /** Functions that end an action in progress, by `pipeline/stage/action`. */
  readonly finishers: Map<string, (outcome: ActionOutcome) => Promise<void>>;
  /** Locations of output artifacts, by `pipeline/artifact`. Others get a generated location. */
  readonly artifacts: Map<string, ArtifactLocation>;
  /** How many of the next retries fail with ConflictException. */
  conflicts: number;
  /** Omits `execution-result` from action events. AWS documents it only for providers other than Lambda. */
  omitResults: boolean;
  /** Events that are not published yet, in order. */
  readonly outbox: Mapping[];
  /** Resolves when the last publication has ended. */
  publishing: Promise<void>;
}

export type Context = ServiceContext<PipelinesState>;

export interface Pipeline {
  declaration: PipelineDeclaration;
  readonly arn: string;
  readonly created: number;
  updated: number;
  readonly tags: Map<string, string>;
  /** In the order of the declaration. */
  stages: readonly Stage[];
  /** Oldest first. */
  readonly executions: Execution[];
}

export interface Transition {
  readonly reason?: string;
  readonly changedAt: number;
  readonly changedBy: string;
}

export interface Stage {
  readonly name: string;
  /** Undefined if nobody has changed it. Enabled if it has no reason. */
  inbound?: Transition;
  outbound?: Transition;
  /** Executions that wait to enter, oldest first. */
  readonly waiting: Execution[];
  /** The run that has locked the stage. */
  lockedBy?: StageRun | undefined;
  latest?: StageRun;
  /** The latest run of each action, of any execution: AWS shows older runs next to newer ones. */
  readonly actions: Map<string, ActionRun>;
}

export type ExecutionStatus =
  | 'InProgress'
  | 'Succeeded'
  | 'Failed'
  | 'Superseded'
  | 'Stopping'
  | 'Stopped'
  | 'Cancelled';

export interface Execution {
  readonly id: string;
  readonly pipeline: Pipeline;
  readonly version: number;
  readonly mode: ExecutionMode;
  status: ExecutionStatus;
  readonly startedAt: number;
  updatedAt: number;
  /** Starts at 1. Each retry of a stage adds 1. */
  attempt: number;
  readonly variables: ReadonlyMap<string, string>;
  readonly startedBy: string;
  stopReason?: string;
  /** By stage. */
  readonly runs: Map<string, StageRun>;
  /** By name. */
  readonly artifacts: Map<string, ArtifactLocation>;
  /** By namespace. */
  readonly outputVariables: Map<string, Readonly<Record<string, string>>>;
  /** Every run of every action, oldest first. */
  readonly history: ActionRun[];
}

export interface StageRun {
  readonly stage: Stage;
  readonly execution: Execution;
  status: 'InProgress' | 'Succeeded' | 'Failed' | 'Stopping' | 'Stopped' | 'Cancelled';
  readonly startedAt: number;
  /** The runOrder that is running now. */
  runOrder: number;
  /** The latest run of each action that this execution has started. */
  readonly actions: Map<string, ActionRun>;
  retries: number;
  retriedAt?: number;
}

export interface ActionRun {
  readonly id: string;
  readonly declaration: ActionDeclaration;
  readonly run: StageRun;
  readonly startedAt: number;
  changedAt: number;
  status: 'InProgress' | 'Succeeded' | 'Failed' | 'Abandoned';
  /** The configuration with resolved variables. */
  configuration: Readonly<Record<string, string>>;
  summary?: string;
  externalId?: string;
  percent?: number;
  error?: { readonly code: string; readonly message: string };
  outputVariables?: Readonly<Record<string, string>>;
  /** The token of a manual approval. */
  token?: string;
  job?: Job;
  /** Cancel functions of the delayed work for this action. */
  readonly timers: Set<() => void>;
}

export interface Job {
  readonly id: string;
  readonly action: ActionRun;
  /** False after the result has arrived or the job has timed out. */
  isOpen: boolean;
  /** Cancels the timeout of the job. */
  cancelTimeout: () => void;
}

/** How an action has ended. */
export type ActionResult =
  | {
      readonly status: 'Succeeded';
      readonly summary?: string | undefined;
      readonly externalId?: string | undefined;
      readonly percent?: number | undefined;
      readonly outputVariables?: Readonly<Record<string, string>> | undefined;
    }
  | {
      readonly status: 'Failed';
      readonly code: string;
      readonly message: string;
      readonly externalId?: string | undefined;
    };

/** Ends an action and continues its stage. */
export type FinishAction = (context: Context, action: ActionRun, result: ActionResult) => void;

export function createPipelinesState(): PipelinesState {
  return {
    pipelines: new Map(),
    jobs: new Map(),
    outcomes: new Map(),
    finishers: new Map(),
    artifacts: new Map(),
    conflicts: 0,
    omitResults: false,
    outbox: [],
    publishing: Promise.resolve(),
  };
}

/** Whether the result is still open. */
export const isInProgress = ({ status }: { readonly status: string }): boolean =>
  status === 'InProgress' || status === 'Stopping';

/** `pipeline/stage/action`. */
export function actionPath({ declaration, run }: ActionRun): string {
  return `${run.execution.pipeline.declaration.name}/${run.stage.name}/${declaration.name}`;
}
