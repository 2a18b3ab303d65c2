import { updateRecords } from '#shared/aws/records.ts';
import { isServiceResponse } from '#shared/errors.ts';
import { sendMail } from '#shared/mail.ts';
import { addCount } from '#shared/metrics.ts';
import { type Cordon, type Draft, withSteps } from '../domain/cordon-record.ts';
import { writeDigest } from '../messages/mail.ts';
import type { Run } from './run-step.ts';
import { type Case, fail, knownOf, unwritten } from './work-item.ts';

/**
 * Writes the outcomes and claims the mail in the same write, then sends it. A crash in between loses this mail: people
 * are told at most once, since a second mail about a past danger is worse than a line in the log.
 */
export async function finish(run: Run, cases: readonly Case[]): Promise<void> {
  const byId = new Map(cases.map((one) => [one.instanceId, one]));
  const claimed = new Set<Case>();
  const settled = await updateRecords(
    run.use,
    [...byId.keys()],
    (known, id) => {
      const one = byId.get(id);
      if (one) claimed.delete(one);
      if (!known || !one || !isSameCordon(known, one.record)) return undefined;
      const claims = known.steps.notify === undefined && one.outcomes.notify === undefined;
      if (claims) claimed.add(one);
      return conclude(known, one, claims);
    },
    knownOf(cases),
  );
  for (const one of cases) {
    one.record = settled.get(one.instanceId) ?? one.record;
    if (!settled.has(one.instanceId)) fail([one], 'record', unwritten());
  }
  await notify(
    run,
    [...claimed].filter(({ instanceId }) => settled.has(instanceId)),
  );
}

function conclude(known: Cordon, one: Case, claims: boolean): Draft {
  const outcomes = one.contested ? keepOpen(one.outcomes) : one.outcomes;
  const noted = withSteps(known, { ...outcomes, ...(claims && { notify: 'claimed' }) });
  return one.group ? { ...noted, group: one.group.name } : noted;
}

/** While a release may still be undoing them, or announcing its end, these steps are not done for good. */
function keepOpen(outcomes: Case['outcomes']): Case['outcomes'] {
  const { tag: _tag, announce: _announce, protect: _protect, drain: _drain, ...kept } = outcomes;
  return kept;
}

/** Outcomes belong to the danger they were done for; a worse one that came meanwhile has its own. */
function isSameCordon(a: Cordon, b: Cordon): boolean {
  const sameTimes = a.deadline === b.deadline && a.expiresAt === b.expiresAt;
  return a.severity === b.severity && a.status === b.status && sameTimes;
}

async function notify(run: Run, cases: readonly Case[]): Promise<void> {
  if (cases.length === 0) return;
  const { invocation, config } = run;
  const digest = writeDigest(
    cases.map(({ record, outcomes, remarks }) => ({ cordon: record, outcomes, remarks })),
  );
  try {
    await sendMail(config.topicArn, digest, invocation.signal);
    for (const one of cases) one.outcomes.notify = 'sent';
  } catch (error) {
    if (!isServiceResponse(error)) return doubt(run, cases, error);
    fail(cases, 'notify', error);
    const ids = cases.map(({ instanceId }) => instanceId);
    await updateRecords(run.use, ids, (known) => (known ? withoutClaim(known) : undefined), knownOf(cases));
  }
}

/** Nobody knows whether this mail went out, and nobody will. */
function doubt({ invocation }: Run, cases: readonly Case[], error: unknown): void {
  const instanceIds = cases.map(({ instanceId }) => instanceId);
  invocation.logger.error('a notice may not have gone out', { instanceIds, error });
  addCount(invocation.metrics, 'NoticeUncertain');
}

function withoutClaim(known: Cordon): Draft | undefined {
  if (known.steps.notify !== 'claimed') return undefined;
  const { notify: _notify, ...kept } = known.steps;
  return { ...known, steps: kept };
}
