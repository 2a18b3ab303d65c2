import type { World } from '../../pack/world.ts';
import { createPipeline, type PipelineInput, startPipeline } from '../../scenario-kit/pipelines.ts';
import type { Scenario } from '../../scenario-kit/scenario.ts';
import { observe } from './observe.ts';

export const MINUTE = 60_000;
export const NAME = 'orders';
export const OPT_IN = { 'groundcrew:resume': 'true' };

/** What a scenario starts from: its pipelines, and the executions it knows. */
export interface Gated {
  readonly pipelines: readonly string[];
}

export interface GateSeed extends Partial<Pick<PipelineInput, 'name' | 'mode' | 'tags' | 'variables'>> {
  /** UserParameters of the gate. */
  readonly parameters?: string | object;
}

/** A pipeline whose stage Prod begins with the gate: in one stage with the deployment, nothing slips in between. */
export async function gatedPipeline(world: World, seed: GateSeed = {}): Promise<Gated> {
  const { name = NAME, parameters, ...rest } = seed;
  const gate = {
    name: 'Gate',
    function: 'GateDeployment',
    ...(parameters !== undefined && { parameters }),
    namespace: 'gate',
  };
  const stages = { Prod: [gate, { name: 'Deploy', runOrder: 2 }] };
  await createPipeline(world, { tags: OPT_IN, ...rest, name, stages });
  return { pipelines: [name] };
}

/** Starts it and lets it run as far as it comes. @returns the execution's id */
export async function run(world: World, variables?: Readonly<Record<string, string>>): Promise<string> {
  const execution = await startPipeline(world, NAME, variables);
  await world.settle();
  return execution;
}

/** Lets minutes pass as they do in an account: with a sweep every five of them. */
export async function pass(world: World, minutes: number): Promise<void> {
  for (let passed = 0; passed < minutes; passed += 5) {
    await world.advance(5 * MINUTE);
    await world.fire('ResumeDeploymentsSweep');
    await world.settle();
  }
}

type Parts = Omit<Scenario<Gated>, 'wing' | 'name' | 'observe'> & Partial<Pick<Scenario<Gated>, 'observe'>>;

export function scenario(name: string, parts: Parts): Scenario<Gated> {
  return { wing: 'health-gate', name, observe, ...parts };
}
