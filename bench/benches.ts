import { measureApproval } from './approval/approval.ts';
import { measureColdStart } from './cold-start/cold-start.ts';
import { measureFirstEvent } from './cold-start/first-event.ts';
import { measureAlarms } from './disk-alarms/alarms.ts';
import { measureDiskAlarms } from './disk-alarms/disk-alarms.ts';
import { measureFollowRelease } from './follow-release/follow-release.ts';
import { measureGate } from './gate/gate.ts';
import type { Progress } from './measure-ratios.ts';
import type { Report } from './output/report.ts';
import { measurePromotion } from './promotion/promotion.ts';
import { measureSpotMarket } from './spot-market/spot-market.ts';
import { measureStorm } from './storm/storm.ts';
import { measureTerminationPolicy } from './termination-policy/termination-policy.ts';

export interface Bench {
  /** For `--only`, and for its files in docs/bench/. */
  readonly name: string;
  measure(progress: Progress): Promise<Report>;
}

export const benches: readonly Bench[] = [
  { name: 'alarms', measure: measureAlarms },
  { name: 'approval', measure: measureApproval },
  { name: 'cold-start', measure: measureColdStart },
  { name: 'disk-alarms', measure: measureDiskAlarms },
  { name: 'first-event', measure: measureFirstEvent },
  { name: 'follow-release', measure: measureFollowRelease },
  { name: 'gate', measure: measureGate },
  { name: 'promotion', measure: measurePromotion },
  { name: 'spot-market', measure: measureSpotMarket },
  { name: 'storm', measure: measureStorm },
  { name: 'termination-policy', measure: measureTerminationPolicy },
];
