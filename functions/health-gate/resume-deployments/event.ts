import * as z from 'zod/mini';
import { InvalidInputError } from '#shared/errors.ts';
import { eventBridgeEvent, ownEvent } from '#shared/events/eventbridge.ts';
import { parseAs } from '#shared/parse.ts';
import { formatValue } from '#shared/redact.ts';
import { type EndedAction, parseEndedAction } from '../action-event.ts';

/** What triggers ResumeDeployments. Times are epoch milliseconds. */
export type TriggerEvent = { readonly kind: 'sweep' } | FailedAction | ClosedIssueEvent | DueEvent;

/** A failed Lambda action; most are not gates. */
export interface FailedAction extends EndedAction {
  readonly kind: 'failed action';
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

const anyEvent = eventBridgeEvent(z.unknown());
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
      return { kind: 'failed action', ...parseEndedAction(body, 'FAILED') };
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

/** The Region of the issue. A copy of the event may arrive in another Region. */
function affectedRegion({
  eventRegion,
}: {
  readonly eventRegion?: string | null | undefined;
}): string | undefined {
  return eventRegion?.trim().toLowerCase() || undefined;
}
