import { list, type Mapping, mapping, numberOr, optionalText } from '../../../json.ts';
import { type Constraint, validate } from '../../constraints.ts';
import { ServiceError } from '../../response.ts';

export type ExecutionMode = 'SUPERSEDED' | 'QUEUED' | 'PARALLEL';

/** The parsed structure of a pipeline. `raw` is what GetPipeline returns. */
export interface PipelineDeclaration {
  readonly name: string;
  readonly version: number;
  readonly mode: ExecutionMode;
  readonly type: 'V1' | 'V2';
  readonly stages: readonly StageDeclaration[];
  readonly variables: readonly VariableDeclaration[];
  readonly bucket: string;
  readonly encryptionKey: Mapping | undefined;
  readonly raw: Mapping;
}

interface StageDeclaration {
  readonly name: string;
  readonly actions: readonly ActionDeclaration[];
}

export interface ActionDeclaration {
  readonly name: string;
  readonly type: ActionType;
  readonly runOrder: number;
  readonly configuration: Readonly<Record<string, string>>;
  readonly namespace: string | undefined;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly region: string | undefined;
  readonly roleArn: string | undefined;
}

interface ActionType {
  readonly category: string;
  readonly owner: string;
  readonly provider: string;
  readonly version: string;
}

interface VariableDeclaration {
  readonly name: string;
  readonly defaultValue: string | undefined;
}

export const nameConstraint: Constraint = { required: true, min: 1, max: 100, pattern: '[A-Za-z0-9.@\\-_]+' };

const structureConstraints = {
  pipeline: { required: true },
  'pipeline.name': nameConstraint,
  'pipeline.roleArn': { required: true, max: 1024, pattern: 'arn:aws(-[\\w]+)*:iam::[0-9]{12}:role/.*' },
  'pipeline.stages': { required: true },
  'pipeline.executionMode': { oneOf: ['QUEUED', 'SUPERSEDED', 'PARALLEL'] },
  'pipeline.pipelineType': { oneOf: ['V1', 'V2'] },
  'pipeline.variables': { max: 50 },
};

/** Parses a structure. Throws a ServiceError if CodePipeline would refuse it. */
export function parseDeclaration(input: Mapping, version: number): PipelineDeclaration {
  validate(input, structureConstraints);
  const pipeline = mapping(input['pipeline']);
  const store = mapping(pipeline['artifactStore']);
  const declaration: PipelineDeclaration = {
    name: String(pipeline['name']),
    version,
    mode: parseMode(pipeline),
    type: pipeline['pipelineType'] === 'V2' ? 'V2' : 'V1',
    stages: list(pipeline['stages']).map((stage, at) => parseStage(mapping(stage), at + 1)),
    variables: list(pipeline['variables']).map((variable) => parseVariable(mapping(variable))),
    bucket: optionalText(store['location']) ?? 'codepipeline-eu-west-1-123456789012',
    encryptionKey: store['encryptionKey'] === undefined ? undefined : mapping(store['encryptionKey']),
    raw: {
      ...pipeline,
      executionMode: parseMode(pipeline),
      pipelineType: pipeline['pipelineType'] ?? 'V1',
      version,
    },
  };
  validateStructure(declaration);
  return declaration;
}

function parseMode({ executionMode: mode }: Mapping): ExecutionMode {
  return mode === 'QUEUED' || mode === 'PARALLEL' ? mode : 'SUPERSEDED';
}

function parseVariable(variable: Mapping): VariableDeclaration {
  validate(variable, {
    name: { required: true, min: 1, max: 128, pattern: '[A-Za-z0-9@\\-_]+' },
    defaultValue: { min: 1, max: 1000 },
  });
  return { name: String(variable['name']), defaultValue: optionalText(variable['defaultValue']) };
}

function parseStage(stage: Mapping, place: number): StageDeclaration {
  validate({ stages: stage }, { 'stages.name': nameConstraint, 'stages.actions': { required: true } });
  const actions = list(stage['actions']).map((action) => parseAction(mapping(action)));
  if (actions.length === 0)
    throw new ServiceError('InvalidStageDeclarationException', `Stage ${place} contains no actions`);
  return { name: String(stage['name']), actions };
}

