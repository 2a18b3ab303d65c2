import { list, type Mapping, mapping } from '../../json.ts';
import { defineEmulatedService, type ServiceContext } from '../emulated-service.ts';
import { ServiceError } from '../response.ts';

/** The content of Image Builder. Scenarios fill it. */
export interface ImageBuilderState {
  /** By build version ARN, in the form that GetImage returns. */
  readonly images: Map<string, Mapping>;
  /** Steps of running workflows, by step execution id. */
  readonly steps: Map<string, WorkflowStep>;
  /** The packages and the workflows of images, by build version ARN, in the form that AWS lists them. */
  readonly packages: Map<string, readonly Mapping[]>;
  readonly workflows: Map<string, readonly Mapping[]>;
  /** What scans have found, by build version ARN. */
  readonly severityCounts: Map<string, Mapping>;
  /** The actions that were sent to steps, in order. */
  readonly answers: StepAnswer[];
}

export interface WorkflowStep {
  readonly imageArn: string;
  readonly name: string;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  readonly timeoutSeconds: number;
}

export interface StepAnswer {
  readonly stepExecutionId: string;
  readonly action: string;
  readonly reason: string;
  readonly clientToken: string;
}

type Context = ServiceContext<ImageBuilderState>;

/** moto does not support Image Builder. */
export default defineEmulatedService<ImageBuilderState>({
  service: 'imagebuilder',
  createState: () => ({
    images: new Map(),
    steps: new Map(),
    packages: new Map(),
    workflows: new Map(),
    severityCounts: new Map(),
    answers: [],
  }),
  operations: {
    GetImage: ({ imageBuildVersionArn: arn }, { state }) => {
      const image = state.images.get(String(arn));
      if (!image) throw notFound(`The image ${arn} does not exist.`);
      return { requestId: 'local', image };
    },
    GetWorkflowStepExecution: ({ stepExecutionId }, context) =>
      describeStep(String(stepExecutionId), context),
    ListImagePackages: (input, { state }) => listOfImage(input, state.packages, 'imagePackageList'),
    ListImageScanFindingAggregations: listAggregations,
    ListWaitingWorkflowSteps: listWaitingSteps,
    ListWorkflowExecutions: (input, { state }) => listOfImage(input, state.workflows, 'workflowExecutions'),
    SendWorkflowStepAction: sendStepAction,
  },
});

function describeStep(id: string, context: Context): Mapping {
  const step = findStep(id, context);
  const answer = findAnswer(id, context);
  return {
    requestId: 'local',
    stepExecutionId: id,
    imageBuildVersionArn: step.imageArn,
    name: step.name,
    action: 'WaitForAction',
    status: stepStatus(id, context),
    startTime: new Date(step.startedAt).toISOString(),
    timeoutSeconds: step.timeoutSeconds,
    ...(answer && { outputs: JSON.stringify({ action: answer.action, reason: answer.reason }) }),
  };
}

function listWaitingSteps(input: Mapping, context: Context): Mapping {
  const waiting = [...context.state.steps].filter(([id]) => stepStatus(id, context) === 'RUNNING');
  const steps = waiting.map(([stepExecutionId, { imageArn, name }]) => ({
    stepExecutionId,
    imageBuildVersionArn: imageArn,
    name,
    action: 'WaitForAction',
  }));
  return pageOf(input, steps, 'steps');
}

/** Only for single images. */
function listAggregations({ filter }: Mapping, { state }: Context): Mapping {
  const { name, values } = mapping(filter);
  if (name !== 'imageBuildVersionArn')
    throw new ServiceError('InvalidRequestException', `The filter ${name} is not supported here.`);
  const found = list(values).flatMap((arn) => {
    const severityCounts = state.severityCounts.get(String(arn));
    return severityCounts ? [{ imageAggregation: { imageBuildVersionArn: arn, severityCounts } }] : [];
  });
  return { requestId: 'local', aggregationType: name, responses: found };
}

function listOfImage(
  input: Mapping,
  known: ReadonlyMap<string, readonly Mapping[]>,
  member: string,
): Mapping {
  return pageOf(input, known.get(String(input['imageBuildVersionArn'])) ?? [], member);
}

/** At most 25 items per page. */
function pageOf({ maxResults = 25, nextToken }: Mapping, items: readonly Mapping[], member: string): Mapping {
  if (Number(maxResults) > 25)
    throw new ServiceError('InvalidRequestException', 'maxResults must be at most 25.');
  const start = nextToken === undefined ? 0 : Number(nextToken);
  const end = start + Number(maxResults);
  return {
    [member]: items.slice(start, end),
    ...(end < items.length && { nextToken: String(end) }),
  };
}

/** A step accepts one answer. A repeated request with the same token succeeds without a second answer. */
function sendStepAction(input: Mapping, context: Context): Mapping {
  const { stepExecutionId, imageBuildVersionArn, action, reason = '', clientToken } = parseAction(input);
  const step = findStep(stepExecutionId, context);
  if (step.imageArn !== imageBuildVersionArn)
    throw notFound(`${imageBuildVersionArn} does not have this step.`);
  const answer = { stepExecutionId, action, reason, clientToken };
  const before = context.state.answers.find((one) => one.clientToken === clientToken);
  if (before && JSON.stringify(before) !== JSON.stringify(answer)) {
    throw new ServiceError('IdempotentParameterMismatchException', 'The token was used for another request.');
  }
  if (!before) {
    if (stepStatus(stepExecutionId, context) !== 'RUNNING') {
      throw new ServiceError(
        'InvalidRequestException',
        `The step ${stepExecutionId} does not wait for an action.`,
      );
    }
    context.state.answers.push(answer);
  }
  return { stepExecutionId, imageBuildVersionArn, clientToken };
}

function parseAction(input: Mapping): Readonly<Record<string, string>> & StepAnswer {
  const { stepExecutionId, imageBuildVersionArn, action, reason, clientToken } = input;
  const isValid =
    /^step-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(String(stepExecutionId)) &&
    (action === 'RESUME' || action === 'STOP') &&
    (reason === undefined || (String(reason).length > 0 && String(reason).length <= 1024)) &&
    /^.{1,64}$/.test(String(clientToken));
  if (!isValid) throw new ServiceError('InvalidParameterValueException', 'A parameter is not valid.');
  return {
    stepExecutionId: String(stepExecutionId),
    imageBuildVersionArn: String(imageBuildVersionArn),
    action: String(action),
    reason: String(reason ?? ''),
    clientToken: String(clientToken),
  };
}

function stepStatus(id: string, context: Context): string {
  const { startedAt, timeoutSeconds } = findStep(id, context);
  const answer = findAnswer(id, context);
  if (answer) return answer.action === 'RESUME' ? 'COMPLETED' : 'FAILED';
  return context.now() < startedAt + timeoutSeconds * 1000 ? 'RUNNING' : 'FAILED';
}

function findAnswer(id: string, { state }: Context): StepAnswer | undefined {
  return state.answers.find(({ stepExecutionId }) => stepExecutionId === id);
}

function findStep(id: string, { state }: Context): WorkflowStep {
  const step = state.steps.get(id);
  if (!step) throw notFound(`The step ${id} does not exist.`);
  return step;
}

function notFound(message: string): ServiceError {
  return new ServiceError('ResourceNotFoundException', message, 404);
}
