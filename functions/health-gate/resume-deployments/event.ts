import * as z from 'zod/mini';
import { InvalidInputError } from '#shared/errors.ts';
import { eventBridgeEvent, ownEvent } from '#shared/events/eventbridge.ts';
import { parseAs } from '#shared/parse.ts';
import { formatValue } from '#shared/redact.ts';

/** What triggers ResumeDeployments. Times are epoch milliseconds. */
export type TriggerEvent = { readonly kind: 'sweep' } | FailedAction | ClosedIssueEvent | DueEvent;

/** A failed Lambda action; most are not gates. */
export interface FailedAction {
  readonly kind: 'failed action';
  readonly account: string;
  readonly region: string;
  readonly time: number;
  readonly pipelineArn: string;
  readonly pipeline: string;
  readonly stage: string;
  readonly action: string;
  readonly executionId: string;
  readonly actionExecutionId: string;
  /** The two places of a gate's marker. AWS does not guarantee them for Lambda actions. */
  readonly externalId?: string | undefined;
  readonly summary?: string | undefined;
}

/** An issue that AWS has closed. Without a Region it may concern every hold. */
interface ClosedIssueEvent {
  readonly kind: 'closed issue';
  readonly region?: string | undefined;
}

/** The wing's own delayed message: a deployment is due. */
interface DueEvent {
  readonly kind: 'due';
  readonly deployment: string;
}

const name = z.string().check(z.regex(/^[A-Za-z0-9.@\-_]{1,100}$/));
const text = z.string().check(z.minLength(1));

const anyEvent = eventBridgeEvent(z.unknown());
const failedAction = eventBridgeEvent(
  z.object({
    pipeline: name,
    'execution-id': text,
    stage: name,
    action: name,
    'action-execution-id': text,
    state: z.literal('FAILED'),
    'execution-result': z.nullish(
      z.object({
        'external-execution-id': z.nullish(z.string()),
        'external-execution-summary': z.nullish(z.string()),
      }),
    ),
  }),
);
// Variants of the event (pages, copies in the backup Region) differ only in fields that we do not need.
const closedIssue = eventBridgeEvent(
  z.object({
    eventTypeCategory: z.literal('issue'),
    statusCode: z.literal('closed'),
    eventRegion: z.nullish(z.string()),
  }),
);
const due = eventBridgeEvent(z.object({ deployment: z.string().check(z.regex(/^[^/]+\/[^/]+\/[^/]+$/)) }));

/** Source and type of the delayed message. */
const DUE_EVENT = { source: 'groundcrew.health-gate', detailType: 'Deployment Due' } as const;

/** @throws InvalidInputError with the field and its value */
export function parseEvent(body: unknown): TriggerEvent {
  const type = parseAs(anyEvent, body, 'event')['detail-type'];
  switch (type) {
    case 'Scheduled Event':
      return { kind: 'sweep' };
    case 'CodePipeline Action Execution State Change':
      return parseFailedAction(body);
    case 'AWS Health Event':
      return { kind: 'closed issue', region: affectedRegion(parseAs(closedIssue, body, 'event').detail) };
    case DUE_EVENT.detailType:
      return { kind: 'due', deployment: parseAs(due, body, 'event').detail.deployment };
    default:
      throw new InvalidInputError(
        `detail-type: expected an event of this function, got ${formatValue(type)}`,
      );
  }
}

/** Contains only the deployment: its record is read when the message arrives. */
export function formatDueMessage(deployment: string, region: string, now: number): object {
  return ownEvent({ ...DUE_EVENT, id: `due-${deployment}`, detail: { deployment } }, region, now);
}

function parseFailedAction(body: unknown): FailedAction {
  const { account, detail, region, resources, time } = parseAs(failedAction, body, 'event');
  const [pipelineArn] = resources;
  if (!pipelineArn) throw new InvalidInputError('event: resources must contain the pipeline, got none');
  const result = detail['execution-result'];
  return {
    kind: 'failed action',
    account,
    region,
    time: Date.parse(time),
    pipelineArn,
    pipeline: detail.pipeline,
    stage: detail.stage,
    action: detail.action,
    executionId: detail['execution-id'],
    actionExecutionId: detail['action-execution-id'],
    externalId: result?.['external-execution-id'] ?? undefined,
    summary: result?.['external-execution-summary'] ?? undefined,
  };
}

/** The Region of the issue. A copy of the event may arrive in another Region. */
function affectedRegion({
  eventRegion,
}: {
  readonly eventRegion?: string | null | undefined;
}): string | undefined {
  return eventRegion?.trim().toLowerCase() || undefined;
}
