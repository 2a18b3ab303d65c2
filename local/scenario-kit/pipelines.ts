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
import type { Outcome } from '../account/services/codepipeline/model.ts';
import type { World } from '../pack/world.ts';
import { emulatedState } from './emulated-state.ts';
import { declarationOf, type PipelineSeed } from './pipeline-seed.ts';

// Building blocks for scenarios: pipelines as an account has them, and what people do with them by hand.

export type { Outcome } from '../account/services/codepipeline/model.ts';
export type { ActionSeed, PipelineSeed } from './pipeline-seed.ts';

/** @returns its ARN */
export async function createPipeline(world: World, seed: PipelineSeed): Promise<string> {
  const tags = Object.entries(seed.tags ?? {}).map(([key, value]) => ({ key, value }));
  await client(world).send(new CreatePipelineCommand({ pipeline: declarationOf(world, seed), tags }));
  return `arn:aws:codepipeline:${world.region}:${world.accountId}:${seed.name}`;
}

/** Edits a pipeline's structure: a new version, for which everything under way is cancelled. */
export async function changePipeline(world: World, seed: PipelineSeed): Promise<void> {
  await client(world).send(new UpdatePipelineCommand({ pipeline: declarationOf(world, seed) }));
}

/** Saves a pipeline as it is: a new version all the same. */
export async function savePipeline(world: World, name: string): Promise<void> {
  const { pipeline } = await client(world).send(new GetPipelineCommand({ name }));
  await client(world).send(new UpdatePipelineCommand({ pipeline }));
}

/** Starts an execution; `world.settle()` or `world.advance()` takes it further. @returns its id */
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

/** Without `abandon` it lets the actions end that are in progress. */
export async function stopPipeline(
  world: World,
  name: string,
  pipelineExecutionId: string,
  { abandon = false }: { readonly abandon?: boolean } = {},
): Promise<void> {
  const command = { pipelineName: name, pipelineExecutionId, abandon };
  await client(world).send(new StopPipelineExecutionCommand(command));
}

/** What somebody's click on "Retry" does. Throws what CodePipeline answers when there is nothing to retry. */
export async function retryByHand(
  world: World,
  name: string,
  stageName: string,
  retryMode: StageRetryMode = 'FAILED_ACTIONS',
): Promise<void> {
  const latest = (await stageOf(world, name, stageName)).latestExecution;
  const pipelineExecutionId = latest?.pipelineExecutionId;
  const command = { pipelineName: name, stageName, pipelineExecutionId, retryMode };
  await client(world).send(new RetryStageExecutionCommand(command));
}

/** Nothing enters the stage any more. `reason` has letters, digits and ! @ ( ) . * ? - alone. */
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

/** Answers the manual approval that waits at `pipeline/stage/action`. */
export async function decide(
  world: World,
  path: string,
  status: 'Approved' | 'Rejected',
  summary = '',
): Promise<void> {
  const [pipelineName = '', stageName = '', actionName = ''] = path.split('/');
  const { actionStates = [] } = await stageOf(world, pipelineName, stageName);
  const waiting = actionStates.find((action) => action.actionName === actionName)?.latestExecution;
  const result = { status, summary };
  const command = { pipelineName, stageName, actionName, token: waiting?.token, result };
  await client(world).send(new PutApprovalResultCommand(command));
}

/** Says how the action `pipeline/stage/action` ends from now on: at once, or by `finishAction`. */
export function setOutcome(world: World, path: string, outcome: Outcome): void {
  emulatedState(world, 'codepipeline').outcomes.set(path, outcome);
}

/** Ends an action that is in progress. */
export async function finishAction(world: World, path: string, outcome: Outcome): Promise<void> {
  const finish = emulatedState(world, 'codepipeline').finishers.get(path);
  if (!finish) throw new Error(`No action ${path} is in progress`);
  await finish(outcome);
}

/** Says where a pipeline's artifact lies in S3. */
export function placeArtifact(
  world: World,
  name: string,
  artifact: string,
  place: { readonly bucket: string; readonly key: string },
): void {
  emulatedState(world, 'codepipeline').artifacts.set(`${name}/${artifact}`, place);
}

export interface StageSummary {
  readonly stage: string;
  /** `new` when nothing has entered it. */
  readonly status: string;
  /** Retries of its latest execution. */
  readonly retries: number;
  /** Executions at its door. */
  readonly waiting: number;
  /** Why nothing may enter. */
  readonly closed?: string;
  /** By action: the status, and after a colon what it says. */
  readonly actions: Readonly<Record<string, string>>;
}

/** The stages behind the source, as GetPipelineState shows them, without ids and times. */
export async function pipelineState(world: World, name: string): Promise<StageSummary[]> {
  return (await stagesOf(world, name)).slice(1).map(summarise);
}

function summarise(state: StageState): StageSummary {
  const { actionStates = [], inboundExecutions = [], inboundTransitionState, latestExecution } = state;
  const { disabledReason } = inboundTransitionState ?? {};
  const actions = actionStates.map(({ actionName = '', latestExecution: run }) => {
    const said = run?.errorDetails ? `${run.errorDetails.code}: ${run.errorDetails.message}` : run?.summary;
    return [actionName, [run?.status ?? 'new', ...(said ? [steady(said)] : [])].join(': ')] as const;
  });
  return {
    stage: state.stageName ?? '',
    status: latestExecution?.status ?? 'new',
    retries: state.retryStageMetadata?.manualStageRetryAttempt ?? 0,
    waiting: inboundExecutions.length,
    ...(disabledReason !== undefined && { closed: disabledReason }),
    actions: Object.fromEntries(actions),
  };
}

/** What differs from run to run, by a name. */
function steady(text: string): string {
  return text
    .replaceAll(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, '(id)')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z/g, '(time)');
}

/** How each execution stands, the oldest first. */
export async function executions(world: World, pipelineName: string): Promise<string[]> {
  const command = new ListPipelineExecutionsCommand({ pipelineName });
  const { pipelineExecutionSummaries = [] } = await client(world).send(command);
  return pipelineExecutionSummaries.map(({ status }) => status ?? '').reverse();
}

async function stageOf(world: World, name: string, stageName: string): Promise<StageState> {
  const found = (await stagesOf(world, name)).find((stage) => stage.stageName === stageName);
  if (found) return found;
  throw new Error(`The pipeline ${name} has no stage ${stageName}`);
}

async function stagesOf(world: World, name: string): Promise<StageState[]> {
  const { stageStates = [] } = await client(world).send(new GetPipelineStateCommand({ name }));
  return stageStates;
}

const client = (world: World): CodePipelineClient => world.client(CodePipelineClient);