const typeConstraints = {
  name: nameConstraint,
  actionTypeId: { required: true },
  'actionTypeId.category': {
    required: true,
    oneOf: ['Source', 'Build', 'Deploy', 'Test', 'Invoke', 'Approval', 'Compute'],
  },
  'actionTypeId.owner': { required: true, oneOf: ['AWS', 'ThirdParty', 'Custom'] },
  'actionTypeId.provider': { required: true, min: 1, max: 35, pattern: '[0-9A-Za-z_\\-]+' },
  'actionTypeId.version': { required: true, min: 1, max: 9, pattern: '[0-9A-Za-z_\\-]+' },
  runOrder: { min: 1, max: 999 },
  namespace: { min: 1, max: 100, pattern: '[A-Za-z0-9@\\-_]+' },
};

function parseAction(action: Mapping): ActionDeclaration {
  validate(action, typeConstraints);
  const type = mapping(action['actionTypeId']);
  const configuration = Object.entries(mapping(action['configuration']));
  for (const [key, value] of configuration)
    validate({ [key]: value }, { [key]: { required: true, min: 1, max: 1000 } });
  const names = (artifacts: unknown): string[] => list(artifacts).map((one) => String(mapping(one)['name']));
  return {
    name: String(action['name']),
    type: {
      category: String(type['category']),
      owner: String(type['owner']),
      provider: String(type['provider']),
      version: String(type['version']),
    },
    runOrder: numberOr(action['runOrder'], 1),
    configuration: Object.fromEntries(configuration.map(([key, value]) => [key, String(value)])),
    namespace: optionalText(action['namespace']),
    inputs: names(action['inputArtifacts']),
    outputs: names(action['outputArtifacts']),
    region: optionalText(action['region']),
    roleArn: optionalText(action['roleArn']),
  };
}

function validateStructure({ mode, stages, type, variables }: PipelineDeclaration): void {
  if (stages.length < 2) throw invalidStructureError('Pipeline should contain at least two stages');
  if (!stages[0]?.actions.every(isSource))
    throw invalidStructureError('Pipeline should start with a stage that only contains source actions');
  if (stages.slice(1).some(({ actions }) => actions.some(isSource)))
    throw invalidStructureError('Source actions are only allowed in the first stage');
  validateUniqueNames('Stage', stages);
  for (const { actions } of stages) validateUniqueNames('Action', actions);
  if (type === 'V1' && (mode !== 'SUPERSEDED' || variables.length > 0))
    throw invalidStructureError(
      'Execution modes other than SUPERSEDED and pipeline variables need a pipeline of type V2',
    );
  validateArtifacts(stages);
}

const isSource = ({ type }: ActionDeclaration): boolean => type.category === 'Source';

function validateUniqueNames(kind: string, things: readonly { readonly name: string }[]): void {
  const names = things.map(({ name }) => name);
  const duplicate = names.find((name, at) => names.indexOf(name) !== at);
  if (duplicate !== undefined) throw invalidStructureError(`${kind} name ${duplicate} is not unique`);
}

/** Each input artifact must be an output of an earlier action. */
function validateArtifacts(stages: readonly StageDeclaration[]): void {
  const produced = new Set<string>();
  for (const { actions } of stages) {
    for (const { name, inputs, outputs } of actions.toSorted((a, b) => a.runOrder - b.runOrder)) {
      const missing = inputs.find((input) => !produced.has(input));
      if (missing !== undefined)
        throw invalidStructureError(
          `Input Artifact Bundle ${missing} in action ${name} is not declared as Output Artifact Bundle in any of ` +
            'the preceding actions',
        );
      for (const output of outputs) produced.add(output);
    }
  }
}

const invalidStructureError = (message: string): ServiceError =>
  new ServiceError('InvalidStructureException', message);
