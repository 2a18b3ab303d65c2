import { forEachIsolated } from '#shared/concurrency.ts';
import { isClientError, RetryableError } from '#shared/errors.ts';
import { lookAt } from '../aws/codepipeline.ts';
import { CALLS_AT_ONCE, demandTime, type Failure, type Round } from '../context.ts';
import { type Hold, isTooOld, LEASE_MS } from '../domain/hold-record.ts';
import { type Fate, fateOf } from '../domain/resume-decision.ts';
import type { Finding } from './evaluate-holds.ts';
import { endingOf, notAllowed, retryAll } from './retry-stage.ts';
import { type Ending, rehearse, settle, type Turn } from './save-outcomes.ts';

/** What a run knows of the deployments whose turn it is. */
export interface Knowledge {
  readonly findings: ReadonlyMap<string, Finding>;
  /** Named by a message of their own, which comes again if another run is busy with them. */
  readonly named: ReadonlySet<string>;
}

/** Whether somebody else resumes it just now, or died less than a lease ago. */
export function isBusy({ claimedAt = 0, status }: Hold, now: number): boolean {
  return status === 'retrying' && now - claimedAt <= LEASE_MS;
}

/** Whether its turn has come: its time, its age, or a claim that somebody left behind. */
export function isDue(
  hold: Hold,
  { config, invocation }: Pick<Round, 'config' | 'invocation'>,
  { findings, named }: Knowledge,
): boolean {
  const now = invocation.now();
  if (hold.status === 'retrying') return !isBusy(hold, now) || named.has(hold.deployment);
  if (isTooOld(hold, config, now)) return true;
  const isClear = findings.get(hold.deployment)?.outlook === 'clear';
  return hold.status === 'clearing' && isClear && (hold.retryAt ?? 0) <= now;
}

/**
 * Looks at the pipelines of those whose turn has come and does what is right for each: retries, lets go, gives up, puts
 * off. One that fails stops no other and stays on record.
 *
 * @returns what failed, and the records as they are now
 */
export async function takeTurns(
  round: Round,
  due: readonly Hold[],
  knowledge: Knowledge,
): Promise<{ readonly failures: readonly Failure[]; readonly holds: readonly Hold[] }> {
  if (due.length === 0) return { failures: [], holds: [] };
  // Before the looks: what a gate stops after its pipeline was looked at is news to the claim.
  const now = round.invocation.now();
  const failures: Failure[] = [];
  const turns: Turn[] = [];
  const ready: Hold[] = [];
  await forEachIsolated(
    due,
    CALLS_AT_ONCE,
    async (hold) => {
      const ending = weigh(round, hold, await decide(round, hold), knowledge);
      if (ending) turns.push({ hold, ending });
      else ready.push(hold);
    },
    ({ deployment }, error) => failures.push({ deployment, error }),
  );
  if (round.config.dryRun) return rehearseAll(round, turns, ready);
  const retried = await retryAll(round, ready, now);
  const settled = await settle(round, [...turns, ...retried.turns]);
  return { holds: settled.holds, failures: [...failures, ...retried.failures, ...settled.failures] };
}

async function decide({ config, invocation }: Round, hold: Hold): Promise<Fate> {
  demandTime(invocation);
  try {
    return fateOf(hold, await lookAt(hold, invocation.signal), config, invocation.now());
  } catch (error) {
    if (!isClientError(error)) throw error;
    return { fate: 'give up', why: notAllowed(error) };
  }
}

/** Undefined for one that is to be retried. */
function weigh({ invocation }: Round, hold: Hold, fate: Fate, { findings }: Knowledge): Ending | undefined {
  const finding = findings.get(hold.deployment);
  const isClear = finding?.outlook === 'clear';
  const stillThere = fate.fate !== 'going' && fate.fate !== 'drop';
  if (hold.status === 'retrying' && stillThere) {
    if (isBusy(hold, invocation.now())) throw new RetryableError('another run is resuming it');
    if (!isClear) return { end: 'held on', why: finding?.text ?? '' };
  }
  if (fate.fate === 'give up' && !isClear && finding)
    return { end: 'given up', why: `${fate.why}, and still: ${finding.text}` };
  return endingOf(fate, hold);
}

function rehearseAll(
  round: Round,
  turns: readonly Turn[],
  ready: readonly Hold[],
): { readonly failures: readonly Failure[]; readonly holds: readonly Hold[] } {
  const resumed = ready.map(
    (hold): Turn => ({ hold, ending: { end: 'resumed', why: 'the checks are clear' } }),
  );
  for (const turn of [...turns, ...resumed]) rehearse(round, turn);
  return { failures: [], holds: [] };
}
