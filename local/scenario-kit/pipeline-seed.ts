import type { ActionCategory, ActionDeclaration, PipelineDeclaration } from '@aws-sdk/client-codepipeline';
import type { World } from '../pack/world.ts';

// The short form in which scenarios write pipelines.

export interface ActionSeed {
  readonly name: string;
  /** Actions of the same order run side by side; 1 unless told. */
  readonly runOrder?: number;
  /** A function of the template, by its logical id. */
  readonly function?: string;
  /** UserParameters; what is no text is written as JSON. */
  readonly parameters?: string | object;
  /** Of an action that is no function's: `Manual` is an approval, and CodeBuild builds. CodeDeploy unless told. */
  readonly provider?: keyof typeof categories;
  readonly configuration?: Readonly<Record<string, string>>;
  /** Later actions read its output variables as #{namespace.Name}. */
  readonly namespace?: string;
  /** The artifacts that it reads and makes; every pipeline's source makes `Source`. */
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
}

export interface PipelineSeed {
  readonly name: string;
  /** By name, in their order. A stage `Source` that makes the artifact `Source` comes before them. */
  readonly stages: Readonly<Record<string, readonly ActionSeed[]>>;
  readonly mode?: 'SUPERSEDED' | 'QUEUED' | 'PARALLEL';
  readonly tags?: Readonly<Record<string, string>>;
  /** Their default values. */
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

const source: ActionSeed = { name: 'Source', provider: 'S3', outputs: ['Source'] };

/** The structure as CodePipeline takes it. */
export function declarationOf(world: World, seed: PipelineSeed): PipelineDeclaration {
  const { mode = 'SUPERSEDED', name, stages, variables = {} } = seed;
  return {
    name,
    roleArn: `arn:aws:iam::${world.accountId}:role/pipelines`,
    pipelineType: 'V2',
    executionMode: mode,
    artifactStore: { type: 'S3', location: `codepipeline-${world.region}-${world.accountId}` },
    stages: Object.entries({ Source: [source], ...stages }).map(([stage, actions]) => ({
      name: stage,
      actions: actions.map((action) => actionOf(world, action)),
    })),
    variables: Object.entries(variables).map(([variable, defaultValue]) => ({
      name: variable,
      defaultValue,
    })),
  };
}

function actionOf(world: World, seed: ActionSeed): ActionDeclaration {
  const {
    configuration,
    inputs = [],
    name,
    namespace,
    outputs = [],
    provider = 'CodeDeploy',
    runOrder = 1,
  } = seed;
  const type = seed.function
    ? { category: 'Invoke' as const, provider: 'Lambda' }
    : { category: categories[provider], provider };
  return {
    name,
    runOrder,
    actionTypeId: { owner: 'AWS', version: '1', ...type },
    configuration: { ...(seed.function && jobConfiguration(world, seed.function, seed)), ...configuration },
    ...(namespace !== undefined && { namespace }),
    inputArtifacts: inputs.map((artifact) => ({ name: artifact })),
    outputArtifacts: outputs.map((artifact) => ({ name: artifact })),
  };
}

function jobConfiguration(
  world: World,
  functionId: string,
  { parameters }: ActionSeed,
): Record<string, string> {
  const text = typeof parameters === 'object' ? JSON.stringify(parameters) : parameters;
  return { FunctionName: world.ref(functionId), ...(text !== undefined && { UserParameters: text }) };
}
