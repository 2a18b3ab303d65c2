import {
  CodePipelineClient,
  CreatePipelineCommand,
  DisableStageTransitionCommand,
  EnableStageTransitionCommand,
  GetPipelineCommand,
  GetPipelineStateCommand,
  ListPipelineExecutionsCommand,
  PutApprovalResultCommand,
  RetryStageExecutionCommand,
  type StageRetryMode,
  type StageState,
  StartPipelineExecutionCommand,
  StopPipelineExecutionCommand,
  UpdatePipelineCommand,
} from '@aws-sdk/client-codepipeline';
import type { ActionOutcome } from '../account/services/codepipeline/model.ts';
import { emulatedState } from './emulated-state.ts';
import { type PipelineInput, toDeclaration } from './pipeline-declaration.ts';
import type { World } from './world.ts';

// Building blocks for scenarios: pipelines, and what people do with them in the console.

export type { ActionOutcome } from '../account/services/codepipeline/model.ts';
export type { PipelineInput } from './pipeline-declaration.ts';

/** Creates a pipeline. @returns its ARN */
export async function createPipeline(world: World, input: PipelineInput): Promise<string> {
  const tags = Object.entries(input.tags ?? {}).map(([key, value]) => ({ key, value }));
  await client(world).send(new CreatePipelineCommand({ pipeline: toDeclaration(world, input), tags }));
  return `arn:aws:codepipeline:${world.region}:${world.accountId}:${input.name}`;
}

/** Changes the structure of a pipeline. CodePipeline cancels executions in progress. */
export async function updatePipeline(world: World, input: PipelineInput): Promise<void> {
  await client(world).send(new UpdatePipelineCommand({ pipeline: toDeclaration(world, input) }));
}

/** Saves a pipeline without changes, which still creates a new version. */
export async function savePipelineUnchanged(world: World, name: string): Promise<void> {
  const { pipeline } = await client(world).send(new GetPipelineCommand({ name }));
  await client(world).send(new UpdatePipelineCommand({ pipeline }));
}

/** Starts an execution. `world.settle()` or `world.advance()` runs it further. @returns its id */
export async function startPipeline(
  world: World,
  name: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  const given = Object.entries(variables).map(([variable, value]) => ({ name: variable, value }));
  const command = new StartPipelineExecutionCommand({ name, ...(given.length > 0 && { variables: given }) });
  const { pipelineExecutionId = '' } = await client(world).send(command);
  return pipelineExecutionId;
}

/** Stops an execution. Without `abandon`, actions in progress still run to their end. */
export async function stopPipeline(
  world: World,
  name: string,
  pipelineExecutionId: string,
  { abandon = false }: { readonly abandon?: boolean } = {},
): Promise<void> {
  const command = { pipelineName: name, pipelineExecutionId, abandon };
  await client(world).send(new StopPipelineExecutionCommand(command));
}

/** Does what a click on "Retry" does. Throws the error of CodePipeline if there is nothing to retry. */
export async function retryStage(
  world: World,
  name: string,
  stageName: string,
  retryMode: StageRetryMode = 'FAILED_ACTIONS',
): Promise<void> {
  const latest = (await findStage(world, name, stageName)).latestExecution;
  const pipelineExecutionId = latest?.pipelineExecutionId;
  const command = { pipelineName: name, stageName, pipelineExecutionId, retryMode };
  await client(world).send(new RetryStageExecutionCommand(command));
}

/** Blocks entry to the stage. `reason` may contain only letters, digits, spaces and ! @ ( ) . * ? - */
export async function disableTransition(
  world: World,
  name: string,
  stageName: string,
  reason: string,
): Promise<void> {
  const command = { pipelineName: name, stageName, transitionType: 'Inbound' as const, reason };
  await client(world).send(new DisableStageTransitionCommand(command));
}

export async function enableTransition(world: World, name: string, stageName: string): Promise<void> {
  const command = { pipelineName: name, stageName, transitionType: 'Inbound' as const };
  await client(world).send(new EnableStageTransitionCommand(command));
}

