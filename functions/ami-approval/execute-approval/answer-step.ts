import { hasName, RetryableError } from '#shared/errors.ts';
import { getImage, getStepExecution, sendStepAction } from '../aws/imagebuilder.ts';
import type { ExecuteContext } from '../context.ts';
import type { ApprovalRecord } from '../domain/approval-record.ts';
import { outOfScopeReason } from '../domain/approval-scope.ts';
import { driftReason } from '../domain/approval-subject.ts';
import { stepAnswerOf, type WaitingStep } from '../domain/workflow-step.ts';
import { closedOutcome, type ExecutionResult, formatError, isFinalError } from './outcome.ts';

/** Answers a waiting step of the scope: RESUME if it was approved and is still what was approved, otherwise STOP. */
export async function answerStep(
  { config, invocation, settings }: ExecuteContext,
  record: ApprovalRecord,
  stepExecutionId: string,
): Promise<ExecutionResult> {
  const { signal } = invocation;
  const { imageArn, workflowStep } = record.subject;
  const isApproved = record.status === 'approved';
  try {
    const build = await getImage(imageArn, signal);
    const outOfScope = outOfScopeReason(build, config.scope, workflowStep?.name);
    if (outOfScope) return { status: 'cancelled', why: outOfScope };
    const drift = isApproved ? driftReason(record, build, settings.rulesFor(build.pipeline)) : undefined;
    if (drift) return { status: 'outdated', why: drift };
    await sendAnswer({ stepExecutionId, imageArn }, record, signal);
    return { status: isApproved ? 'resumed' : closedOutcome(record) };
  } catch (error) {
    if (!isFinalError(error)) return { error };
    const step = workflowStep?.name ?? stepExecutionId;
    const why = `Image Builder did not accept the answer for the workflow step ${step} (${formatError(error)})`;
    return { status: isApproved ? 'failed' : closedOutcome(record), why };
  }
}

/** A step refuses a second answer, also after our first one succeeded and its response was lost. */
async function sendAnswer(step: WaitingStep, record: ApprovalRecord, signal: AbortSignal): Promise<void> {
  const answer = stepAnswerOf(record);
  try {
    await sendStepAction(step, answer, signal);
  } catch (error) {
    if (!isFinalError(error)) throw error;
    if (hasName(error, 'ResourceInUseException'))
      throw new RetryableError('the workflow step is busy', { cause: error });
    if ((await getStepExecution(step.stepExecutionId, signal)).action !== answer.action) throw error;
  }
}
