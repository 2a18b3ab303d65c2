import { formatTime } from '#shared/time.ts';
import type { ApprovalRecord, HistoryEntry } from './approval-record.ts';
import type { Draft } from './record-key.ts';

/**
 * Who requested approval again and why, then how each earlier round ended. Empty in the first round. Mail and page begin
 * with these sentences, so that nobody undoes a rejection unseen.
 */
export function formatEarlierRounds({
  history,
  round,
  why,
}: Pick<Draft<ApprovalRecord>, 'history' | 'round' | 'why'>): string[] {
  if (round === 1) return [];
  const asked = history.find((entry) => entry.round === round && entry.what === 'asked');
  const who = asked?.who === undefined ? [] : [`${asked.who} requested approval again: ${quote(asked.why)}.`];
  const changed = why === undefined ? [] : [`Approval is requested again because ${why}.`];
  const rounds = Array.from({ length: round - 1 }, (_, i) => i + 1);
  return [...who, ...changed, ...rounds.map((one) => `Round ${one} ${formatEnding(history, one)}.`)];
}

function formatEnding(history: readonly HistoryEntry[], round: number): string {
  const entries = history.filter((entry) => entry.round === round);
  const rejection = entries.find(({ what }) => what === 'reject');
  const last = rejection ?? entries.at(-1);
  if (!last) return 'has no history';
  const when = `on ${formatTime(last.at)}`;
  switch (last.what) {
    case 'reject':
      return `was rejected by ${last.who ?? 'an unknown person'} ${when}: ${quote(last.why)}`;
    case 'expired':
      return `expired without a decision ${when}`;
    case 'outdated':
      return `was approved by ${approversIn(entries)}, but nothing was done, because ${last.why ?? 'the build changed'}`;
    case 'failed':
      return `was approved by ${approversIn(entries)}, but failed ${when}: ${last.why ?? 'the reason is unknown'}`;
    default:
      return `ended as ${last.what} ${when}${last.why === undefined ? '' : `: ${last.why}`}`;
  }
}

function approversIn(entries: readonly HistoryEntry[]): string {
  return entries
    .flatMap(({ what, who }) => (what === 'approve' && who !== undefined ? [who] : []))
    .join(', ');
}

function quote(text = 'no reason given'): string {
  return `“${text}”`;
}
