import { updateRecords } from '#shared/aws/update-records.ts';
import { sendMail } from '#shared/mail.ts';
import type { Run } from '../context.ts';
import { type Cordon, type Draft, withSteps } from '../domain/cordon-record.ts';
import { writeDigest } from '../messages/mail.ts';
import { type Case, fail, knownOf } from './work-item.ts';

/**
 * Writes the outcomes and claims the mail in the same write, then sends it. A crash in between loses this mail: people
 * are told at most once, since a second mail about a past danger is worse than a line in the log.
 */
export async function finish(run: Run, cases: readonly Case[]): Promise<void> {
  const byId = new Map(cases.map((one) => [one.instanceId, one]));
  const claimed = new Set<Case>();
  const { records, failures } = await updateRecords(
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
    one.record = records.get(one.instanceId) ?? one.record;
    if (failures.has(one.instanceId)) fail([one], 'record', failures.get(one.instanceId));
  }
  await notify(
    run,
    [...claimed].filter(({ instanceId }) => records.has(instanceId)),
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
  const instanceIds = cases.map(({ instanceId }) => instanceId);
  const mail = writeDigest(
    cases.map(({ record, outcomes, remarks }) => ({ cordon: record, outcomes, remarks })),
  );
  const result = await sendMail(run.config.topicArn, mail, run.invocation, { instanceIds });
  if (result.outcome === 'sent') for (const one of cases) one.outcomes.notify = 'sent';
  if (result.outcome !== 'refused') return;
  fail(cases, 'notify', result.error);
  const unclaim = (known: Cordon | undefined) => known && withoutClaim(known);
  await updateRecords(run.use, instanceIds, unclaim, knownOf(cases));
}

function withoutClaim(known: Cordon): Draft | undefined {
  if (known.steps.notify !== 'claimed') return undefined;
  const { notify: _notify, ...kept } = known.steps;
  return { ...known, steps: kept };
}
