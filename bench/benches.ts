import { measureColdStart } from './cold-start/cold-start.ts';
import { measureDiskAlarms } from './disk-alarms.ts';
import type { Progress } from './measure-ratios.ts';
import type { Report } from './output/report.ts';
import { measurePromotion } from './promotion/promotion.ts';
import { measureSpotMarket } from './spot-market/spot-market.ts';
import { measureStorm } from './storm/storm.ts';

export interface Bench {
  /** For `--only`, and for its files in docs/bench/. */
  readonly name: string;
  measure(progress: Progress): Promise<Report>;
}

export const benches: readonly Bench[] = [
  { name: 'cold-start', measure: measureColdStart },
  { name: 'disk-alarms', measure: measureDiskAlarms },
  { name: 'promotion', measure: measurePromotion },
  { name: 'spot-market', measure: measureSpotMarket },
  { name: 'storm', measure: measureStorm },
];
