import type { ActionCategory, ActionDeclaration, PipelineDeclaration } from '@aws-sdk/client-codepipeline';
import type { World } from './world.ts';

// The short form in which scenarios declare pipelines.

interface ActionInput {
  readonly name: string;
  /** Actions with the same order run in parallel. Defaults to 1. */
  readonly runOrder?: number;
  /** The logical id of a function of the template. */
  readonly function?: string;
  /** UserParameters. An object is written as JSON. */
  readonly parameters?: string | object;
  /** The provider of an action without a function. `Manual` is an approval. Defaults to CodeDeploy. */
  readonly provider?: keyof typeof categories;
  readonly configuration?: Readonly<Record<string, string>>;
  /** Later actions read the output variables as #{namespace.Name}. */
  readonly namespace?: string;
  /** Names of input and output artifacts. The source of every pipeline has the output `Source`. */
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
}

export interface PipelineInput {
  readonly name: string;
  /** By name, in order. A stage `Source` with the artifact `Source` is added before them. */
  readonly stages: Readonly<Record<string, readonly ActionInput[]>>;
  readonly mode?: 'SUPERSEDED' | 'QUEUED' | 'PARALLEL';
  readonly tags?: Readonly<Record<string, string>>;
  /** Default values by name. */
  readonly variables?: Readonly<Record<string, string>>;
}

const categories = {
  CodeBuild: 'Build',
  CodeDeploy: 'Deploy',
  CloudFormation: 'Deploy',
  ECS: 'Deploy',
  Manual: 'Approval',
  S3: 'Source',
} as const satisfies Record<string, ActionCategory>;

const source: ActionInput = { name: 'Source', provider: 'S3', outputs: ['Source'] };

/** Converts the short form to the structure for CodePipeline. */
export function toDeclaration(world: World, input: PipelineInput): PipelineDeclaration {
  const { mode = 'SUPERSEDED', name, stages, variables = {} } = input;
  return {
    name,
    roleArn: `arn:aws:iam::${world.accountId}:role/pipelines`,
    pipelineType: 'V2',
    executionMode: mode,
    artifactStore: { type: 'S3', location: `codepipeline-${world.region}-${world.accountId}` },
    stages: Object.entries({ Source: [source], ...stages }).map(([stage, actions]) => ({
      name: stage,
      actions: actions.map((action) => toAction(world, action)),
    })),
    variables: Object.entries(variables).map(([variable, defaultValue]) => ({
      name: variable,
      defaultValue,
    })),
  };
}

function toAction(world: World, input: ActionInput): ActionDeclaration {
  const {
    configuration,
    inputs = [],
    name,
    namespace,
    outputs = [],
    provider = 'CodeDeploy',
    runOrder = 1,
  } = input;
  const type = input.function
    ? { category: 'Invoke' as const, provider: 'Lambda' }
    : { category: categories[provider], provider };
  return {
    name,
    runOrder,
    actionTypeId: { owner: 'AWS', version: '1', ...type },
    configuration: {
      ...(input.function && jobConfiguration(world, input.function, input)),
      ...configuration,
    },
    ...(namespace !== undefined && { namespace }),
    inputArtifacts: inputs.map((artifact) => ({ name: artifact })),
    outputArtifacts: outputs.map((artifact) => ({ name: artifact })),
  };
}

function jobConfiguration(
  world: World,
  functionId: string,
  { parameters }: ActionInput,
): Record<string, string> {
  const text = typeof parameters === 'object' ? JSON.stringify(parameters) : parameters;
  return { FunctionName: world.ref(functionId), ...(text !== undefined && { UserParameters: text }) };
}
