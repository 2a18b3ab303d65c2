import { sendMessages } from '#shared/aws/sqs.ts';
import type { Failure, Round } from '../context.ts';
import { type Hold, heed, isOpen } from '../domain/hold-record.ts';
import { SWEEP_MS } from '../domain/resume-schedule.ts';
import { amendHolds } from './amend-holds.ts';
import { isBusy, isDue, takeTurns } from './decide-due-holds.ts';
import { type Finding, findOutlooks } from './evaluate-holds.ts';
import { dueMessage } from './event.ts';
import { reportOutlook } from './log.ts';
import { tellWhatIsOwed } from './notify.ts';

export interface Attention {
  /** Deployments that a message of their own names. */
  readonly named: ReadonlySet<string>;
  /** Whether all that fall due until the next sweep are to be reminded of, or only those this run has changed. */
  readonly remindsAll: boolean;
  /** Whether the sources are asked anew: an event says that they changed. A reminder takes the last minute's answer. */
  readonly fresh: boolean;
}

/** Asks what AWS Health says now, starts and ends cool-downs by it, and takes those up whose time has come. */
export async function attendTo(
  round: Round,
  holds: readonly Hold[],
  { fresh, named, remindsAll }: Attention,
): Promise<Failure[]> {
  const now = round.invocation.now();
  const open = holds.filter((hold) => isOpen(hold) && (!isBusy(hold, now) || named.has(hold.deployment)));
  const knowledge = { findings: await findOutlooks(round, open, fresh), named };
  const changed = await heedAll(round, open, knowledge.findings);
  const current = open.map((hold) => changed.get(hold.deployment) ?? hold);
  const due = new Set(current.filter((hold) => isDue(hold, round, knowledge)));
  const taken = await takeTurns(round, [...due], knowledge);
  if (round.config.dryRun) return [...taken.failures];
  const waiting = current.filter((hold) => !due.has(hold));
  const toRemind = remindsAll ? waiting : waiting.filter(({ deployment }) => changed.has(deployment));
  await remind(round, [...toRemind, ...taken.holds]);
  const ended = holds.filter((hold) => !isOpen(hold));
  return [...taken.failures, ...(await tellWhatIsOwed(round, [...waiting, ...ended]))];
}

/** Writes only what an outlook changes. @returns those */
async function heedAll(
  { config, invocation, use }: Round,
  open: readonly Hold[],
  findings: ReadonlyMap<string, Finding>,
): Promise<ReadonlyMap<string, Hold>> {
  const now = invocation.now();
  const next = (hold: Hold) => {
    const finding = findings.get(hold.deployment);
    return finding && heed(hold, finding.outlook, config, now);
  };
  const judged = new Map(open.filter(next).map((hold) => [hold.deployment, hold]));
  if (judged.size === 0 || config.dryRun) return new Map();
  const { noted } = await amendHolds(
    use,
    [...judged.keys()],
    // One that changed meanwhile is judged by the next sweep, from what it is then.
    (known, id) => {
      const draft = known && known.revision === judged.get(id)?.revision ? next(known) : undefined;
      return draft && { draft, note: findings.get(id)?.text ?? '' };
    },
    judged,
  );
  for (const { hold, note } of noted) reportOutlook(invocation, hold, note);
  return new Map(noted.map(({ hold }) => [hold.deployment, hold]));
}

/** What falls due before the next sweep gets a message of its own. What cannot be sent costs some minutes: the next sweep finds it overdue. */
async function remind({ config, invocation }: Round, holds: readonly Hold[]): Promise<void> {
  const now = invocation.now();
  const soon = holds.flatMap(({ deployment, retryAt = 0, status }) => {
    const ms = retryAt - now;
    if (status !== 'clearing' || ms <= 0 || ms > SWEEP_MS) return [];
    return [{ body: dueMessage(deployment, config.region, now), delaySeconds: Math.ceil(ms / 1000) }];
  });
  if (soon.length === 0) return;
  const sent = await sendMessages(config.queueUrl, soon, invocation.signal);
  const errors = sent.filter((error) => error !== undefined);
  if (errors.length > 0)
    invocation.logger.warn('reminders could not be sent', { messages: errors.length, error: errors[0] });
}
