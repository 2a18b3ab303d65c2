import type { Mapping } from '../../json.ts';
import { defineStandIn, type StandInContext } from '../emulated-service.ts';
import { ServiceError } from '../response.ts';

/** What the account's Image Builder holds; a scenario fills it. */
export interface ImageBuilderState {
  /** By build version ARN, as GetImage answers them. */
  readonly images: Map<string, Mapping>;
  /** Steps of running workflows, by id. */
  readonly steps: Map<string, WorkflowStep>;
  /** What steps were told, in order. */
  readonly answers: StepAnswer[];
}

export interface WorkflowStep {
  readonly imageArn: string;
  readonly name: string;
  /** Milliseconds of the epoch. */
  readonly startedAt: number;
  readonly timeoutSeconds: number;
}

export interface StepAnswer {
  readonly stepExecutionId: string;
  readonly action: string;
  readonly reason: string;
  readonly clientToken: string;
}

type Context = StandInContext<ImageBuilderState>;

/** moto has no Image Builder. */
export default defineStandIn<ImageBuilderState>({
  service: 'imagebuilder',
  createState: () => ({ images: new Map(), steps: new Map(), answers: [] }),
  operations: {
    GetImage: ({ imageBuildVersionArn: arn }, { state }) => {
      const image = state.images.get(String(arn));
      if (!image) throw notFound(`The image ${arn} does not exist.`);
      return { requestId: 'local', image };
    },
    GetWorkflowStepExecution: ({ stepExecutionId }, context) => describe(String(stepExecutionId), context),
    ListWaitingWorkflowSteps: listWaiting,
    SendWorkflowStepAction: sendAction,
  },
});

function describe(id: string, context: Context): Mapping {
  const step = find(id, context);
  const answer = answerOf(id, context);
  return {
    requestId: 'local',
    stepExecutionId: id,
    imageBuildVersionArn: step.imageArn,
    name: step.name,
    action: 'WaitForAction',
    status: statusOf(id, context),
    startTime: new Date(step.startedAt).toISOString(),
    timeoutSeconds: step.timeoutSeconds,
    ...(answer && { outputs: JSON.stringify({ action: answer.action, reason: answer.reason }) }),
  };
}

/** 25 a page at most. */
function listWaiting({ maxResults = 25, nextToken }: Mapping, context: Context): Mapping {
  if (Number(maxResults) > 25) throw new ServiceError('InvalidRequestException', 'maxResults is at most 25.');
  const waiting = [...context.state.steps].filter(([id]) => statusOf(id, context) === 'RUNNING');
  const start = nextToken === undefined ? 0 : Number(nextToken);
  const end = start + Number(maxResults);
  return {
    steps: waiting.slice(start, end).map(([stepExecutionId, { imageArn, name }]) => ({
      stepExecutionId,
      imageBuildVersionArn: imageArn,
      name,
      action: 'WaitForAction',
    })),
    ...(end < waiting.length && { nextToken: String(end) }),
  };
}

/** A step takes one answer; the same request under the same token is that answer once more. */
function sendAction(input: Mapping, context: Context): Mapping {
  const { stepExecutionId, imageBuildVersionArn, action, reason = '', clientToken } = readAction(input);
  const step = find(stepExecutionId, context);
  if (step.imageArn !== imageBuildVersionArn) throw notFound(`${imageBuildVersionArn} has no such step.`);
  const answer = { stepExecutionId, action, reason, clientToken };
  const before = context.state.answers.find((one) => one.clientToken === clientToken);
  if (before && JSON.stringify(before) !== JSON.stringify(answer)) {
    throw new ServiceError('IdempotentParameterMismatchException', 'The token was used for another request.');
  }
  if (!before) {
    if (statusOf(stepExecutionId, context) !== 'RUNNING') {
      throw new ServiceError('InvalidRequestException', `The step ${stepExecutionId} waits for no action.`);
    }
    context.state.answers.push(answer);
  }
  return { stepExecutionId, imageBuildVersionArn, clientToken };
}

function readAction(input: Mapping): Readonly<Record<string, string>> & StepAnswer {
  const { stepExecutionId, imageBuildVersionArn, action, reason, clientToken } = input;
  const isSound =
    /^step-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(String(stepExecutionId)) &&
    (action === 'RESUME' || action === 'STOP') &&
    (reason === undefined || (String(reason).length > 0 && String(reason).length <= 1024)) &&
    /^.{1,64}$/.test(String(clientToken));
  if (!isSound) throw new ServiceError('InvalidParameterValueException', 'A parameter is not valid.');
  return {
    stepExecutionId: String(stepExecutionId),
    imageBuildVersionArn: String(imageBuildVersionArn),
    action: String(action),
    reason: String(reason ?? ''),
    clientToken: String(clientToken),
  };
}

function statusOf(id: string, context: Context): string {
  const { startedAt, timeoutSeconds } = find(id, context);
  const answer = answerOf(id, context);
  if (answer) return answer.action === 'RESUME' ? 'COMPLETED' : 'FAILED';
  return context.now() < startedAt + timeoutSeconds * 1000 ? 'RUNNING' : 'FAILED';
}

function answerOf(id: string, { state }: Context): StepAnswer | undefined {
  return state.answers.find(({ stepExecutionId }) => stepExecutionId === id);
}

function find(id: string, { state }: Context): WorkflowStep {
  const step = state.steps.get(id);
  if (!step) throw notFound(`The step ${id} does not exist.`);
  return step;
}

function notFound(message: string): ServiceError {
  return new ServiceError('ResourceNotFoundException', message, 404);
}
