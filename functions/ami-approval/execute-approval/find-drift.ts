import { getImage } from '../aws/imagebuilder.ts';
import type { Approval } from '../domain/approval-record.ts';
import { describeSubject, fingerprintOf, whatChanged } from '../domain/approval-subject.ts';
import type { ExecuteRun } from './outcome.ts';

/** What is no longer as it was when it was approved; undefined when it is all the same. */
export async function findDrift(
  { config, invocation }: ExecuteRun,
  { subject, fingerprint }: Approval,
): Promise<string | undefined> {
  const built = await getImage(subject.imageArn, invocation.signal);
  const rules = { targets: config.targets, barInitiator: false };
  const now = describeSubject(built, rules, subject.gate);
  return fingerprintOf(now) === fingerprint ? undefined : whatChanged(subject, now);
}
