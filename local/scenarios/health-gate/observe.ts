import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { Call } from '../../account/types.ts';
import type { World } from '../../pack/world.ts';
import { listExecutionStatuses, type StageSummary, summarizeStages } from '../../scenario-kit/pipelines.ts';
import type { Outcome } from '../../scenario-kit/scenario.ts';

// What is there afterwards, in stable names.

export interface Seen {
  /** By pipeline, how its gated stage stands: the stage, then each action. */
  readonly stages: Readonly<Record<string, string>>;
  readonly executions: Readonly<Record<string, readonly string[]>>;
  /** How the records of held deployments stand. */
  readonly holds: readonly string[];
  readonly deadLetters: number;
}

export async function observe(
  world: World,
  { pipelines }: { readonly pipelines: readonly string[] },
): Promise<Outcome> {
  const stages = await Promise.all(pipelines.map(async (name) => [name, await prodOf(world, name)] as const));
  const runs = await Promise.all(
    pipelines.map(async (name) => [name, await listExecutionStatuses(world, name)] as const),
  );
  const state: Seen = {
    stages: Object.fromEntries(stages.map(([name, stage]) => [name, describe(stage)])),
    executions: Object.fromEntries(runs),
    holds: await holds(world),
    deadLetters: (await world.deadLetters()).length,
  };
  return {
    state,
    effects: stages.flatMap(([name, { retries }]) =>
      Array.from({ length: retries }, () => `${name} went on`),
    ),
    mails: world.mails().map(({ subject }) => subject),
    detail: Object.fromEntries(stages.map(([name, { actions }]) => [name, actions.Gate ?? ''])),
  };
}

async function prodOf(world: World, name: string): Promise<StageSummary> {
  const stage = (await summarizeStages(world, name)).find((one) => one.stage === 'Prod');
  if (stage) return stage;
  throw new Error(`The pipeline ${name} has no stage Prod`);
}

/** Statuses alone: what the actions say carries ids and times. */
function describe({ status, actions }: StageSummary): string {
  const each = Object.entries(actions).map(([name, said]) => `${name} ${said.split(':')[0]}`);
  return `${status}: ${each.join(', ')}`;
}

async function holds(world: World): Promise<string[]> {
  const command = new ScanCommand({ TableName: world.ref('HeldDeployments') });
  const { Items = [] } = await world.client(DynamoDBClient).send(command);
  return Items.map(({ pipeline, stage, status }) => `${pipeline?.S}/${stage?.S}: ${status?.S}`).sort();
}

export function seenOf(outcome: Outcome): Seen {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` made it
  return outcome.state as Seen;
}

/** What the gate of a pipeline said last. */
export function saidBy({ detail }: Outcome, name = 'orders'): string {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` made it
  return (detail as Readonly<Record<string, string>>)[name] ?? '';
}

export function countOf(calls: readonly Call[], action: string): number {
  return calls.filter((call) => call.function !== 'local' && call.action === action).length;
}
