import type { BuildRecordKey, Draft } from './record-key.ts';

/** How many vulnerabilities of each severity a scan found in an image. */
export interface ScanFindings extends BuildRecordKey {
  readonly revision: string;
  readonly counts: SeverityCounts;
  /** When Image Builder reported them. */
  readonly at: number;
}

export interface SeverityCounts {
  readonly all: number;
  readonly critical: number;
  readonly high: number;
  readonly medium: number;
}

/** Counts of a scan and their time, from an event or from the request itself. */
export type ScanResult = Pick<ScanFindings, 'counts' | 'at'>;

/** @returns the reported findings, or undefined if the saved ones are as new: events arrive out of order */
export function newerFindings(
  known: ScanFindings | undefined,
  reported: Draft<ScanFindings>,
): Draft<ScanFindings> | undefined {
  return known && known.at >= reported.at ? undefined : reported;
}

/** `2 critical, 5 high, 9 medium; 20 in total`; undefined if there are none */
export function formatFindings({ counts }: Pick<ScanResult, 'counts'>): string | undefined {
  const { all, critical, high, medium } = counts;
  if (all === 0) return undefined;
  const found = Object.entries({ critical, high, medium }).filter(([, n]) => n > 0);
  const parts = found.map(([severity, n]) => `${n} ${severity}`).join(', ');
  return parts === '' ? `${all} in total` : `${parts}; ${all} in total`;
}
