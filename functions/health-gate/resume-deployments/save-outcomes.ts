import type { HoldFailure, ResumeContext } from '../context.ts';
import { pendingNotification, withNotificationClaim } from '../domain/hold-notifications.ts';
import type { HoldDraft, HoldRecord, NotificationKind } from '../domain/hold-record.ts';
import { closeHold, postpone, returnToHeld } from '../domain/hold-transitions.ts';
import type { HoldNotification } from '../messages/mail.ts';
import type { AttemptOutcome, ResumeAttempt } from './attempt-outcome.ts';
import { logClosed, logHealthStatus, logPostponed } from './log.ts';
import { updateHolds } from './update-holds.ts';

export interface SavedOutcomes {
  readonly holds: readonly HoldRecord[];
  /** The mails that the writes have claimed. */
  readonly notifications: readonly HoldNotification[];
  readonly failures: readonly HoldFailure[];
}

/** Saves the outcomes with conditional writes that also claim the mails. */
export async function saveOutcomes(
  context: ResumeContext,
  attempts: readonly ResumeAttempt[],
): Promise<SavedOutcomes> {
  const byDeployment = new Map(attempts.map((attempt) => [attempt.hold.deployment, attempt]));
  const now = context.invocation.now();
  const { updated, failures } = await updateHolds(
    context.holds,
    [...byDeployment.keys()],
    (known, deployment) => {
      const turn = byDeployment.get(deployment);
      const update = known && turn && applyOutcome(known, turn, now);
      if (!update) return undefined;
      const { draft, kind } = update;
      return {
        draft: kind ? withNotificationClaim(draft, kind) : draft,
        data: { kind, outcome: turn.outcome },
      };
    },
    new Map(attempts.map(({ hold }) => [hold.deployment, hold])),
  );
  for (const { hold, data } of updated) logOutcome(context, hold, data.outcome);
  const notifications = updated.flatMap(({ hold, data: { kind } }) => (kind ? [{ hold, kind }] : []));
  return { holds: updated.map(({ hold }) => hold), notifications, failures };
}

interface OutcomeUpdate {
  readonly draft: HoldDraft;
  readonly kind: NotificationKind | undefined;
}

function applyOutcome(
  known: HoldRecord,
  { outcome, hold }: ResumeAttempt,
  now: number,
): OutcomeUpdate | undefined {
  if (known.revision !== hold.revision && !isSameClaim(known, hold))
    return applyToNewerRecord(known, hold, outcome);
  const draft = nextDraft(known, outcome, now);
  return draft && { draft, kind: outcome.kind === 'postponed' ? undefined : pendingNotification(draft) };
}

/** The newer record differs only in its known runs: a late event was added. */
function isSameClaim(known: HoldRecord, hold: HoldRecord): boolean {
  return known.status === 'retrying' && hold.status === 'retrying' && known.claimedAt === hold.claimedAt;
}

/** A gate stopped the deployment again before this run saved that it was resumed: people are still notified. */
function applyToNewerRecord(
  known: HoldRecord,
  hold: HoldRecord,
  { kind: outcomeKind }: AttemptOutcome,
): OutcomeUpdate | undefined {
  const isHeldAgain = known.status !== 'resumed' && known.claimedAt === hold.claimedAt;
  if (outcomeKind !== 'resumed' || !isHeldAgain || known.notifications.resumed === hold.attempts)
    return undefined;
  return { draft: known, kind: 'resumed' };
}

function nextDraft(hold: HoldRecord, outcome: AttemptOutcome, now: number): HoldDraft | undefined {
  switch (outcome.kind) {
    case 'held again':
      return returnToHeld(hold);
    case 'postponed': {
      const { retryAt = hold.retryAt ?? now, reason } = outcome;
      const isKnown =
        hold.status === 'cooling down' && hold.waitReason === reason && hold.retryAt === retryAt;
      return isKnown ? undefined : postpone(hold, reason, retryAt);
    }
    default:
      return closeHold(hold, outcome.kind, outcome.reason, now);
  }
}

function logOutcome({ invocation }: ResumeContext, hold: HoldRecord, outcome: AttemptOutcome): void {
  if (outcome.kind === 'held again') logHealthStatus(invocation, hold, outcome.reason);
  else if (outcome.kind === 'postponed') logPostponed(invocation, hold);
  else logClosed(invocation, hold, outcome.kind, outcome.reason);
}
