import * as z from 'zod/mini';
import { InvalidInputError, isRecord } from '#shared/errors.ts';
import { eventBridgeEvent } from '#shared/events/eventbridge.ts';
import { parseNotifications } from '#shared/events/sns.ts';
import { parseAs, parseJson } from '#shared/parse.ts';
import type { Counts } from '../domain/scan-findings.ts';
import { DUE, type DueDetail, SOURCE } from '../messages/events.ts';

/** What made RequestApproval run. */
export type Occasion =
  | { readonly kind: 'built'; readonly imageArn: string }
  | { readonly kind: 'broken'; readonly imageArn: string; readonly reason: string | undefined }
  | { readonly kind: 'waiting'; readonly imageArn: string; readonly stepExecutionId: string }
  | { readonly kind: 'scanned'; readonly imageArn: string; readonly counts: Counts; readonly at: number }
  | { readonly kind: 'due'; readonly due: DueDetail }
  | { readonly kind: 'none'; readonly why: string };

const BUILD_ARN = /^arn:aws[\w-]*:imagebuilder:[\w-]+:\d{12}:image\/[^/]+\/\d+\.\d+\.\d+\/\d+$/;

/** Anything else could pass for another record of the build. */
const STEP_ID = /^step-[0-9a-f-]{36}$/;
const stepId = z.string().check(z.regex(STEP_ID));

const state = z.object({ status: z.string(), reason: z.nullish(z.string()) });
const count = z._default(z.number().check(z.nonnegative()), 0);

const imageEvent = z.discriminatedUnion('detail-type', [
  eventBridgeEvent(z.object({ state }), z.literal('EC2 Image Builder Image State Change')),
  eventBridgeEvent(
    z.object({ 'workflow-step-execution-id': stepId }),
    z.literal('EC2 Image Builder Workflow Step Waiting'),
  ),
  eventBridgeEvent(
    z.object({
      'finding-severity-counts': z.object({ all: count, critical: count, high: count, medium: count }),
    }),
    z.literal('EC2 Image Builder CVE Detected'),
  ),
]);

const dueDetail = z.object({
  next: z.enum(['ask', 'act']),
  imageArn: z.string().check(z.regex(BUILD_ARN)),
  stepExecutionId: z.optional(stepId),
  after: z.optional(z.number().check(z.int(), z.positive())),
});

/** The message that Image Builder publishes to an infrastructure configuration's topic; `semver` is past 2^53. */
const imageMessage = z.object({ arn: z.string(), state });

/** An EventBridge event, an SNS notification of Image Builder's, or the wing's own event; throws BadInput. */
export function readOccasions(event: unknown): readonly Occasion[] {
  if (isRecord(event) && Array.isArray(event.Records)) {
    return parseNotifications(event).map(({ Message }) => readMessage(Message));
  }
  return [isOwn(event) ? { kind: 'due', due: readDue(event) } : readImageEvent(event)];
}

/** The wing's own event, as ExecuteApproval gets it. */
export function readDue(event: unknown): DueDetail {
  const { detail } = parseAs(eventBridgeEvent(dueDetail, z.literal(DUE)), event, 'event');
  const { next, imageArn, stepExecutionId, after } = detail;
  return {
    next,
    imageArn,
    ...(stepExecutionId !== undefined && { stepExecutionId }),
    ...(after !== undefined && { after }),
  };
}

function isOwn(event: unknown): boolean {
  return isRecord(event) && event.source === SOURCE;
}

function readMessage(text: string): Occasion {
  const { arn, state } = parseAs(imageMessage, parseJson(text, 'SNS message'), 'SNS message');
  return ofState(buildArn(arn, 'arn'), state.status, state.reason ?? undefined);
}

function readImageEvent(event: unknown): Occasion {
  const read = parseAs(imageEvent, event, 'event');
  const imageArn = buildArn(read.resources[0] ?? '', 'resources.0');
  switch (read['detail-type']) {
    case 'EC2 Image Builder Image State Change':
      return ofState(imageArn, read.detail.state.status, read.detail.state.reason ?? undefined);
    case 'EC2 Image Builder Workflow Step Waiting':
      return { kind: 'waiting', imageArn, stepExecutionId: read.detail['workflow-step-execution-id'] };
    case 'EC2 Image Builder CVE Detected':
      return {
        kind: 'scanned',
        imageArn,
        counts: read.detail['finding-severity-counts'],
        at: Date.parse(read.time),
      };
  }
}

function ofState(imageArn: string, status: string, reason: string | undefined): Occasion {
  if (status === 'AVAILABLE') return { kind: 'built', imageArn };
  if (status === 'FAILED') return { kind: 'broken', imageArn, reason };
  return { kind: 'none', why: `${imageArn} is ${status.slice(0, 40)}` };
}

function buildArn(text: string, field: string): string {
  if (BUILD_ARN.test(text)) return text;
  throw new InvalidInputError(
    `${field} must be the ARN of an image build version, got '${text.slice(0, 120)}'`,
  );
}
