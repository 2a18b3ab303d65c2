import { hasName, RetryableError } from '#shared/errors.ts';
import { getStep, sendAction } from '../aws/imagebuilder.ts';
import type { Approval } from '../domain/approval-record.ts';
import { answerFor } from '../domain/workflow-step.ts';
import { findDrift } from './find-drift.ts';
import { type Acted, type ExecuteRun, isRefusal, sayError, turnedDown } from './outcome.ts';

/** Tells a waiting step what was decided: RESUME when it was approved and is still what was approved, else STOP. */
export async function answerStep(run: ExecuteRun, record: Approval, stepExecutionId: string): Promise<Acted> {
  const { signal } = run.invocation;
  const { imageArn } = record.subject;
  try {
    const drift = record.status === 'approved' ? await findDrift(run, record) : undefined;
    if (drift) return { status: 'outdated', why: drift };
    await sendOnce({ stepExecutionId, imageArn }, record, signal);
    return { status: record.status === 'approved' ? 'resumed' : turnedDown(record) };
  } catch (error) {
    if (!isRefusal(error)) return { unfinished: error };
    const why = `its step ${record.subject.gate?.name ?? stepExecutionId} could not be answered (${sayError(error)})`;
    return { status: record.status === 'approved' ? 'failed' : turnedDown(record), why };
  }
}

/** A step that was answered refuses another answer, also ours when its first attempt went through unheard. */
async function sendOnce(
  step: { readonly stepExecutionId: string; readonly imageArn: string },
  record: Approval,
  signal: AbortSignal,
): Promise<void> {
  const answer = answerFor(record);
  try {
    await sendAction(step, answer, signal);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (hasName(error, 'ResourceInUseException'))
      throw new RetryableError('the step is busy', { cause: error });
    if ((await getStep(step.stepExecutionId, signal)).action !== answer.action) throw error;
  }
}
