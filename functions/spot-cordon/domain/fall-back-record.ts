import type { LaunchFailure } from './cordon-record.ts';
import type { Distribution } from './distribution.ts';

/** What the table has about a group. Times are epoch milliseconds. */
export interface FallBackRecord {
  readonly group: string;
  readonly revision: string;
  /** Interruption notices of the last minutes. */
  readonly interruptions: readonly Interruption[];
  /** What we changed, while the group is fallen back. */
  readonly fallBack?: FallBack;
  /** How often Spot dried up again since the group first fell back: each time doubles the calm time. */
  readonly relapses: number;
  /** When the group last was back to what was recorded. */
  readonly returnedAt?: number;
  /** When people were last notified about a failure of this kind. */
  readonly notified: Readonly<Record<string, number>>;
  /** Until when the bought hours are counted. */
  readonly measuredAt?: number;
  /** A notice that nobody got yet. */
  readonly notice?: FallBackNotice;
}

export type FallBackDraft = Omit<FallBackRecord, 'revision'>;

export interface Interruption {
  readonly instanceId: string;
  readonly at: number;
}

export interface FallBack {
  /** The whole distribution before our first change. */
  readonly original: Distribution['members'];
  /** The bases that we wrote or are about to write last. With any other one, somebody else changed the group. */
  readonly bases: readonly number[];
  /** When Spot was last missing. */
  readonly dryAt: number;
  /** The last step of the way back. */
  readonly steppedAt?: number;
  /** How much the next step lowers the base. */
  readonly step: number;
}

/** A change, or a failure that a person must fix. */
export interface FallBackNotice {
  readonly kind: 'fell back' | 'step' | 'returned' | 'let go' | 'failure';
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly failure?: FailureNotice;
}

export type FailureNotice = LaunchFailure | 'no On-Demand capacity';

export function newRecord(group: string): FallBackDraft {
  return { group, interruptions: [], relapses: 0, notified: {} };
}
