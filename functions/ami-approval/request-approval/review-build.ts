import { findApprovedBuild } from '../aws/approvals-table.ts';
import { listPackages, listTestRuns } from '../aws/imagebuilder.ts';
import type { RequestContext } from '../context.ts';
import type { ApprovalSubject } from '../domain/approval-subject.ts';
import { keyOfApproved } from '../domain/approved-build.ts';
import { factsOf } from '../domain/build-facts.ts';
import { type BuildReview, reviewOf } from '../domain/build-review.ts';
import type { ImageBuild } from '../domain/image-build.ts';

/** Collects what helps to decide. Except for our own table, nothing that fails here fails the request. */
export async function reviewBuild(
  context: RequestContext,
  build: ImageBuild,
  subject: ApprovalSubject,
): Promise<BuildReview> {
  const { invocation, settings, table } = context;
  const { signal } = invocation;
  const approved = await findApprovedBuild(table, keyOfApproved(subject));
  const testRuns = await unlessFailed(context, build, () => listTestRuns(build.arn, signal));
  const packages = build.hasPackageList
    ? await unlessFailed(context, build, () => listPackages(build.arn, signal))
    : undefined;
  const facts = factsOf(build, packages);
  return reviewOf(build, { facts, testRuns, approved, accountNames: settings.accountNames });
}

/** The mail then says that it is not known. */
async function unlessFailed<T>(
  { invocation }: RequestContext,
  { arn }: ImageBuild,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (invocation.signal.aborted) throw error;
    invocation.logger.warn('build details not read: the request goes on without them', {
      imageArn: arn,
      error,
    });
    return undefined;
  }
}
