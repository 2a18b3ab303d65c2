import { setTimeout as pause } from 'node:timers/promises';
import { mapLimit } from '#shared/concurrency.ts';
import { RetryableError } from '#shared/errors.ts';
import {
  addLaunchPermissions,
  addVolumePermissions,
  describeAmi,
  keysOf,
  readLaunchPermissions,
  readVolumePermissions,
} from '../aws/ec2.ts';
import { describeKey, readKeyPolicy } from '../aws/kms.ts';
import type { Approval, Share } from '../domain/approval-record.ts';
import type { Ami } from '../domain/approval-subject.ts';
import { whoCannotUse, whyUnusable } from '../domain/kms-key.ts';
import {
  labelOf,
  missingFrom,
  type Permission,
  permissionsFor,
  type Targets,
} from '../domain/share-targets.ts';
import { type SeenAmi, whyNot } from '../domain/sharing-rules.ts';
import { findDrift } from './find-drift.ts';
import { type Acted, type ExecuteRun, isRefusal, sayError } from './outcome.ts';

/** Regions worked on at a time. */
const AT_ONCE = 4;

/** Shares exactly what was approved: every AMI or, when one must not be shared, none. */
export async function shareImage(run: ExecuteRun, record: Approval): Promise<Acted> {
  const { subject } = record;
  try {
    const drift = await findDrift(run, record);
    if (drift) return { status: 'outdated', why: drift };
    const checked = await mapLimit(subject.amis, AT_ONCE, (ami) => check(run, record, ami));
    const refused = checked.flatMap(({ ami, refusal }) =>
      refusal ? [`${ami.id} in ${ami.region}: ${refusal}`] : [],
    );
    if (refused.length > 0) return { status: 'failed', why: refused.join('; ') };
    return await shareAll(run, record, checked);
  } catch (error) {
    return isRefusal(error) ? { status: 'failed', why: sayError(error) } : { unfinished: error };
  }
}

interface Checked {
  readonly ami: Ami;
  readonly seen: SeenAmi | undefined;
  readonly refusal?: string;
  readonly remarks: readonly string[];
}

/** Looks again at what is to be shared: days may lie between the request and the click. */
async function check({ invocation }: ExecuteRun, { subject }: Approval, ami: Ami): Promise<Checked> {
  const { signal } = invocation;
  const seen = await describeAmi(ami.region, ami.id, signal);
  const refusal = whyNot(seen, subject.imageArn, invocation.now());
  if (!seen || refusal !== undefined || !seen.isEncrypted) {
    return { ami, seen, ...(refusal !== undefined && { refusal }), remarks: [] };
  }
  const remarks: string[] = [];
  for (const arn of await keysOf(ami.region, seen.snapshots, signal)) {
    const unusable = whyUnusable(await describeKey(ami.region, arn, signal));
    if (unusable) return { ami, seen, refusal: unusable, remarks };
    remarks.push(...whoCannotUse(await readKeyPolicy(ami.region, arn, signal), subject.targets));
  }
  return { ami, seen, remarks };
}

/** A Region that fails stops no other, and what is done is not done again. */
async function shareAll(run: ExecuteRun, record: Approval, checked: readonly Checked[]): Promise<Acted> {
  const open = checked.filter(({ ami }) => record.shares[ami.id]?.result !== 'shared');
  const passing: unknown[] = [];
  const shares = await mapLimit(open, AT_ONCE, async (one): Promise<[string, Share] | undefined> => {
    const { region, id } = one.ami;
    try {
      const remarks = [
        ...one.remarks,
        ...(await shareOne(one, record.subject.targets, run.invocation.signal)),
      ];
      return [id, { region, result: 'shared', remarks }];
    } catch (error) {
      if (isRefusal(error)) return [id, { region, result: 'failed', remarks: [sayError(error)] }];
      passing.push(error);
      return undefined;
    }
  });
  const done = Object.fromEntries(shares.filter((share) => share !== undefined));
  const failed = Object.values(done).filter(({ result }) => result === 'failed');
  if (passing.length > 0) return { unfinished: passing[0], shares: done };
  if (failed.length === 0) return { status: 'shared', shares: done };
  return {
    status: 'failed',
    shares: done,
    why: `${failed.length} of ${checked.length} AMIs could not be shared`,
  };
}

/** @returns what the users of the AMI should know */
async function shareOne({ ami, seen }: Checked, targets: Targets, signal: AbortSignal): Promise<string[]> {
  const wanted = permissionsFor(targets);
  await addLaunchPermissions(ami, wanted, signal);
  const found = await verify(wanted, () => readLaunchPermissions(ami, signal), signal);
  await shareSnapshots(ami.region, seen?.snapshots ?? [], targets, signal);
  return found.some(({ Group }) => Group === 'all')
    ? [`it is shared with ${labelOf({ Group: 'all' })} already`]
    : [];
}

/** Whoever copies an AMI needs its snapshots; whoever launches it does not. */
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
    await verify(wanted, () => readVolumePermissions(region, snapshot, signal), signal);
  }
}

const READS = 3;

/** Reads back until everything is there: EC2 answers a change before all of it can be seen. */
async function verify(
  wanted: readonly Permission[],
  read: () => Promise<readonly Permission[]>,
  signal: AbortSignal,
): Promise<readonly Permission[]> {
  for (let round = 1; ; round++) {
    const found = await read();
    const missing = missingFrom(wanted, found);
    if (missing.length === 0) return found;
    if (round === READS) throw new RetryableError(`EC2 does not show what was added: ${missing.join(', ')}`);
    await pause(300 * round, undefined, { signal });
  }
}
