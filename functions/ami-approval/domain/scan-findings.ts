import type { Draft, Key } from './approval-record.ts';

/** What a scan found in an image: how many vulnerabilities of each severity. */
export interface Findings extends Key {
  readonly revision: string;
  readonly counts: Counts;
  /** When Image Builder told of them. */
  readonly at: number;
}

export interface Counts {
  readonly all: number;
  readonly critical: number;
  readonly high: number;
  readonly medium: number;
}

/** A build that failed, and the notice about it. */
export interface Failure extends Key {
  readonly revision: string;
  readonly imageArn: string;
  readonly reason: string;
  readonly at: number;
  readonly notice: 'claimed' | 'due';
}

/** Only by a later event than the one that is known. */
export function newerFindings(
  known: Findings | undefined,
  told: Draft<Findings>,
): Draft<Findings> | undefined {
  return known && known.at >= told.at ? undefined : told;
}

/** `2 critical, 5 high, 9 medium; 20 in all`; undefined when a scan found none. */
export function describeFindings({ counts }: Pick<Findings, 'counts'>): string | undefined {
  const { all, critical, high, medium } = counts;
  if (all === 0) return undefined;
  const known = Object.entries({ critical, high, medium }).filter(([, n]) => n > 0);
  const parts = known.map(([severity, n]) => `${n} ${severity}`).join(', ');
  return parts === '' ? `${all} in all` : `${parts}; ${all} in all`;
}
