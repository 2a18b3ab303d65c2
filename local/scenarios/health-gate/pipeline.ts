import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import {
  createPipeline,
  type PipelineInput,
  startPipeline,
  updatePipeline,
} from '../../scenario-kit/pipelines.ts';
import type { Scenario } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';
import { observe } from './observe.ts';

export const MINUTE = 60_000;
export const NAME = 'orders';
export const OPT_IN = { 'groundcrew:resume': 'true' };

/** The pipelines of a scenario. */
export interface GatedPipelines {
  readonly pipelines: readonly string[];
}

export interface GatedPipelineInput
  extends Partial<Pick<PipelineInput, 'name' | 'mode' | 'tags' | 'variables'>> {
  /** The UserParameters of the gate. */
  readonly parameters?: string | object;
}

/** Creates a pipeline with gate and deployment in one stage, so that no other execution comes between them. */
export async function createGatedPipeline(
  world: World,
  { name = NAME, parameters, ...rest }: GatedPipelineInput = {},
): Promise<GatedPipelines> {
  await createPipeline(world, { tags: OPT_IN, ...rest, name, stages: gatedStages(parameters) });
  return { pipelines: [name] };
}

/** Gives the gate of the pipeline other UserParameters. */
export async function changeGate(world: World, parameters: string | object): Promise<void> {
  await updatePipeline(world, { name: NAME, stages: gatedStages(parameters) });
}

function gatedStages(parameters: string | object | undefined): PipelineInput['stages'] {
  const gate = {
    name: 'Gate',
    function: 'GateDeployment',
    ...(parameters !== undefined && { parameters }),
    namespace: 'gate',
  };
  return { Prod: [gate, { name: 'Deploy', runOrder: 2 }] };
}

/** Starts the pipeline and runs it as far as possible. @returns the id of the execution */
export async function runPipeline(
  world: World,
  variables?: Readonly<Record<string, string>>,
): Promise<string> {
  const execution = await startPipeline(world, NAME, variables);
  await world.settle();
  return execution;
}

/** Lets minutes pass, with a sweep every five minutes as in a real account. */
export async function passMinutes(world: World, minutes: number): Promise<void> {
  for (let passed = 0; passed < minutes; passed += 5) {
    await world.advance(5 * MINUTE);
    await world.fire('ResumeDeploymentsSweep');
    await world.settle();
  }
}

export async function putParameter(world: World, Name: string, Value: string): Promise<void> {
  const command = new PutParameterCommand({ Name, Value, Type: 'String', Overwrite: true });
  await world.client(SSMClient).send(command);
}

type ScenarioParts = Omit<Scenario<GatedPipelines>, 'wing' | 'name' | 'observe'> &
  Partial<Pick<Scenario<GatedPipelines>, 'observe'>>;

export function scenario(name: string, parts: ScenarioParts): Scenario<GatedPipelines> {
  return { wing: 'health-gate', name, observe, ...parts };
}
