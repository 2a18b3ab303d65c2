import { publishEvents } from '#shared/aws/eventbridge.ts';
import { updateRecords } from '#shared/aws/update-records.ts';
import { forEachIsolated } from '#shared/concurrency.ts';
import { readMemberships } from '../aws/auto-scaling.ts';
import { describeInstances, terminateInstance } from '../aws/ec2.ts';
import type { UncordonContext } from '../context.ts';
import type { CordonRecord } from '../domain/cordon-record.ts';
import { type OverdueStep, shouldTerminate } from '../domain/uncordon-decision.ts';
import { overdueEvent } from '../messages/events.ts';
import type { InstanceFailure } from './claimed-cordon.ts';
import { logOverdue, logOverdueKept, logOverdueTerminated } from './log.ts';

/** An instance that still runs long after its interruption deadline. */
export interface OverdueInstance {
  readonly record: CordonRecord;
  readonly next: OverdueStep;
  readonly isToTerminate: boolean;
}

const CALLS_AT_ONCE = 4;

/** Reports each overdue instance once, and terminates those whose owner wants that. */
export async function handleOverdue(
  context: UncordonContext,
  overdue: readonly OverdueInstance[],
): Promise<readonly InstanceFailure[]> {
  const byStep = Map.groupBy(overdue, ({ next }) => next);
  const failed = await reportOverdue(context, byStep.get('report') ?? []);
  const due = (byStep.get('terminate') ?? []).map(({ record }) => record);
  await terminateOverdue(context, due).catch((error: unknown) => {
    // Nothing is terminated that could not be looked at. The next sweep tries again.
    for (const record of due) logOverdueKept(context.invocation, record, error);
  });
  logOverdue(
    context.invocation,
    overdue.map(({ record }) => record),
  );
  return failed;
}

/** Publishes before it writes, so that no report is lost. MailCordons sends the mail of a repeated event only once. */
async function reportOverdue(
  { invocation, table }: UncordonContext,
  unreported: readonly OverdueInstance[],
): Promise<readonly InstanceFailure[]> {
  if (unreported.length === 0) return [];
  const errors = await publishEvents(
    unreported.map(({ record, isToTerminate }) => overdueEvent(record, isToTerminate)),
    invocation.signal,
  );
  const reported = unreported.filter((_, i) => errors[i] === undefined).map(({ record }) => record);
  const { failures } = await updateRecords<CordonRecord>(
    table,
    reported.map(({ instanceId }) => instanceId),
    (known) => known && { ...known, overdueSince: known.overdueSince ?? invocation.now() },
    new Map(reported.map((record) => [record.instanceId, record])),
  );
  const unpublished = unreported.flatMap(({ record: { instanceId } }, i) =>
    errors[i] === undefined ? [] : [{ instanceId, error: errors[i] }],
  );
  return [...unpublished, ...[...failures].map(([instanceId, error]) => ({ instanceId, error }))];
}

/** Looks again right before: somebody may have removed the tag or attached the instance to a group. */
async function terminateOverdue(
  { invocation }: UncordonContext,
  records: readonly CordonRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const { signal } = invocation;
  const ids = records.map(({ instanceId }) => instanceId);
  const [instances, groups] = await Promise.all([
    describeInstances(ids, signal),
    readMemberships(ids, signal),
  ]);
  await forEachIsolated(
    records,
    CALLS_AT_ONCE,
    async (record) => {
      const { instanceId } = record;
      if (groups.has(instanceId)) return logOverdueKept(invocation, record, 'in an Auto Scaling group');
      if (!shouldTerminate(instances.get(instanceId)))
        return logOverdueKept(invocation, record, 'its tag or state has changed');
      signal.throwIfAborted();
      await terminateInstance(instanceId, signal);
      logOverdueTerminated(invocation, record);
    },
    (record, error) => logOverdueKept(invocation, record, error),
  );
}
