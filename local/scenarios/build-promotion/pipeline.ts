import type { World } from '../../pack/world.ts';
import { createPipeline, retryStage, startPipeline, summarizeStages } from '../../scenario-kit/pipelines.ts';
import type { Outcome, Scenario } from '../../scenario-kit/scenario.ts';
import { contents, folderOf, history, live } from './builds.ts';

// Pipelines that move a build from environment to environment, and what is there afterwards.

export const PIPELINE = 'site';

export interface Stage {
  readonly env: string;
  readonly [parameter: string]: unknown;
}

/** A stage for each; one that promotes reads the artifact of the build stage. */
export async function createRelease(world: World, name: string, stages: readonly Stage[]): Promise<void> {
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

/** Runs a pipeline to its end; a person clicks "Retry" on what failed for want of a service. */
export async function release(world: World, name: string = PIPELINE): Promise<void> {
  await startPipeline(world, name);
  await settleAndRetry(world, name);
}

export async function settleAndRetry(world: World, name: string = PIPELINE): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    await world.settle();
    const stages = await summarizeStages(world, name);
    const failed = stages.find(({ actions }) =>
      Object.values(actions).some((said) =>
        /^Failed: (SystemUnavailable|JobFailed: The AWS Lambda)/.test(said),
      ),
    );
    if (!failed) return;
    await retryStage(world, name, failed.stage);
  }
}

/** Parameters of the template that the wing needs to be played. */
export const COPIES = 'live/web';

export async function observe(world: World): Promise<Outcome> {
  const root = folderOf(world);
  const copy = root.replace(/site$/, COPIES);
  const envs = Object.keys(live(root));
  const stages = await summarizeStages(world, PIPELINE).catch(() => []);
  const said = Object.fromEntries(
    stages.map(({ actions, stage }) => [stage, Object.values(actions)[0] ?? '']),
  );
  return {
    state: {
      live: live(root),
      store: contents(root),
      copies: { live: live(copy), store: contents(copy) },
      stages: Object.fromEntries(Object.entries(said).map(([stage, text]) => [stage, text.split(':')[0]])),
      deadLetters: (await world.deadLetters()).length,
    },
    effects: [
      ...envs.flatMap((env) => history(root, env).map((change) => `${env}: ${change}`)),
      ...history(copy, 'prod').map((change) => `${COPIES} prod: ${change}`),
    ],
    detail: said,
  };
}

interface Seen {
  readonly live: Readonly<Record<string, string>>;
  readonly store: Readonly<Record<string, readonly string[]>>;
  readonly copies: { readonly live: Seen['live']; readonly store: Seen['store'] };
  readonly stages: Readonly<Record<string, string>>;
  readonly deadLetters: number;
}

export function stateOf(outcome: Outcome): Seen {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` made it
  return outcome.state as Seen;
}

/** What a stage's action said. */
export function saidBy(outcome: Outcome, stage: string): string {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` made it
  return (outcome.detail as Record<string, string>)[stage] ?? '';
}

type Parts<S> = Omit<Scenario<S>, 'wing' | 'name' | 'observe'> & Partial<Pick<Scenario<S>, 'observe'>>;

export function scenario<S = undefined>(name: string, parts: Parts<S>): Scenario<S> {
  return { wing: 'build-promotion', name, observe, ...parts };
}
