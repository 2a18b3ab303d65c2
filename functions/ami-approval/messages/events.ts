import * as z from 'zod/mini';
import type { OutgoingEvent } from '#shared/aws/eventbridge.ts';
import { eventBridgeEvent } from '#shared/events/eventbridge.ts';
import { parseAs } from '#shared/parse.ts';
import { partitionOf } from '#shared/partitions.ts';
import { type ApprovalRecord, approvalsOf, votesOf } from '../domain/approval-record.ts';
import { BUILD_ARN } from '../domain/image-build.ts';
import type { Draft } from '../domain/record-key.ts';
import { STEP_EXECUTION_ID } from '../domain/workflow-step.ts';

export const SOURCE = 'groundcrew.ami-approval';
/** Between the functions of this wing; rules of the template deliver it. */
const DUE = 'AMI Approval Due';
const ENDED = 'AMI Approval Ended';

/** Names a request and who acts next: RequestApproval for `ask`, ExecuteApproval for `act`. */
export interface DueDetail {
  readonly next: 'ask' | 'act';
  readonly imageArn: string;
  readonly stepExecutionId?: string;
  /** The last round, if a new one is to be opened. */
  readonly after?: number;
}

const dueDetail = z.object({
  next: z.enum(['ask', 'act']),
  imageArn: z.string().check(z.regex(BUILD_ARN)),
  stepExecutionId: z.optional(z.string().check(z.regex(STEP_EXECUTION_ID))),
  after: z.optional(z.number().check(z.int(), z.positive())),
});

export function dueEvent(detail: DueDetail): OutgoingEvent {
  return { source: SOURCE, detailType: DUE, resources: [detail.imageArn], detail };
}

export function dueEventOf(
  record: Pick<ApprovalRecord, 'subject' | 'round'>,
  next: DueDetail['next'],
): OutgoingEvent {
  const { imageArn, workflowStep } = record.subject;
  return dueEvent({
    next,
    imageArn,
    ...(workflowStep && { stepExecutionId: workflowStep.stepExecutionId }),
    ...(next === 'ask' && { after: record.round }),
  });
}

/** @throws InvalidInputError if it is not an `AMI Approval Due` event */
export function parseDueEvent(event: unknown): DueDetail {
  const { detail } = parseAs(eventBridgeEvent(dueDetail, z.literal(DUE)), event, 'event');
  const { next, imageArn, stepExecutionId, after } = detail;
  return {
    next,
    imageArn,
    ...(stepExecutionId !== undefined && { stepExecutionId }),
    ...(after !== undefined && { after }),
  };
}

/** Published when a request is closed, for other systems. */
export function requestEndedEvent(record: Draft<ApprovalRecord>): OutgoingEvent {
  const { subject, status: outcome, round, shares, why } = record;
  const rejection = votesOf(record).find(({ what }) => what === 'reject');
  return {
    source: SOURCE,
    detailType: ENDED,
    resources: [subject.imageArn, ...subject.amis.map(({ region, id }) => amiArn(region, id))],
    detail: {
      outcome,
      imageArn: subject.imageArn,
      name: subject.name,
      version: subject.version,
      round,
      ...(subject.workflowStep && { stepExecutionId: subject.workflowStep.stepExecutionId }),
      amis: subject.amis.map(({ region, id }) => ({
        region,
        imageId: id,
        result: shares[id]?.result ?? 'none',
      })),
      recipients: subject.recipients,
      approvedBy: approvalsOf(record),
      ...(rejection && { rejectedBy: rejection.who, reason: rejection.why }),
      ...(why !== undefined && { why }),
    },
  };
}

function amiArn(region: string, id: string): string {
  return `arn:${partitionOf(region)}:ec2:${region}::image/${id}`;
}
