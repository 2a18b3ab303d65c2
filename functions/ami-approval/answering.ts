import { hasName, Retryable } from '../../shared/errors.ts';
import type { Approval } from './approval.ts';
import { getImage, getStep, sendAction } from './aws/image-builder.ts';
import { type Acted, type ExecuteRun, isRefusal, sayError } from './execution.ts';
import { answerFor } from './gate.ts';
import { describeSubject, fingerprintOf, whatChanged } from './subject.ts';

/** Tells a waiting step what was decided: RESUME when it was approved and is still what was approved, else STOP. */
export async function answerStep(run: ExecuteRun, record: Approval, stepExecutionId: string): Promise<Acted> {
  const { signal } = run.tools;
  const { imageArn } = record.subject;
  try {
    const drift = record.status === 'approved' ? await findDrift(run, record) : undefined;
    if (drift) return { status: 'outdated', why: drift };
    await sendOnce({ stepExecutionId, imageArn }, record, signal);
    return { status: endOf(record) };
  } catch (error) {
    if (!isRefusal(error)) return { unfinished: error };
    const why = `its step ${record.subject.gate?.name ?? stepExecutionId} could not be answered (${sayError(error)})`;
    return { status: record.status === 'approved' ? 'failed' : endOf(record), why };
  }
}

type End = 'resumed' | 'rejected' | 'expired';

function endOf({ status }: Approval): End {
  if (status === 'approved') return 'resumed';
  return status === 'expired' ? 'expired' : 'rejected';
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
    if (hasName(error, 'ResourceInUseException')) throw new Retryable('the step is busy', { cause: error });
    if ((await getStep(step.stepExecutionId, signal)).action !== answer.action) throw error;
  }
}

async function findDrift(
  { config, tools }: ExecuteRun,
  { subject, fingerprint }: Approval,
): Promise<string | undefined> {
  const built = await getImage(subject.imageArn, tools.signal);
  const now = describeSubject(built, rulesOf(config.targets, subject.imageArn), subject.gate);
  return fingerprintOf(now) === fingerprint ? undefined : whatChanged(subject, now);
}

/** What the subject's fingerprint depends on; who may approve does not. */
export function rulesOf(targets: ExecuteRun['config']['targets'], imageArn: string) {
  return {
    accountId: imageArn.split(':')[4] ?? '',
    targets,
    approvers: [],
    required: 1,
    barInitiator: false,
  };
}
