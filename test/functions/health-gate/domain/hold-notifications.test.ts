import { describe, expect, it } from 'vitest';
import {
  pendingNotification,
  withNotificationClaim,
  withoutNotificationClaim,
} from '../../../../functions/health-gate/domain/hold-notifications.ts';
import { addFailure, closeHold } from '../../../../functions/health-gate/domain/hold-transitions.ts';
import { NOW } from '../examples.ts';
import { coolingDown, held, later, resumed, retrying } from '../hold-examples.ts';
import { config, gateFailure } from '../resume-account.ts';

describe('a mail', () => {
  const plain = { ...held, notifications: {} };
  it.each([
    ['held', plain, 'held'],
    ['cooling down', { ...coolingDown, notifications: {} }, 'held'],
    ['retrying', { ...retrying, notifications: {} }, undefined],
    ['resumed', resumed, 'resumed'],
    ['dropped', closeHold(plain, 'dropped', 'superseded', NOW), undefined],
    ['abandoned', closeHold(held, 'abandoned', 'too old', NOW), 'abandoned'],
  ])('is pending once for a hold that is %s', (_, hold, notice) => {
    expect(pendingNotification(hold)).toBe(notice);
    if (notice) expect(pendingNotification(withNotificationClaim(hold, notice as 'held'))).toBeUndefined();
  });

  it('is pending again after the next stop', () => {
    const again = addFailure(
      withNotificationClaim(resumed, 'resumed'),
      gateFailure('orders', 2, later),
      config,
      NOW,
    );
    expect(again && pendingNotification(again)).toBe('held');
  });

  it('that was refused is pending again', () => {
    for (const hold of [plain, resumed, closeHold(held, 'abandoned', 'too old', NOW)]) {
      const notice = pendingNotification(hold);
      if (!notice) throw new Error('nothing is owed');
      expect(pendingNotification(withoutNotificationClaim(withNotificationClaim(hold, notice), notice))).toBe(
        notice,
      );
    }
  });
});
