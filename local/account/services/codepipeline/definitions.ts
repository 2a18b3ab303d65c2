import { list, type Mapping, mapping } from '../../../json.ts';
import { check } from '../../constraints.ts';
import { ServiceError } from '../../response.ts';
import { readDeclaration } from './declaration.ts';
import { callerArn, findPipeline } from './lookup.ts';
import { type Context, isGoing, type Pipeline, type Stage } from './model.ts';
import { breakOff, startExecution } from './runner.ts';

/** Creating a pipeline starts none here: scenarios say when. (AWS runs it once, as it detects its source.) */
export function createPipeline(input: Mapping, { accountId, now, region, state }: Context): Mapping {
  const declaration = readDeclaration(input, 1);
  const { name } = declaration;
  if (state.pipelines.has(name))
    throw new ServiceError('PipelineNameInUseException', `A pipeline with the name '${name}' already exists`);
  const tags = readTags(input['tags']);
  state.pipelines.set(name, {
    declaration,
    arn: `arn:aws:codepipeline:${region}:${accountId}:${name}`,
    created: now(),
    updated: now(),
    tags: new Map(tags),
    stages: declaration.stages.map((stage) => newStage(stage.name)),
    executions: [],
  });
  return { pipeline: declaration.raw, tags: tags.map(([key, value]) => ({ key, value })) };
}

const newStage = (name: string): Stage => ({ name, waiting: [], actions: new Map() });

export function getPipeline(input: Mapping, context: Context): Mapping {
  const { arn, created, declaration, updated } = findPipeline(input, context, 'name');
  const { version = declaration.version } = input;
  if (version !== declaration.version)
    throw new ServiceError('PipelineVersionNotFoundException', `Version ${version} is not kept here`);
  const metadata = { pipelineArn: arn, created: new Date(created), updated: new Date(updated) };
  return { pipeline: declaration.raw, metadata };
}

/** A new version. What is under way is cancelled: it would go on in a structure that is no more. */
export function updatePipeline(input: Mapping, context: Context): Mapping {
  const pipeline = findPipeline(mapping(input['pipeline']), context, 'name');
  const declaration = readDeclaration(input, pipeline.declaration.version + 1);
  cancelAll(pipeline, context);
  pipeline.declaration = declaration;
  pipeline.updated = context.now();
  const kept = new Map(pipeline.stages.map((stage) => [stage.name, stage]));
  pipeline.stages = declaration.stages.map(({ name }) => kept.get(name) ?? newStage(name));
  return { pipeline: declaration.raw };
}

/** Those at doors first: none of them is to enter what the others leave. */
function cancelAll({ executions }: Pipeline, context: Context): void {
  const going = executions.filter(isGoing);
  const isInside = ({ runs }: (typeof going)[number]): boolean => [...runs.values()].some(isGoing);
  const inOrder = [...going.filter((one) => !isInside(one)), ...going.filter(isInside)];
  for (const execution of inOrder) breakOff(context, execution, 'Cancelled');
}

/** Deleting what does not exist succeeds. */
export function deletePipeline(input: Mapping, context: Context): Mapping {
  check(input, { name: { required: true } });
  const pipeline = context.state.pipelines.get(String(input['name']));
  if (pipeline) cancelAll(pipeline, context);
  context.state.pipelines.delete(String(input['name']));
  return {};
}

export function startPipelineExecution(input: Mapping, context: Context): Mapping {
  const pipeline = findPipeline(input, context, 'name', { variables: { min: 1, max: 50 } });
  const { declaration, executions } = pipeline;
  if (declaration.mode !== 'SUPERSEDED' && executions.filter(isGoing).length >= mostAtOnce)
    throw new ServiceError(
      'ConcurrentPipelineExecutionsLimitExceededException',
      `Pipeline '${declaration.name}' has ${mostAtOnce} executions under way, which is the most`,
    );
  const variables = variablesOf(pipeline, input['variables']);
  const { id } = startExecution(context, pipeline, variables, callerArn(context));
  return { pipelineExecutionId: id };
}

/** Of a pipeline in the modes QUEUED and PARALLEL. */
const mostAtOnce = 50;

/** Each variable has a value: the one given, or the declaration's. */
function variablesOf({ declaration }: Pipeline, given: unknown): Map<string, string> {
  const values = new Map(
    list(given).map((one) => [String(mapping(one)['name']), String(mapping(one)['value'])] as const),
  );
  const names = declaration.variables.map(({ name }) => name);
  const odd = [...values.keys()].find((name) => !names.includes(name));
  if (odd !== undefined) throw invalidVariable(`The pipeline does not declare the variable ${odd}`);
  return new Map(
    declaration.variables.map(({ defaultValue, name }) => {
      const value = values.get(name) ?? defaultValue;
      if (value === undefined)
        throw invalidVariable(`The variable ${name} has no value and no default value`);
      return [name, value];
    }),
  );
}

const invalidVariable = (message: string): ServiceError => new ServiceError('ValidationException', message);

export function tagResource(input: Mapping, context: Context): Mapping {
  const { tags } = findByArn(input, context);
  for (const [key, value] of readTags(input['tags'])) tags.set(key, value);
  return {};
}

export function untagResource(input: Mapping, context: Context): Mapping {
  const { tags } = findByArn(input, context);
  check(input, { tagKeys: { required: true } });
  for (const key of list(input['tagKeys'])) tags.delete(String(key));
  return {};
}

export function listTagsForResource(input: Mapping, context: Context): Mapping {
  const { tags } = findByArn(input, context);
  return { tags: [...tags].map(([key, value]) => ({ key, value })) };
}

function findByArn(input: Mapping, { state }: Context): Pipeline {
  const pattern = 'arn:aws(-[\\w]+)*:codepipeline:.+:[0-9]{12}:.+';
  check(input, { resourceArn: { required: true, pattern } });
  const found = [...state.pipelines.values()].find(({ arn }) => arn === input['resourceArn']);
  if (found) return found;
  throw new ServiceError('ResourceNotFoundException', `The resource ${input['resourceArn']} cannot be found`);
}

function readTags(tags: unknown): [string, string][] {
  return list(tags).map((tag) => {
    const { key, value } = mapping(tag);
    check(
      { tag: { key, value } },
      { 'tag.key': { required: true, min: 1, max: 128 }, 'tag.value': { max: 256 } },
    );
    return [String(key), String(value ?? '')];
  });
}
