import { ConfigurationError } from '#shared/errors.ts';
import { type BuildRecords, readBuildRecords } from '../aws/approvals-table.ts';
import { getImage, getStepExecution, type StepExecution } from '../aws/imagebuilder.ts';
import type { RequestContext } from '../context.ts';
import { type ApprovalRecord, keyOf } from '../domain/approval-record.ts';
import { outOfScopeReason } from '../domain/approval-scope.ts';
import {
  type ApprovalSubject,
  changeReason,
  createSubject,
  fingerprintOf,
} from '../domain/approval-subject.ts';
import { canOpenNextRound, type Reopening, type RoundInput } from '../domain/approval-transitions.ts';
import { withCurrentRules } from '../domain/current-rules.ts';
import type { ImageBuild } from '../domain/image-build.ts';
import { approversToInvite } from '../domain/invitations.ts';
import { type QuorumRules, quorumOf } from '../domain/quorum.ts';
import { approversToRemind, remindAtOf } from '../domain/reminders.ts';
import type { ScanFindings } from '../domain/scan-findings.ts';
import { hasTargets } from '../domain/share-targets.ts';
import { expiryOf } from '../domain/workflow-step.ts';

/** What needs approval: a build, or a waiting step of its workflow. */
export interface RequestInput {
  readonly imageArn: string;
  readonly stepExecutionId?: string;
  /** The last round, if a new one is to be opened. */
  readonly after?: number;
  /** The person who requests it. */
  readonly reopening?: Reopening;
}

/** A new round: what its record will say, except for the review. */
export interface PlannedRound {
  readonly input: RequestInput;
  readonly known: ApprovalRecord | undefined;
  readonly build: ImageBuild;
  readonly round: RoundInput;
  readonly findings: ScanFindings | undefined;
}

/** Mails of a request that is open already. */
export interface PlannedMails {
  /** As the table has it, and as the current settings see it. */
  readonly known: ApprovalRecord;
  readonly current: ApprovalRecord;
  readonly due: DueMails;
  readonly findings: ScanFindings | undefined;
}

type RequestPlan =
  | PlannedRound
  | PlannedMails
  | { readonly skipReason: string }
  | { readonly dryRun: true; readonly approvers: readonly string[] };

/** Reads the records and the build. @returns what is to be written, unless there is nothing to approve */
export async function planRequest(context: RequestContext, input: RequestInput): Promise<RequestPlan> {
  const { imageArn, stepExecutionId } = input;
  const { signal } = context.invocation;
  const { image, part } = keyOf(imageArn, stepExecutionId);
  const records = await readBuildRecords(context.table, image);
  const known = records.approvals.find((record) => record.part === part);
  const current = known && withCurrentRules(known, context.settings);
  const due = current && dueMailsOf(current, context.invocation.now());
  if (known && current && due)
    return context.config.dryRun
      ? { dryRun: true, approvers: due.to }
      : { known, current, due, findings: records.findings };
  const knownReason = knownRequestReason(input, known, records);
  if (knownReason) return { skipReason: knownReason };
  const build = await getImage(imageArn, signal);
  const step = stepExecutionId === undefined ? undefined : await getStepExecution(stepExecutionId, signal);
  const workflowStep =
    step && stepExecutionId !== undefined ? { stepExecutionId, name: step.name } : undefined;
  const outOfScope = outOfScopeReason(build, context.config.scope, step?.name);
  if (outOfScope) return { skipReason: outOfScope };
  const { excludeInitiator } = context.config;
  const rules = { ...context.settings.rulesFor(build.pipeline), excludeInitiator };
  const subject = createSubject(build, rules, workflowStep);
  const notApprovable = notApprovableReason(build, subject, step);
  if (notApprovable) return { skipReason: notApprovable };
  const round = createRound(context, { build, rules, subject, step, known, reopening: input.reopening });
  if (context.config.dryRun) return { dryRun: true, approvers: rules.approvers };
  return { input, known, build, round, findings: records.findings };
}

interface DueMails {
  readonly mails: 'missing invitations' | 'reminders';
  readonly to: readonly string[];
}

/** SNS refused some mails of an earlier delivery, there are new approvers, or half of the time is over. */
function dueMailsOf(current: ApprovalRecord, now: number): DueMails | undefined {
  if (current.status !== 'pending') return undefined;
  const toInvite = approversToInvite(current);
  if (toInvite.length > 0) return { mails: 'missing invitations', to: toInvite };
  const toRemind = approversToRemind(current, now);
  return toRemind.length > 0 ? { mails: 'reminders', to: toRemind } : undefined;
}

/** @returns why the records of the build leave nothing to request */
function knownRequestReason(
  { stepExecutionId, after, reopening }: RequestInput,
  known: ApprovalRecord | undefined,
  { approvals }: BuildRecords,
): string | undefined {
  if (after !== undefined) {
    if (!known) return 'there is no request to open again';
    return known.round === after && canOpenNextRound(known, reopening)
      ? undefined
      : notReopenedReason(known, reopening);
  }
  if (known) return `already requested, and the request is ${known.status}`;
  // One request per build: an approval of its workflow covers what the workflow distributes.
  const isByWorkflow = stepExecutionId === undefined && approvals.length > 0;
  return isByWorkflow ? 'its workflow has requested approval already' : undefined;
}

function notReopenedReason({ status, round }: ApprovalRecord, reopening: Reopening | undefined): string {
  const reason = `the request is ${status} in round ${round}`;
  return reopening || status === 'pending' ? reason : `${reason}, and only a direct call can open it again`;
}

/** AWS does not document one status for a waiting step, so every other status may be one. */
const finishedStatuses = ['CANCELLED', 'COMPLETED', 'FAILED', 'SKIPPED'];

/** @returns why Image Builder leaves nothing to approve */
function notApprovableReason(
  { type, status }: ImageBuild,
  subject: ApprovalSubject,
  step: StepExecution | undefined,
): string | undefined {
  if (type !== 'AMI') return `the image is of type ${type}, not AMI`;
  if (step)
    return finishedStatuses.includes(step.status)
      ? `the workflow step is ${step.status}, not waiting`
      : undefined;
  if (status !== 'AVAILABLE') return `the image is ${status}, not AVAILABLE`;
  if (subject.amis.length === 0) return 'the image has no AMI in this account';
  return hasTargets(subject.targets) ? undefined : 'no share targets are configured';
}

interface RoundSources {
  readonly build: ImageBuild;
  readonly rules: QuorumRules;
  readonly subject: ApprovalSubject;
  readonly step: StepExecution | undefined;
  readonly known: ApprovalRecord | undefined;
  readonly reopening: Reopening | undefined;
}

function createRound(
  { config, invocation }: RequestContext,
  { build, rules, subject, step, known, reopening }: RoundSources,
): RoundInput {
  const quorum = quorumOf(build, rules);
  if ('impossibleReason' in quorum)
    throw new ConfigurationError(`${build.arn} can never be approved: ${quorum.impossibleReason}`);
  const fingerprint = fingerprintOf(subject);
  const expiresAt = expiryOf(invocation.now(), config.expiryMs, step?.endsAt);
  const remindAt = remindAtOf(invocation.now(), expiresAt);
  const isChanged = known !== undefined && known.fingerprint !== fingerprint;
  return {
    subject,
    fingerprint,
    ...quorum,
    approvers: rules.approvers.map((address) => ({ address })),
    expiresAt,
    ...(remindAt !== undefined && { remindAt }),
    ...(isChanged && { why: changeReason(known.subject, subject) }),
    ...(reopening && { reopening }),
  };
}
