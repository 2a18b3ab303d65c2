import * as z from 'zod/mini';
import { InvalidInputError, isRecord } from '#shared/errors.ts';
import { eventBridgeEvent } from '#shared/events/eventbridge.ts';
import { parseNotifications } from '#shared/events/sns.ts';
import { parseAs, parseJson } from '#shared/parse.ts';
import type { Reopening } from '../domain/approval-transitions.ts';
import { BUILD_ARN } from '../domain/image-build.ts';
import { toSingleLine } from '../domain/plain-text.ts';
import type { SeverityCounts } from '../domain/scan-findings.ts';
import { STEP_EXECUTION_ID } from '../domain/workflow-step.ts';
import { type DueDetail, parseDueEvent, SOURCE } from '../messages/events.ts';

/** What starts RequestApproval. */
export type TriggerEvent =
  | { readonly kind: 'build available'; readonly imageArn: string }
  | { readonly kind: 'build failed'; readonly imageArn: string; readonly reason: string | undefined }
  | {
      readonly kind: 'step waiting';
      readonly imageArn: string;
      readonly stepExecutionId: string;
      /** The name of the step, if the event has it. */
      readonly stepName?: string;
    }
  | {
      readonly kind: 'findings';
      readonly imageArn: string;
      readonly counts: SeverityCounts;
      readonly at: number;
    }
  | { readonly kind: 'due'; readonly due: DueDetail }
  | ({ readonly kind: 'ask again' } & AskAgain)
  | { readonly kind: 'irrelevant'; readonly reason: string };

/** A direct call: a person requests approval again for a request that is closed. */
interface AskAgain {
  readonly imageArn: string;
  readonly stepExecutionId?: string;
  /** The last round. */
  readonly after: number;
  readonly reopening: Reopening;
}

const state = z.object({ status: z.string(), reason: z.nullish(z.string()) });
const count = z._default(z.number().check(z.nonnegative()), 0);

const waitingStep = z.object({
  'workflow-step-execution-id': z.string().check(z.regex(STEP_EXECUTION_ID)),
  'workflow-step-name': z.nullish(z.string()),
});

const imageEvent = z.discriminatedUnion('detail-type', [
  eventBridgeEvent(z.object({ state }), z.literal('EC2 Image Builder Image State Change')),
  eventBridgeEvent(waitingStep, z.literal('EC2 Image Builder Workflow Step Waiting')),
  eventBridgeEvent(
    z.object({
      'finding-severity-counts': z.object({ all: count, critical: count, high: count, medium: count }),
    }),
    z.literal('EC2 Image Builder CVE Detected'),
  ),
]);

const personalText = z.string().check(z.minLength(3), z.maxLength(500));

/** EventBridge and SNS cannot deliver this form: their events have other members on the first level. */
const askAgain = z.strictObject({
  action: z.literal('ask-again'),
  imageArn: z.string().check(z.regex(BUILD_ARN)),
  stepExecutionId: z.optional(z.string().check(z.regex(STEP_EXECUTION_ID))),
  after: z.number().check(z.int(), z.positive()),
  who: personalText,
  why: personalText,
});

/** The SNS message of an infrastructure configuration. Its `semver` is above 2^53, so nothing reads it. */
const imageMessage = z.object({ arn: z.string(), state });

/** @param event from EventBridge, SNS notifications of Image Builder, or a direct call @throws InvalidInputError */
export function parseEvents(event: unknown): readonly TriggerEvent[] {
  if (isRecord(event) && Array.isArray(event.Records)) {
    return parseNotifications(event).map(({ Message }) => parseImageMessage(Message));
  }
  if (isRecord(event) && 'action' in event) return [parseAskAgain(event)];
  return [isOwnEvent(event) ? { kind: 'due', due: parseDueEvent(event) } : parseImageEvent(event)];
}

function parseAskAgain(event: unknown): TriggerEvent {
  const { imageArn, stepExecutionId, after, who, why } = parseAs(askAgain, event, 'event');
  return {
    kind: 'ask again',
    imageArn,
    ...(stepExecutionId !== undefined && { stepExecutionId }),
    after,
    reopening: { who: toSingleLine(who, 500), why: toSingleLine(why, 500) },
  };
}

function isOwnEvent(event: unknown): boolean {
  return isRecord(event) && event.source === SOURCE;
}

function parseImageMessage(text: string): TriggerEvent {
  const { arn, state } = parseAs(imageMessage, parseJson(text, 'SNS message'), 'SNS message');
  return stateEvent(parseBuildArn(arn, 'arn'), state.status, state.reason ?? undefined);
}

function parseImageEvent(event: unknown): TriggerEvent {
  const parsed = parseAs(imageEvent, event, 'event');
  const imageArn = parseBuildArn(parsed.resources[0] ?? '', 'resources.0');
  switch (parsed['detail-type']) {
    case 'EC2 Image Builder Image State Change':
      return stateEvent(imageArn, parsed.detail.state.status, parsed.detail.state.reason ?? undefined);
    case 'EC2 Image Builder Workflow Step Waiting':
      return stepEvent(imageArn, parsed.detail);
    case 'EC2 Image Builder CVE Detected':
      return {
        kind: 'findings',
        imageArn,
        counts: parsed.detail['finding-severity-counts'],
        at: Date.parse(parsed.time),
      };
  }
}

function stepEvent(imageArn: string, detail: z.infer<typeof waitingStep>): TriggerEvent {
  const stepName = detail['workflow-step-name'] ?? undefined;
  const stepExecutionId = detail['workflow-step-execution-id'];
  return { kind: 'step waiting', imageArn, stepExecutionId, ...(stepName !== undefined && { stepName }) };
}

function stateEvent(imageArn: string, status: string, reason: string | undefined): TriggerEvent {
  if (status === 'AVAILABLE') return { kind: 'build available', imageArn };
  if (status === 'FAILED') return { kind: 'build failed', imageArn, reason };
  return { kind: 'irrelevant', reason: `${imageArn} is ${status.slice(0, 40)}` };
}

function parseBuildArn(text: string, field: string): string {
  if (BUILD_ARN.test(text)) return text;
  throw new InvalidInputError(
    `${field} must be the ARN of an image build version, got '${text.slice(0, 120)}'`,
  );
}
