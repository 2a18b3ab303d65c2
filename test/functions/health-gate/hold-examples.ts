import type { HoldDraft } from '../../../functions/health-gate/domain/hold-record.ts';
import { claimRetry, closeHold } from '../../../functions/health-gate/domain/hold-transitions.ts';
import { NOW } from './examples.ts';
import { keep, MINUTE } from './resume-account.ts';

// One deployment on its way, and a time after it.

export const held = keep('orders');
export const coolingDown: HoldDraft = {
  ...held,
  status: 'cooling down',
  clearSince: NOW,
  retryAt: NOW + 15 * MINUTE,
};
export const retrying = claimRetry(coolingDown, NOW + 15 * MINUTE);
export const resumed = closeHold(retrying, 'resumed', 'the checks are clear', NOW + 15 * MINUTE);
export const later = { at: NOW + 20 * MINUTE };
