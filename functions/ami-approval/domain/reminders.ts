import { HOUR_MS } from '#shared/time.ts';
import { type ApprovalRecord, votesOf } from './approval-record.ts';
import type { Tokens } from './invitations.ts';

/** A reminder some minutes after the invitation helps nobody. */
const MIN_OPEN_MS = 2 * HOUR_MS;

/** When approvers who have not voted get a reminder: at half time. Undefined if a request is open for a short time only. */
export function remindAtOf(now: number, expiresAt: number): number | undefined {
  return expiresAt - now < MIN_OPEN_MS ? undefined : now + (expiresAt - now) / 2;
}

/** @returns the addresses of those who have a link, have not voted and have not been reminded */
export function approversToRemind(
  record: Pick<ApprovalRecord, 'status' | 'remindAt' | 'expiresAt' | 'approvers' | 'history' | 'round'>,
  now: number,
): string[] {
  if (record.status !== 'pending' || !isReminderTime(record, now)) return [];
  const voters = votesOf(record).map(({ who }) => who);
  return record.approvers
    .filter(({ tokenHash, reminderHash }) => tokenHash !== undefined && reminderHash === undefined)
    .map(({ address }) => address)
    .filter((address) => !voters.includes(address));
}

function isReminderTime(
  { remindAt, expiresAt }: Pick<ApprovalRecord, 'remindAt' | 'expiresAt'>,
  now: number,
): boolean {
  return remindAt !== undefined && now >= remindAt && now < expiresAt;
}

/** Adds the hashes of links in reminders. The links of the invitations stay valid. */
export function addReminderHashes<R extends Pick<ApprovalRecord, 'approvers'>>(record: R, tokens: Tokens): R {
  const approvers = record.approvers.map((approver) => {
    const hash = tokens.get(approver.address)?.hash;
    return hash === undefined ? approver : { ...approver, reminderHash: hash };
  });
  return { ...record, approvers };
}

/** Who is invited after half time needs no reminder. */
export function withoutLateReminders<R extends Pick<ApprovalRecord, 'approvers' | 'remindAt' | 'expiresAt'>>(
  record: R,
  tokens: Tokens,
  now: number,
): R {
  return isReminderTime(record, now) ? addReminderHashes(record, tokens) : record;
}
