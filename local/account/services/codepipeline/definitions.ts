import { list, type Mapping, mapping } from '../../../json.ts';
import { validate } from '../../constraints.ts';
import { ServiceError } from '../../response.ts';
import { parseDeclaration } from './declaration.ts';
import { callerArn, findPipeline } from './lookup.ts';
import { type Context, isInProgress, type Pipeline, type Stage } from './model.ts';
import { abortExecution, startExecution } from './runner.ts';

/** Unlike AWS, creating a pipeline does not start an execution: scenarios start them. */
export function createPipeline(input: Mapping, { accountId, now, region, state }: Context): Mapping {
  const declaration = parseDeclaration(input, 1);
  const { name } = declaration;
  if (state.pipelines.has(name))
    throw new ServiceError('PipelineNameInUseException', `A pipeline with the name '${name}' already exists`);
  const tags = parseTags(input['tags']);
  state.pipelines.set(name, {
    declaration,
    arn: `arn:aws:codepipeline:${region}:${accountId}:${name}`,
    created: now(),
    updated: now(),
    tags: new Map(tags),
    stages: declaration.stages.map((stage) => createStage(stage.name)),
    executions: [],
  });
  return { pipeline: declaration.raw, tags: tags.map(([key, value]) => ({ key, value })) };
}

const createStage = (name: string): Stage => ({ name, waiting: [], actions: new Map() });

export function getPipeline(input: Mapping, context: Context): Mapping {
  const { arn, created, declaration, updated } = findPipeline(input, context, 'name');
  const { version = declaration.version } = input;
  if (version !== declaration.version)
    throw new ServiceError(
      'PipelineVersionNotFoundException',
      `Version ${version} is not available: only the latest version is`,
    );
  const metadata = { pipelineArn: arn, created: new Date(created), updated: new Date(updated) };
  return { pipeline: declaration.raw, metadata };
}

/** Creates a new version and cancels executions in progress, as CodePipeline does. */
export function updatePipeline(input: Mapping, context: Context): Mapping {
  const pipeline = findPipeline(mapping(input['pipeline']), context, 'name');
  const declaration = parseDeclaration(input, pipeline.declaration.version + 1);
  cancelExecutions(pipeline, context);
  pipeline.declaration = declaration;
  pipeline.updated = context.now();
  const kept = new Map(pipeline.stages.map((stage) => [stage.name, stage]));
  pipeline.stages = declaration.stages.map(({ name }) => kept.get(name) ?? createStage(name));
  return { pipeline: declaration.raw };
}

/** Cancels waiting executions first, so that none of them enters a stage that another one leaves. */
function cancelExecutions({ executions }: Pipeline, context: Context): void {
  const inProgress = executions.filter(isInProgress);
  const isInside = ({ runs }: (typeof inProgress)[number]): boolean => [...runs.values()].some(isInProgress);
  const inOrder = [...inProgress.filter((one) => !isInside(one)), ...inProgress.filter(isInside)];
  for (const execution of inOrder) abortExecution(context, execution, 'Cancelled');
}

/** Deleting an unknown pipeline succeeds. */
export function deletePipeline(input: Mapping, context: Context): Mapping {
  validate(input, { name: { required: true } });
  const pipeline = context.state.pipelines.get(String(input['name']));
  if (pipeline) cancelExecutions(pipeline, context);
  context.state.pipelines.delete(String(input['name']));
  return {};
}

export function startPipelineExecution(input: Mapping, context: Context): Mapping {
  const pipeline = findPipeline(input, context, 'name', { variables: { min: 1, max: 50 } });
  const { declaration, executions } = pipeline;
  if (declaration.mode !== 'SUPERSEDED' && executions.filter(isInProgress).length >= maxExecutions)
    throw new ServiceError(
      'ConcurrentPipelineExecutionsLimitExceededException',
      `Pipeline '${declaration.name}' has ${maxExecutions} executions in progress, which is the maximum`,
    );
  const variables = resolveValues(pipeline, input['variables']);
  const { id } = startExecution(context, pipeline, variables, callerArn(context));
  return { pipelineExecutionId: id };
}

/** The limit in the modes QUEUED and PARALLEL. */
const maxExecutions = 50;

/** Each variable gets the given value or the default of the declaration. */
function resolveValues({ declaration }: Pipeline, given: unknown): Map<string, string> {
  const values = new Map(
    list(given).map((one) => [String(mapping(one)['name']), String(mapping(one)['value'])] as const),
  );
  const names = declaration.variables.map(({ name }) => name);
  const undeclared = [...values.keys()].find((name) => !names.includes(name));
  if (undeclared !== undefined)
    throw invalidVariableError(`The pipeline does not declare the variable ${undeclared}`);
  return new Map(
    declaration.variables.map(({ defaultValue, name }) => {
      const value = values.get(name) ?? defaultValue;
      if (value === undefined)
        throw invalidVariableError(`The variable ${name} has no value and no default value`);
      return [name, value];
    }),
  );
}

const invalidVariableError = (message: string): ServiceError =>
  new ServiceError('ValidationException', message);

export function tagResource(input: Mapping, context: Context): Mapping {
  const { tags } = findByArn(input, context);
  for (const [key, value] of parseTags(input['tags'])) tags.set(key, value);
  return {};
}

export function untagResource(input: Mapping, context: Context): Mapping {
  const { tags } = findByArn(input, context);
  validate(input, { tagKeys: { required: true } });
  for (const key of list(input['tagKeys'])) tags.delete(String(key));
  return {};
}

export function listTagsForResource(input: Mapping, context: Context): Mapping {
  const { tags } = findByArn(input, context);
  return { tags: [...tags].map(([key, value]) => ({ key, value })) };
}

function findByArn(input: Mapping, { state }: Context): Pipeline {
  const pattern = 'arn:aws(-[\\w]+)*:codepipeline:.+:[0-9]{12}:.+';
  validate(input, { resourceArn: { required: true, pattern } });
  const found = [...state.pipelines.values()].find(({ arn }) => arn === input['resourceArn']);
  if (found) return found;
  throw new ServiceError('ResourceNotFoundException', `The resource ${input['resourceArn']} cannot be found`);
}

function parseTags(tags: unknown): [string, string][] {
  return list(tags).map((tag) => {
    const { key, value } = mapping(tag);
    validate(
      { tag: { key, value } },
      { 'tag.key': { required: true, min: 1, max: 128 }, 'tag.value': { max: 256 } },
    );
    return [String(key), String(value ?? '')];
  });
}
