import type { BuildRecordKey } from './record-key.ts';

/** A build that failed, and the mail about it. */
export interface BuildFailure extends BuildRecordKey {
  readonly revision: string;
  readonly imageArn: string;
  readonly reason: string;
  readonly at: number;
  /** `claimed`: sent, or lost. `due`: SNS refused it, so it is sent again. */
  readonly mailStatus: 'claimed' | 'due';
}
