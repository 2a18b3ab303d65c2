import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import type { RequestConfig } from '../config.ts';
import type { RequestContext } from '../context.ts';
import { createContext } from '../create-context.ts';
import { isApprovalStep } from '../domain/approval-scope.ts';
import type { TriggerEvent } from './event.ts';
import { findReachable } from './find-reachable.ts';
import { inviteApprovers } from './invite-approvers.ts';
import { planRequest, type RequestInput } from './plan-request.ts';
import { reportBuildFailure } from './report-build-failure.ts';
import { reviewBuild } from './review-build.ts';
import { saveFindings } from './save-findings.ts';
import { saveLinks, saveRound } from './save-request.ts';

/** Requests approval for builds and waiting steps, saves scan findings and reports failed builds. */
export async function requestApproval(
  events: readonly TriggerEvent[],
  config: RequestConfig,
  invocation: Invocation,
): Promise<object> {
  const context: RequestContext = await createContext(config, invocation);
  const outcomes: string[] = [];
  for (const event of events) outcomes.push(await handleEvent(context, event));
  return { outcomes };
}

async function handleEvent(context: RequestContext, event: TriggerEvent): Promise<string> {
  switch (event.kind) {
    case 'build available':
    case 'ask again':
      return request(context, event);
    case 'step waiting':
      return requestForStep(context, event);
    case 'due':
      if (event.due.next === 'ask') return request(context, event.due);
      return ignore(context, 'the event is for ExecuteApproval', event.due.imageArn);
    case 'findings':
      return saveFindings(context, event);
    case 'build failed':
      return reportBuildFailure(context, event);
    case 'irrelevant':
      return ignore(context, event.reason);
  }
}

/** The event names the step, so the steps of others cost no call. */
function requestForStep(
  context: RequestContext,
  event: TriggerEvent & { kind: 'step waiting' },
): Promise<string> | string {
  const { imageArn, stepExecutionId, stepName } = event;
  if (stepName === undefined || isApprovalStep(stepName, context.config.scope))
    return request(context, { imageArn, stepExecutionId });
  return ignore(context, `the workflow step ${stepName} matches no pattern in ApprovalSteps`, imageArn);
}

/** Opens a request or its next round and mails the approvers; completes what an earlier delivery left undone. */
async function request(context: RequestContext, input: RequestInput): Promise<string> {
  const { logger, metrics } = context.invocation;
  const { imageArn, stepExecutionId } = input;
  const opened = await openRequest(context, input);
  if ('skipReason' in opened) {
    const step = stepExecutionId !== undefined && { stepExecutionId };
    logger.info('approval not requested', { imageArn, ...step, reason: opened.skipReason });
    addCount(metrics, 'ApprovalNotRequested');
    return opened.skipReason;
  }
  if ('dryRun' in opened) {
    const { approvers } = opened;
    logger.info('approval requested', { imageArn, approvers, dryRun: true });
    addCount(metrics, 'ApprovalNotRequested');
    return 'dry run';
  }
  await inviteApprovers(context, opened);
  const { record, tokens, mails } = opened;
  const fields = { imageArn: record.subject.imageArn, part: record.part, approvers: tokens.size };
  if (mails !== 'invitations') {
    logger.info(mails === 'reminders' ? 'approvers reminded' : 'remaining approvers invited', fields);
    return mails === 'reminders' ? 'reminded' : 'invited';
  }
  const { round, required } = record;
  const expiresAt = new Date(record.expiresAt).toISOString();
  const by = input.reopening && { requestedBy: input.reopening.who };
  logger.info('approval requested', { ...fields, ...by, round, required, expiresAt });
  addCount(metrics, 'ApprovalRequested');
  return 'requested';
}

/** The record has the hashes of the links before a mail is sent. */
async function openRequest(context: RequestContext, input: RequestInput) {
  const plan = await planRequest(context, input);
  if ('due' in plan) return saveLinks(context, plan, await findReachable(context, plan.current));
  if (!('round' in plan)) return plan;
  const review = await reviewBuild(context, plan.build, plan.round.subject);
  return saveRound(context, plan, review, await findReachable(context, plan.round));
}

function ignore({ invocation }: RequestContext, reason: string, imageArn?: string): string {
  invocation.logger.info('event ignored', { ...(imageArn !== undefined && { imageArn }), reason });
  return reason;
}
