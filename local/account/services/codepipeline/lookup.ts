import type { Mapping } from '../../../json.ts';
import { type Constraint, type Constraints, validate } from '../../constraints.ts';
import { ServiceError } from '../../response.ts';
import { nameConstraint } from './declaration.ts';
import type { Context, Execution, Pipeline, Stage } from './model.ts';

const uuidPattern = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

export const idConstraint: Constraint = { required: true, pattern: uuidPattern };

/** Validates the input, then finds the pipeline that its `member` names. */
export function findPipeline(
  input: Mapping,
  { accountId, state }: Context,
  member: 'name' | 'pipelineName',
  constraints: Constraints = {},
): Pipeline {
  validate(input, { [member]: nameConstraint, ...constraints });
  const name = String(input[member]);
  const found = state.pipelines.get(name);
  if (found) return found;
  throw new ServiceError(
    'PipelineNotFoundException',
    `Account '${accountId}' does not have a pipeline with name '${name}'`,
  );
}

export function findStage({ declaration, stages }: Pipeline, input: Mapping): Stage {
  const found = stages.find(({ name }) => name === input['stageName']);
  if (found) return found;
  throw new ServiceError(
    'StageNotFoundException',
    `Pipeline '${declaration.name}' does not have a stage with name '${input['stageName']}'`,
  );
}

export function findExecution({ declaration, executions }: Pipeline, id: unknown): Execution {
  const found = executions.find((one) => one.id === id);
  if (found) return found;
  throw new ServiceError(
    'PipelineExecutionNotFoundException',
    `Pipeline '${declaration.name}' does not have an execution with id '${id}'`,
  );
}

/** The ARN of the caller, as CodePipeline records it. */
export function callerArn({ accountId, caller }: Context): string {
  return `arn:aws:sts::${caller.account ?? accountId}:assumed-role/${caller.function}/${caller.function}`;
}
