import { sha256 } from '#shared/hash.ts';
import type { ApprovalSubject } from './approval-subject.ts';
import type { BuildFacts } from './build-facts.ts';
import type { BuildRecordKey, Draft } from './record-key.ts';

/** The last approved build of an image pipeline, to which the next one is compared. */
export interface ApprovedBuild extends BuildRecordKey {
  readonly revision: string;
  readonly imageArn: string;
  readonly version: string;
  /** When it was approved. */
  readonly at: number;
  readonly facts: BuildFacts;
}

/** Builds without a pipeline are compared to those of the same image name. */
export function keyOfApproved({
  pipeline,
  name,
}: Pick<ApprovalSubject, 'pipeline' | 'name'>): BuildRecordKey {
  const origin = pipeline === undefined ? `image ${name}` : `pipeline ${pipeline}`;
  return { image: sha256(origin, 32), part: 'approved' };
}

/** What of a closed request counts. */
interface ClosedBuild {
  readonly status: string;
  readonly subject: ApprovalSubject;
  readonly decidedAt?: number;
  readonly review?: { readonly facts: BuildFacts };
}

/** @returns the record that a closed request leaves behind, or undefined if it has no effect or a later build is known */
export function newerApproved(
  known: ApprovedBuild | undefined,
  { status, subject, decidedAt, review }: ClosedBuild,
): Draft<ApprovedBuild> | undefined {
  if ((status !== 'shared' && status !== 'resumed') || !review || decidedAt === undefined) return undefined;
  if (known && known.at >= decidedAt) return undefined;
  const { imageArn, version } = subject;
  return { ...keyOfApproved(subject), imageArn, version, at: decidedAt, facts: review.facts };
}
