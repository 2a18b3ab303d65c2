import type { OutgoingEvent } from '#shared/aws/eventbridge.ts';
import { type Approval, approvalsOf, votesOf } from '../domain/approval-record.ts';

export const SOURCE = 'groundcrew.ami-approval';
/** Between the wing's own functions; rules of the template deliver it. */
export const DUE = 'AMI Approval Due';
const ENDED = 'AMI Approval Ended';

export type Next = 'ask' | 'act';

export interface DueDetail {
  readonly next: Next;
  readonly imageArn: string;
  readonly stepExecutionId?: string;
  /** For asking again: the round that is over. */
  readonly after?: number;
}

/** Has RequestApproval ask, or ExecuteApproval act. It says which request, and nothing of what to do with it. */
export function due(record: Pick<Approval, 'subject' | 'round'>, next: Next): OutgoingEvent {
  const { imageArn, gate } = record.subject;
  const step = gate && { stepExecutionId: gate.stepExecutionId };
  return dueFor({ next, imageArn, ...step, ...(next === 'ask' && { after: record.round }) });
}

export function dueFor(detail: DueDetail): OutgoingEvent {
  return { source: SOURCE, detailType: DUE, resources: [detail.imageArn], detail };
}

/** What machines are told when a request is over. */
export function ended(record: Omit<Approval, 'revision'>): OutgoingEvent {
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
      ...(subject.gate && { stepExecutionId: subject.gate.stepExecutionId }),
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
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  return `arn:${partition}:ec2:${region}::image/${id}`;
}
