import type { Failure, Round } from '../context.ts';
import {
  type Draft,
  end,
  type Hold,
  holdOn,
  type Notice,
  owed,
  putOff,
  withClaim,
} from '../domain/hold-record.ts';
import { amendHolds } from './amend-holds.ts';
import { describe, reportDeferred, reportEnd, reportOutlook } from './log.ts';
import { tell } from './notify.ts';

/** How a turn at a deployment ended. */
export type Ending =
  | { readonly end: 'resumed' | 'dropped' | 'given up'; readonly why: string }
  | { readonly end: 'put off'; readonly why: string; readonly retryAt?: number }
  /** A claim of a run that died before it could act; the checks are not clear any more. */
  | { readonly end: 'held on'; readonly why: string };

/** A hold as it was when its turn ended, and how. */
export interface Turn {
  readonly hold: Hold;
  readonly ending: Ending;
}

/**
 * Writes the endings, each on condition that nobody wrote in between, with the claims of their mails; then sends those.
 *
 * @returns what failed, and the records as they are now
 */
export async function settle(
  round: Round,
  turns: readonly Turn[],
): Promise<{ readonly failures: readonly Failure[]; readonly holds: readonly Hold[] }> {
  const byDeployment = new Map(turns.map((turn) => [turn.hold.deployment, turn]));
  const now = round.invocation.now();
  const { noted, failures } = await amendHolds(
    round.use,
    [...byDeployment.keys()],
    (known, deployment) => {
      const turn = byDeployment.get(deployment);
      const settling = known && turn && conclude(known, turn, now);
      if (!settling) return undefined;
      const { draft, notice } = settling;
      return { draft: notice ? withClaim(draft, notice) : draft, note: { notice, ending: turn.ending } };
    },
    new Map(turns.map(({ hold }) => [hold.deployment, hold])),
  );
  for (const { hold, note } of noted) report(round, hold, note.ending);
  const told = noted.flatMap(({ hold, note: { notice } }) => (notice ? [{ hold, notice }] : []));
  return { holds: noted.map(({ hold }) => hold), failures: [...failures, ...(await tell(round, told))] };
}

interface Settling {
  readonly draft: Draft;
  readonly notice: Notice | undefined;
}

function conclude(known: Hold, { ending, hold }: Turn, now: number): Settling | undefined {
  if (known.revision !== hold.revision && !isSameClaim(known, hold))
    return concludeOvertaken(known, hold, ending);
  const draft = apply(known, ending, now);
  return draft && { draft, notice: ending.end === 'put off' ? undefined : owed(draft) };
}

/** Only an old event was taken note of meanwhile. */
function isSameClaim(known: Hold, hold: Hold): boolean {
  return known.status === 'retrying' && hold.status === 'retrying' && known.claimedAt === hold.claimedAt;
}

/** The gate was quicker to stop it again than this run to write that it was resumed: people are told all the same. */
function concludeOvertaken(known: Hold, hold: Hold, { end: ended }: Ending): Settling | undefined {
  const isHeldAgain = known.status !== 'resumed' && known.claimedAt === hold.claimedAt;
  if (ended !== 'resumed' || !isHeldAgain || known.notices.resumed === hold.attempts) return undefined;
  return { draft: known, notice: 'resumed' };
}

function apply(hold: Hold, ending: Ending, now: number): Draft | undefined {
  switch (ending.end) {
    case 'held on':
      return holdOn(hold);
    case 'put off': {
      const { retryAt = hold.retryAt ?? now, why } = ending;
      const isKnown = hold.status === 'clearing' && hold.waitsFor === why && hold.retryAt === retryAt;
      return isKnown ? undefined : putOff(hold, why, retryAt);
    }
    default:
      return end(hold, ending.end, ending.why, now);
  }
}

function report({ invocation }: Round, hold: Hold, ending: Ending): void {
  if (ending.end === 'held on') reportOutlook(invocation, hold, ending.why);
  else if (ending.end === 'put off') reportDeferred(invocation, hold);
  else reportEnd(invocation, hold, ending.end, ending.why);
}

/** A dry run's line in place of all that. */
export function rehearse({ invocation }: Round, { ending, hold }: Turn): void {
  invocation.logger.info('dry run: would be', { ...describe(hold), ...ending });
}
