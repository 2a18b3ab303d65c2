import { describeKey, readKeyPolicy } from '#shared/aws/kms.ts';
import { mapLimit } from '#shared/concurrency.ts';
import { RetryableError } from '#shared/errors.ts';
import { sleep } from '#shared/time.ts';
import {
  addLaunchPermissions,
  addVolumePermissions,
  describeAmi,
  listSnapshotKeys,
  readLaunchPermissions,
  readVolumePermissions,
} from '../aws/ec2.ts';
import { getImage } from '../aws/imagebuilder.ts';
import type { ExecuteContext } from '../context.ts';
import type { ApprovalRecord, ShareResult } from '../domain/approval-record.ts';
import { outOfScopeReason } from '../domain/approval-scope.ts';
import { type Ami, driftReason } from '../domain/approval-subject.ts';
import { keyPolicyRemarks } from '../domain/key-policy.ts';
import { unusableKeyReason } from '../domain/kms-key.ts';
import {
  formatPermission,
  missingPermissions,
  type Permission,
  permissionsFor,
  type Targets,
} from '../domain/share-targets.ts';
import { type Ec2Image, notSharableReason } from '../domain/sharing-rules.ts';
import { type ExecutionResult, formatError, isFinalError } from './outcome.ts';

const MAX_PARALLEL_AMIS = 4;

/** Shares exactly what was approved: all AMIs, or none if one of them cannot be shared. */
export async function shareImage(context: ExecuteContext, record: ApprovalRecord): Promise<ExecutionResult> {
  const { config, invocation, settings } = context;
  const { subject } = record;
  try {
    const build = await getImage(subject.imageArn, invocation.signal);
    const outOfScope = outOfScopeReason(build, config.scope);
    if (outOfScope) return { status: 'cancelled', why: outOfScope };
    const drift = driftReason(record, build, settings.rulesFor(build.pipeline));
    if (drift) return { status: 'outdated', why: drift };
    const checks = await mapLimit(subject.amis, MAX_PARALLEL_AMIS, (ami) => checkAmi(context, record, ami));
    const refused = checks.flatMap(({ ami, refusal }) =>
      refusal ? [`${ami.id} in ${ami.region}: ${refusal}`] : [],
    );
    if (refused.length > 0) return { status: 'failed', why: refused.join('; ') };
    return await shareAll(context, record, checks);
  } catch (error) {
    return isFinalError(error) ? { status: 'failed', why: formatError(error) } : { error };
  }
}

interface AmiCheck {
  readonly ami: Ami;
  readonly image: Ec2Image | undefined;
  readonly refusal?: string;
  readonly remarks: readonly string[];
}

/** Checks the AMI again, because days may pass between the request and the approval. */
async function checkAmi(
  { invocation }: ExecuteContext,
  { subject }: ApprovalRecord,
  ami: Ami,
): Promise<AmiCheck> {
  const { signal } = invocation;
  const image = await describeAmi(ami.region, ami.id, signal);
  const refusal = notSharableReason(image, subject.imageArn, invocation.now());
  if (!image || refusal !== undefined || !image.isEncrypted) {
    return { ami, image, ...(refusal !== undefined && { refusal }), remarks: [] };
  }
  const remarks: string[] = [];
  const call = { region: ami.region, signal };
  for (const arn of await listSnapshotKeys(ami.region, image.snapshots, signal)) {
    const key = await describeKey(arn, call);
    const unusable = key && unusableKeyReason(key);
    if (unusable) return { ami, image, refusal: unusable, remarks };
    remarks.push(...keyPolicyRemarks(arn, await readKeyPolicy(arn, call), subject.targets));
  }
  return { ami, image, remarks };
}

/** Regions are independent: if one fails, the others are still shared. A retry skips what is shared. */
async function shareAll(
  { invocation }: ExecuteContext,
  { shares: known, subject }: ApprovalRecord,
  checks: readonly AmiCheck[],
): Promise<ExecutionResult> {
  const open = checks.filter(({ ami }) => known[ami.id]?.result !== 'shared');
  const retryable: unknown[] = [];
  const shares = await mapLimit(open, MAX_PARALLEL_AMIS, async (check) => {
    try {
      const remarks = await shareAmi(check, subject.targets, invocation.signal);
      return shareEntry(check.ami, 'shared', [...check.remarks, ...remarks]);
    } catch (error) {
      if (isFinalError(error)) return shareEntry(check.ami, 'failed', [formatError(error)]);
      retryable.push(error);
      return undefined;
    }
  });
  const done = Object.fromEntries(shares.filter((share) => share !== undefined));
  const failed = Object.values(done).filter(({ result }) => result === 'failed');
  if (retryable.length > 0) return { error: retryable[0], shares: done };
  if (failed.length === 0) return { status: 'shared', shares: done };
  return {
    status: 'failed',
    shares: done,
    why: `${failed.length} of ${checks.length} AMIs could not be shared`,
  };
}

function shareEntry(
  { id, region }: Ami,
  result: ShareResult['result'],
  remarks: readonly string[],
): readonly [string, ShareResult] {
  return [id, { region, result, remarks }];
}

/** @returns remarks for the users of the AMI */
async function shareAmi({ ami, image }: AmiCheck, targets: Targets, signal: AbortSignal): Promise<string[]> {
  const wanted = permissionsFor(targets);
  await addLaunchPermissions(ami, wanted, signal);
  const found = await waitForPermissions(wanted, () => readLaunchPermissions(ami, signal), signal);
  await shareSnapshots(ami.region, image?.snapshots ?? [], targets, signal);
  return found.some(({ Group }) => Group === 'all')
    ? [`it is already shared with ${formatPermission({ Group: 'all' })}`]
    : [];
}

/** An account needs the snapshots to copy an AMI, but not to launch it. */
async function shareSnapshots(
  region: string,
  snapshots: readonly string[],
  { copying }: Targets,
  signal: AbortSignal,
): Promise<void> {
  if (copying.length === 0) return;
  const wanted = copying.map((UserId) => ({ UserId }));
  for (const snapshot of snapshots) {
    await addVolumePermissions(region, snapshot, copying, signal);
    await waitForPermissions(wanted, () => readVolumePermissions(region, snapshot, signal), signal);
  }
}

const MAX_READS = 3;

/** Reads until all permissions are there: EC2 confirms a change before every read shows it. */
async function waitForPermissions(
  wanted: readonly Permission[],
  read: () => Promise<readonly Permission[]>,
  signal: AbortSignal,
): Promise<readonly Permission[]> {
  for (let attempt = 1; ; attempt++) {
    const found = await read();
    const missing = missingPermissions(wanted, found);
    if (missing.length === 0) return found;
    if (attempt === MAX_READS)
      throw new RetryableError(`EC2 does not show the added permissions yet: ${missing.join(', ')}`);
    await sleep(300 * attempt, signal);
  }
}
