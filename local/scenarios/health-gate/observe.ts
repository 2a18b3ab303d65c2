import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { listExecutionStatuses, type StageSummary, summarizeStages } from '../../scenario-kit/pipelines.ts';
import type { Outcome } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';

// The outcome, without ids and times.

export interface ObservedState {
  /** By pipeline: the status of its gated stage and of each action. */
  readonly stages: Readonly<Record<string, string>>;
  readonly executions: Readonly<Record<string, readonly string[]>>;
  /** The status of each hold record. */
  readonly holds: readonly string[];
  readonly deadLetters: number;
}

export async function observe(
  world: World,
  { pipelines }: { readonly pipelines: readonly string[] },
): Promise<Outcome> {
  const stages = await Promise.all(
    pipelines.map(async (name) => [name, await findProdStage(world, name)] as const),
  );
  const runs = await Promise.all(
    pipelines.map(async (name) => [name, await listExecutionStatuses(world, name)] as const),
  );
  const state: ObservedState = {
    stages: Object.fromEntries(stages.map(([name, stage]) => [name, describeStage(stage)])),
    executions: Object.fromEntries(runs),
    holds: await listHolds(world),
    deadLetters: (await world.deadLetters()).length,
  };
  return {
    state,
    effects: stages.flatMap(([name, { retries }]) =>
      Array.from({ length: retries }, () => `${name} resumed`),
    ),
    mails: world.mails().map(({ subject }) => subject),
    detail: Object.fromEntries(stages.map(([name, { actions }]) => [name, actions.Gate ?? ''])),
  };
}

async function findProdStage(world: World, name: string): Promise<StageSummary> {
  const stage = (await summarizeStages(world, name)).find((one) => one.stage === 'Prod');
  if (stage) return stage;
  throw new Error(`The pipeline ${name} has no stage Prod`);
}

/** Only statuses, because messages of actions contain ids and times. */
function describeStage({ status, actions }: StageSummary): string {
  const each = Object.entries(actions).map(([name, message]) => `${name} ${message.split(':')[0]}`);
  return `${status}: ${each.join(', ')}`;
}

async function listHolds(world: World): Promise<string[]> {
  const command = new ScanCommand({ TableName: world.ref('HeldDeployments') });
  const { Items = [] } = await world.client(DynamoDBClient).send(command);
  return Items.map(({ pipeline, stage, status }) => `${pipeline?.S}/${stage?.S}: ${status?.S}`).sort();
}

export function stateOf(outcome: Outcome): ObservedState {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` created it
  return outcome.state as ObservedState;
}

/** The last message of a pipeline's gate. */
export function gateMessage({ detail }: Outcome, name = 'orders'): string {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` created it
  return (detail as Readonly<Record<string, string>>)[name] ?? '';
}
