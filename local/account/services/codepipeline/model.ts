import type { Mapping } from '../../../json.ts';
import type { StandInContext } from '../../emulated-service.ts';
import type { ActionDeclaration, ExecutionMode, PipelineDeclaration } from './declaration.ts';

/** Where an artifact lies in S3. */
export interface Place {
  readonly bucket: string;
  readonly key: string;
}

/** How an action ends that no function of the template answers. */
export type Outcome =
  | {
      readonly status: 'Succeeded';
      readonly summary?: string;
      readonly outputVariables?: Readonly<Record<string, string>>;
    }
  /** `code` is JobFailed unless told. */
  | { readonly status: 'Failed'; readonly message: string; readonly code?: string }
  /** Goes on until `finishers` is told how it ends. */
  | { readonly status: 'InProgress' };

export interface PipelinesState {
  readonly pipelines: Map<string, Pipeline>;
  readonly jobs: Map<string, Job>;
  /** By `pipeline/stage/action`; what is not here succeeds at once, but for manual approvals. */
  readonly outcomes: Map<string, Outcome>;
  /** Ends an action that is in progress, by `pipeline/stage/action`. */
  readonly finishers: Map<string, (outcome: Outcome) => Promise<void>>;
  /** Where an output artifact lies, by `pipeline/artifact`; elsewhere one is made up. */
  readonly artifacts: Map<string, Place>;
  /** So many of the next retries are refused with ConflictException. */
  conflicts: number;
  /** Leaves `execution-result` out of action events: AWS shows it for providers other than Lambda only. */
  bareEvents: boolean;
  /** Events that have happened and are still to be published, in their order. */
  readonly outbox: Mapping[];
  /** Settles when the last publication has. */
  publishing: Promise<void>;
}

export type Context = StandInContext<PipelinesState>;

export interface Pipeline {
  declaration: PipelineDeclaration;
  readonly arn: string;
  readonly created: number;
  updated: number;
  readonly tags: Map<string, string>;
  /** In the declaration's order. */
  stages: readonly Stage[];
  /** The oldest first. */
  readonly executions: Execution[];
}

export interface Transition {
  readonly reason?: string;
  readonly changedAt: number;
  readonly changedBy: string;
}

export interface Stage {
  readonly name: string;
  /** Absent while nobody has ever changed it; enabled without a reason. */
  inbound?: Transition;
  outbound?: Transition;
  /** Executions at the door, the oldest first. */
  readonly waiting: Execution[];
  /** What has locked the stage. */
  holder?: StageRun | undefined;
  latest?: StageRun;
  /** The latest run of each action by whichever execution: AWS shows older ones beside newer ones. */
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
  /** From 1; a retried stage counts one more. */
  attempt: number;
  readonly variables: ReadonlyMap<string, string>;
  readonly startedBy: string;
  stopReason?: string;
  /** By stage. */
  readonly runs: Map<string, StageRun>;
  /** By name. */
  readonly artifacts: Map<string, Place>;
  /** By namespace. */
  readonly outputVariables: Map<string, Readonly<Record<string, string>>>;
  /** Every run of every action, the oldest first. */
  readonly history: ActionRun[];
}

export interface StageRun {
  readonly stage: Stage;
  readonly execution: Execution;
  status: 'InProgress' | 'Succeeded' | 'Failed' | 'Stopping' | 'Stopped' | 'Cancelled';
  readonly startedAt: number;
  /** The runOrder it has got to. */
  order: number;
  /** The latest run of each action that this execution has begun. */
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
  /** With its variables resolved. */
  configuration: Readonly<Record<string, string>>;
  summary?: string;
  externalId?: string;
  percent?: number;
  error?: { readonly code: string; readonly message: string };
  outputVariables?: Readonly<Record<string, string>>;
  /** Of a manual approval. */
  token?: string;
  job?: Job;
  /** What is put off for it. */
  readonly timers: Set<() => void>;
}

export interface Job {
  readonly id: string;
  readonly action: ActionRun;
  /** False once it was answered, or is too late to be. */
  open: boolean;
  /** Calls off what happens when no answer comes. */
  callOff: () => void;
}

/** How an action ended. */
export type Result =
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

/** Ends an action, and lets its stage go on from there. */
export type Finish = (context: Context, action: ActionRun, result: Result) => void;

export function createPipelinesState(): PipelinesState {
  return {
    pipelines: new Map(),
    jobs: new Map(),
    outcomes: new Map(),
    finishers: new Map(),
    artifacts: new Map(),
    conflicts: 0,
    bareEvents: false,
    outbox: [],
    publishing: Promise.resolve(),
  };
}

/** Whether its result is still to come. */
export const isGoing = ({ status }: { readonly status: string }): boolean =>
  status === 'InProgress' || status === 'Stopping';

/** `pipeline/stage/action`. */
export function pathOf({ declaration, run }: ActionRun): string {
  return `${run.execution.pipeline.declaration.name}/${run.stage.name}/${declaration.name}`;
}
