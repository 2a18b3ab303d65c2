import { createPipeline, retryStage, startPipeline, summarizeStages } from '../../scenario-kit/pipelines.ts';
import type { Outcome, Scenario } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';
import { listStore, readHistory, readLinks, storeFolder } from './builds.ts';

// Pipelines that promote a build through environments, and the outcome.

export const PIPELINE = 'site';

export interface StageInput {
  readonly env: string;
  readonly [parameter: string]: unknown;
}

/** Creates a pipeline with one stage per environment. Promotions read the artifact of the build stage. */
export async function createReleasePipeline(
  world: World,
  name: string,
  stages: readonly StageInput[],
): Promise<void> {
  const build = { name: 'Build', provider: 'CodeBuild', inputs: ['Source'], outputs: ['Build'] } as const;
  const actions = stages.map((parameters) => {
    const inputs = parameters['action'] === 'rollback' ? [] : ['Build'];
    return {
      name: 'Promote',
      function: 'PromoteBuild',
      parameters,
      inputs,
      namespace: `To-${parameters.env}`,
    };
  });
  const byStage = Object.fromEntries(actions.map((action) => [`To-${action.parameters.env}`, [action]]));
  await createPipeline(world, { name, stages: { Build: [build], ...byStage } });
}

/** Runs a pipeline to its end. Retries stages that failed because a service was unavailable. */
export async function runPipeline(world: World, name: string = PIPELINE): Promise<void> {
  await startPipeline(world, name);
  await settleAndRetry(world, name);
}

export async function settleAndRetry(world: World, name: string = PIPELINE): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    await world.settle();
    const stages = await summarizeStages(world, name);
    const failed = stages.find(({ actions }) =>
      Object.values(actions).some((message) =>
        /^Failed: (SystemUnavailable|JobFailed: The AWS Lambda)/.test(message),
      ),
    );
    if (!failed) return;
    await retryStage(world, name, failed.stage);
  }
}

/** The folder of the second store. The template parameter has the same value. */
export const COPY_FOLDER = 'live/web';

export async function observe(world: World): Promise<Outcome> {
  const root = storeFolder(world);
  const copy = root.replace(/site$/, COPY_FOLDER);
  const envs = Object.keys(readLinks(root));
  const stages = await summarizeStages(world, PIPELINE).catch(() => []);
  const messages = Object.fromEntries(
    stages.map(({ actions, stage }) => [stage, Object.values(actions)[0] ?? '']),
  );
  return {
    state: {
      live: readLinks(root),
      store: listStore(root),
      copies: { live: readLinks(copy), store: listStore(copy) },
      stages: Object.fromEntries(
        Object.entries(messages).map(([stage, text]) => [stage, text.split(':')[0]]),
      ),
      deadLetters: (await world.deadLetters()).length,
    },
    effects: [
      ...envs.flatMap((env) => readHistory(root, env).map((change) => `${env}: ${change}`)),
      ...readHistory(copy, 'prod').map((change) => `${COPY_FOLDER} prod: ${change}`),
    ],
    detail: messages,
  };
}

interface ObservedState {
  readonly live: Readonly<Record<string, string>>;
  readonly store: Readonly<Record<string, readonly string[]>>;
  readonly copies: { readonly live: ObservedState['live']; readonly store: ObservedState['store'] };
  readonly stages: Readonly<Record<string, string>>;
  readonly deadLetters: number;
}

export function stateOf(outcome: Outcome): ObservedState {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` created it
  return outcome.state as ObservedState;
}

/** The message of a stage's action. */
export function actionMessage(outcome: Outcome, stage: string): string {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` created it
  return (outcome.detail as Record<string, string>)[stage] ?? '';
}

type ScenarioParts<S> = Omit<Scenario<S>, 'wing' | 'name' | 'observe'> &
  Partial<Pick<Scenario<S>, 'observe'>>;

export function scenario<S = undefined>(name: string, parts: ScenarioParts<S>): Scenario<S> {
  return { wing: 'build-promotion', name, observe, ...parts };
}
