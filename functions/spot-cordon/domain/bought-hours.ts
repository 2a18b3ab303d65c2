import { HOUR_MS } from '#shared/time.ts';
import { spotTarget, toDistribution } from './distribution.ts';
import type { Observation } from './fall-back.ts';
import type { FallBackDraft } from './fall-back-record.ts';

/** Hours of capacity, in the units of the group. */
export interface BoughtHours {
  /** On-Demand that the recorded distribution does not ask for. */
  readonly bought: number;
  /** The part of it that was in service, and without which the group would have been too small. */
  readonly saved: number;
}

export function boughtHours({ fallBack, measuredAt }: FallBackDraft, observed: Observation): BoughtHours {
  if (!fallBack) return { bought: 0, saved: 0 };
  const { capacity, group, now } = observed;
  const hours = Math.max(0, now - (measuredAt ?? fallBack.dryAt)) / HOUR_MS;
  const usual = group.desired - spotTarget(group.desired, toDistribution(fallBack.original));
  const extra = Math.max(0, capacity.onDemand - usual);
  const serving = Math.max(0, capacity.onDemandInService - usual);
  const missing = Math.max(0, group.desired - capacity.spot - Math.min(usual, capacity.onDemandInService));
  return { bought: extra * hours, saved: Math.min(serving, missing) * hours };
}
