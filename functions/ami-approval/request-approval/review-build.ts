import { findApprovedBuild } from '../aws/approvals-table.ts';
import { countFindings, listPackages, listTestRuns } from '../aws/imagebuilder.ts';
import type { RequestContext } from '../context.ts';
import type { ApprovalSubject } from '../domain/approval-subject.ts';
import { keyOfApproved } from '../domain/approved-build.ts';
import { factsOf } from '../domain/build-facts.ts';
import { type BuildReview, reviewOf } from '../domain/build-review.ts';
import type { ImageBuild } from '../domain/image-build.ts';
import type { ScanResult } from '../domain/scan-findings.ts';

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
  const sources = { testRuns, approved, accountNames: settings.accountNames };
  const scanResult = await readScanResult(context, build);
  return reviewOf(build, { ...sources, facts: factsOf(build, packages), scanResult });
}

/** Events about findings can be lost, and a scan without findings sends none. */
async function readScanResult(context: RequestContext, build: ImageBuild): Promise<ScanResult | undefined> {
  if (build.scan !== 'COMPLETED') return undefined;
  const { now, signal } = context.invocation;
  const counts = await unlessFailed(context, build, () => countFindings(build.arn, signal));
  return counts && { counts, at: now() };
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
