import type { HoldFailure, ResumeContext } from '../context.ts';
import {
  closeHold,
  type HoldDraft,
  type HoldRecord,
  type NotificationKind,
  pendingNotification,
  postpone,
  returnToHeld,
  withNotificationClaim,
} from '../domain/hold-record.ts';
import { updateHolds } from './amend-holds.ts';
import { logClosed, logFields, logHealthStatus, logPostponed } from './log.ts';
import { notify } from './notify.ts';

/** How a turn at a deployment ended. */
export type AttemptOutcome =
  | { readonly kind: 'resumed' | 'dropped' | 'given up'; readonly reason: string }
  | { readonly kind: 'put off'; readonly reason: string; readonly retryAt?: number }
  /** A claim of a run that died before it could act; the checks are not clear any more. */
  | { readonly kind: 'held on'; readonly reason: string };

/** A hold as it was when its turn ended, and how. */
export interface ResumeAttempt {
  readonly hold: HoldRecord;
  readonly outcome: AttemptOutcome;
}

/**
 * Writes the endings, each on condition that nobody wrote in between, with the claims of their mails; then sends those.
 *
 * @returns what failed, and the records as they are now
 */
export async function saveOutcomes(
  round: ResumeContext,
  turns: readonly ResumeAttempt[],
): Promise<{ readonly failures: readonly HoldFailure[]; readonly holds: readonly HoldRecord[] }> {
  const byDeployment = new Map(turns.map((turn) => [turn.hold.deployment, turn]));
  const now = round.invocation.now();
  const { noted, failures } = await updateHolds(
    round.holds,
    [...byDeployment.keys()],
    (known, deployment) => {
      const turn = byDeployment.get(deployment);
      const settling = known && turn && applyOutcome(known, turn, now);
      if (!settling) return undefined;
      const { draft, notice } = settling;
      return {
        draft: notice ? withNotificationClaim(draft, notice) : draft,
        data: { notice, ending: turn.outcome },
      };
    },
    new Map(turns.map(({ hold }) => [hold.deployment, hold])),
  );
  for (const { hold, data } of noted) logOutcome(round, hold, data.ending);
  const told = noted.flatMap(({ hold, data: { notice } }) => (notice ? [{ hold, notice }] : []));
  return { holds: noted.map(({ hold }) => hold), failures: [...failures, ...(await notify(round, told))] };
}

interface OutcomeUpdate {
  readonly draft: HoldDraft;
  readonly notice: NotificationKind | undefined;
}

function applyOutcome(
  known: HoldRecord,
  { outcome, hold }: ResumeAttempt,
  now: number,
): OutcomeUpdate | undefined {
  if (known.revision !== hold.revision && !isSameClaim(known, hold))
    return applyToNewerRecord(known, hold, outcome);
  const draft = nextDraft(known, outcome, now);
  return draft && { draft, notice: outcome.kind === 'put off' ? undefined : pendingNotification(draft) };
}

/** Only an old event was taken note of meanwhile. */
function isSameClaim(known: HoldRecord, hold: HoldRecord): boolean {
  return known.status === 'retrying' && hold.status === 'retrying' && known.claimedAt === hold.claimedAt;
}

/** The gate was quicker to stop it again than this run to write that it was resumed: people are told all the same. */
function applyToNewerRecord(
  known: HoldRecord,
  hold: HoldRecord,
  { kind: ended }: AttemptOutcome,
): OutcomeUpdate | undefined {
  const isHeldAgain = known.status !== 'resumed' && known.claimedAt === hold.claimedAt;
  if (ended !== 'resumed' || !isHeldAgain || known.notifications.resumed === hold.attempts) return undefined;
  return { draft: known, notice: 'resumed' };
}

function nextDraft(hold: HoldRecord, ending: AttemptOutcome, now: number): HoldDraft | undefined {
  switch (ending.kind) {
    case 'held on':
      return returnToHeld(hold);
    case 'put off': {
      const { retryAt = hold.retryAt ?? now, reason } = ending;
      const isKnown = hold.status === 'clearing' && hold.waitReason === reason && hold.retryAt === retryAt;
      return isKnown ? undefined : postpone(hold, reason, retryAt);
    }
    default:
      return closeHold(hold, ending.kind, ending.reason, now);
  }
}

function logOutcome({ invocation }: ResumeContext, hold: HoldRecord, ending: AttemptOutcome): void {
  if (ending.kind === 'held on') logHealthStatus(invocation, hold, ending.reason);
  else if (ending.kind === 'put off') logPostponed(invocation, hold);
  else logClosed(invocation, hold, ending.kind, ending.reason);
}

/** A dry run's line in place of all that. */
export function logPlannedOutcome({ invocation }: ResumeContext, { outcome, hold }: ResumeAttempt): void {
  invocation.logger.info('dry run: would be', { ...logFields(hold), ...outcome });
}