/** Answers the manual approval at `pipeline/stage/action`. */
export async function answerApproval(
  world: World,
  path: string,
  status: 'Approved' | 'Rejected',
  summary = '',
): Promise<void> {
  const [pipelineName = '', stageName = '', actionName = ''] = path.split('/');
  const { actionStates = [] } = await findStage(world, pipelineName, stageName);
  const waiting = actionStates.find((action) => action.actionName === actionName)?.latestExecution;
  const result = { status, summary };
  const command = { pipelineName, stageName, actionName, token: waiting?.token, result };
  await client(world).send(new PutApprovalResultCommand(command));
}

/** Sets how the action `pipeline/stage/action` ends from now on: at once, or through `finishAction`. */
export function setActionOutcome(world: World, path: string, outcome: ActionOutcome): void {
  emulatedState(world, 'codepipeline').outcomes.set(path, outcome);
}

/** Ends an action in progress. */
export async function finishAction(world: World, path: string, outcome: ActionOutcome): Promise<void> {
  const finish = emulatedState(world, 'codepipeline').finishers.get(path);
  if (!finish) throw new Error(`No action ${path} is in progress`);
  await finish(outcome);
}

/** Sets the location of a pipeline's artifact in S3. */
export function setArtifactLocation(
  world: World,
  name: string,
  artifact: string,
  place: { readonly bucket: string; readonly key: string },
): void {
  emulatedState(world, 'codepipeline').artifacts.set(`${name}/${artifact}`, place);
}

export interface StageSummary {
  readonly stage: string;
  /** `new` if no execution has entered the stage. */
  readonly status: string;
  /** The number of retries of the latest execution. */
  readonly retries: number;
  /** The number of executions that wait to enter. */
  readonly waiting: number;
  /** Why the transition into the stage is disabled. */
  readonly disabledReason?: string;
  /** By action: the status, a colon and the summary or error. */
  readonly actions: Readonly<Record<string, string>>;
}

/** The stages after the source, as GetPipelineState returns them, without ids and times. */
export async function summarizeStages(world: World, name: string): Promise<StageSummary[]> {
  return (await listStages(world, name)).slice(1).map(summarizeStage);
}

function summarizeStage(state: StageState): StageSummary {
  const { actionStates = [], inboundExecutions = [], inboundTransitionState, latestExecution } = state;
  const { disabledReason } = inboundTransitionState ?? {};
  const actions = actionStates.map(({ actionName = '', latestExecution: run }) => {
    const message = run?.errorDetails
      ? `${run.errorDetails.code}: ${run.errorDetails.message}`
      : run?.summary;
    return [
      actionName,
      [run?.status ?? 'new', ...(message ? [maskIdsAndTimes(message)] : [])].join(': '),
    ] as const;
  });
  return {
    stage: state.stageName ?? '',
    status: latestExecution?.status ?? 'new',
    retries: state.retryStageMetadata?.manualStageRetryAttempt ?? 0,
    waiting: inboundExecutions.length,
    ...(disabledReason !== undefined && { disabledReason: disabledReason }),
    actions: Object.fromEntries(actions),
  };
}

/** Replaces ids and times, which differ in each run. */
function maskIdsAndTimes(text: string): string {
  return text
    .replaceAll(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, '(id)')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z/g, '(time)');
}

/** The status of each execution, oldest first. */
export async function listExecutionStatuses(world: World, pipelineName: string): Promise<string[]> {
  const command = new ListPipelineExecutionsCommand({ pipelineName });
  const { pipelineExecutionSummaries = [] } = await client(world).send(command);
  return pipelineExecutionSummaries.map(({ status }) => status ?? '').reverse();
}

async function findStage(world: World, name: string, stageName: string): Promise<StageState> {
  const found = (await listStages(world, name)).find((stage) => stage.stageName === stageName);
  if (found) return found;
  throw new Error(`The pipeline ${name} has no stage ${stageName}`);
}

async function listStages(world: World, name: string): Promise<StageState[]> {
  const { stageStates = [] } = await client(world).send(new GetPipelineStateCommand({ name }));
  return stageStates;
}

const client = (world: World): CodePipelineClient => world.client(CodePipelineClient);
