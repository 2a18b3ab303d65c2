import { describe, expect, it } from 'vitest';
import {
  addFailure,
  alreadyClosedReason,
  applyHealthStatus,
  attemptsMade,
  claimRetry,
  closeHold,
  type HealthStatus,
  type HoldDraft,
  pendingNotification,
  postpone,
  returnToHeld,
  type Status,
  withNotificationClaim,
  withoutNotificationClaim,
} from '../../../functions/health-gate/domain/hold-record.ts';
import { resumeAt } from '../../../functions/health-gate/domain/resume-schedule.ts';
import { NOW, policy } from './examples.ts';
import { config, HOUR, keep, MINUTE, stoppage } from './resume-account.ts';

const held = keep('orders');
const clearing: HoldDraft = { ...held, status: 'clearing', clearSince: NOW, retryAt: NOW + 15 * MINUTE };
const retrying = claimRetry(clearing, NOW + 15 * MINUTE);
const resumed = closeHold(retrying, 'resumed', 'the checks are clear', NOW + 15 * MINUTE);
const later = { at: NOW + 20 * MINUTE };

describe('a stop', () => {
  it('that nobody knows is held, under the policy it was stopped with', () => {
    const draft = addFailure(undefined, stoppage('orders'), config, NOW);
    expect(draft).toMatchObject({
      deployment: 'orders/Prod/execution of orders',
      status: 'held',
      attempts: 0,
      heldAt: NOW,
      actions: [{ action: 'Gate', jobId: 'job-1-of-orders', policy: policy() }],
      expires: (NOW + 24 * HOUR) / 1000 + 7 * 86_400,
    });
  });

  it.each([
    ['held', held],
    ['clearing', clearing],
    ['retrying', retrying],
    ['resumed', resumed],
  ])('that is told again changes nothing while %s', (_, known) => {
    expect(addFailure(known, stoppage('orders'), config, NOW)).toBeUndefined();
  });

  it('of a second gate joins the first', () => {
    const second = stoppage('orders', 2, { action: 'Gate2', policy: policy({ regions: ['us-east-1'] }) });
    const both = addFailure(held, second, config, NOW);
    expect(both?.actions.map(({ action, policy }) => [action, policy.regions])).toEqual([
      ['Gate', ['eu-west-1']],
      ['Gate2', ['us-east-1']],
    ]);
  });

  it('of the same gate takes the place of the one before, and never of a later one', () => {
    const again = stoppage('orders', 2, later);
    const renewed = addFailure(held, again, config, NOW);
    expect(renewed?.actions.map(({ jobId }) => jobId)).toEqual(['job-2-of-orders']);
    const other = addFailure(renewed, stoppage('orders', 3, { at: NOW + MINUTE }), config, NOW);
    expect(other?.actions.map(({ jobId }) => jobId)).toEqual(['job-2-of-orders']);
    expect(other?.knownRuns).toHaveLength(3);
  });

  it.each([
    ['retrying', retrying],
    ['resumed', resumed],
  ])('after it was %s holds it anew, its attempts and its age kept', (_, known) => {
    expect(addFailure(known, stoppage('orders', 2, later), config, NOW)).toMatchObject({
      status: 'held',
      attempts: 1,
      heldAt: NOW,
      actions: [{ jobId: 'job-2-of-orders' }],
    });
  });

  it('after a resume is all that it is held for: the other gate has let it through', () => {
    const other = stoppage('orders', 2, { ...later, action: 'Gate2' });
    for (const known of [retrying, resumed])
      expect(addFailure(known, other, config, NOW)?.actions.map(({ action }) => action)).toEqual(['Gate2']);
  });

  it('from before the resume, told late, is taken note of and no more', () => {
    const late = stoppage('orders', 9, { action: 'Gate2', at: NOW + 15 * MINUTE - 1 });
    expect(addFailure(resumed, late, config, NOW)).toEqual({
      ...resumed,
      seen: [...resumed.knownRuns, late.actionExecutionId],
    });
  });

  it('after the last attempt is given up', () => {
    const last = { ...resumed, attempts: 3 };
    expect(addFailure(last, stoppage('orders', 4, later), config, NOW)).toMatchObject({
      status: 'given up',
      attempts: 3,
      endedWhy: 'the gate stopped it again after being resumed 3 times',
    });
    expect(addFailure({ ...resumed, attempts: 2 }, stoppage('orders', 4, later), config, NOW)?.status).toBe(
      'held',
    );
  });

  it('of a deployment that was first stopped too long ago is given up', () => {
    const draft = addFailure(resumed, stoppage('orders', 2, later), config, NOW + 24 * HOUR + 1);
    expect(draft).toMatchObject({ status: 'given up', endedWhy: 'older than 24 hours' });
    expect(addFailure(resumed, stoppage('orders', 2, later), config, NOW + 24 * HOUR)?.status).toBe('held');
  });

  it('from before it was given up leaves it so, told late', () => {
    const over = closeHold(held, 'given up', 'the action Test failed too', NOW + 20 * MINUTE);
    const late = stoppage('orders', 2, later);
    expect(addFailure(over, late, config, NOW)).toEqual({
      ...over,
      seen: [...over.knownRuns, late.actionExecutionId],
    });
    expect(alreadyClosedReason(over, late)).toBe('it has been given up since: the action Test failed too');
  });

  it.each(['dropped', 'given up'] as const)(
    'of one that was %s and then retried by hand begins anew',
    (as) => {
      const told = { held: 0, resumed: 2, 'given up': true } as const;
      const over = closeHold(
        { ...resumed, attempts: 3, notifications: told },
        as,
        'the action Test failed too',
        NOW + HOUR,
      );
      const stopped = stoppage('orders', 2, { at: NOW + HOUR + 1, pipelineVersion: 5 });
      const again = addFailure(over, stopped, config, NOW + 25 * HOUR);
      expect(again).toMatchObject({
        status: 'held',
        heldAt: NOW + HOUR + 1,
        attempts: 0,
        pipelineVersion: 5,
        notices: {},
        actions: [{ jobId: 'job-2-of-orders' }],
      });
      for (const member of ['endedWhy', 'endedAt']) expect(again).not.toHaveProperty(member);
      expect(again && pendingNotification(again)).toBe('held');
    },
  );

  it('may come before the retry by hand is noticed, and holds all the same', () => {
    const over = closeHold(held, 'dropped', 'somebody has retried it', NOW + HOUR);
    expect(addFailure(over, stoppage('orders', 2, later), config, NOW + HOUR)?.status).toBe('held');
  });

  it('of one that was retried by hand, told too late, is given up', () => {
    const over = closeHold(held, 'dropped', 'somebody has retried it', NOW);
    const again = addFailure(over, stoppage('orders', 2, later), config, later.at + 24 * HOUR + 1);
    expect(again?.status).toBe('given up');
  });

  it('with a reason of any length fits into a record and a mail', () => {
    const draft = addFailure(undefined, stoppage('orders', 1, { reason: 'x'.repeat(5000) }), config, NOW);
    expect(draft?.reason.length).toBe(1000);
  });

  it('remembers the latest fifty runs', () => {
    let known: HoldDraft = held;
    for (let n = 2; n <= 60; n++) known = addFailure(known, stoppage('orders', n), config, NOW) ?? known;
    expect([known.knownRuns.length, known.knownRuns.at(-1)]).toEqual([50, 'run 60 of orders']);
  });
});

describe('what the sources say', () => {
  const cases: [Status, HealthStatus, Status | undefined][] = [
    ['held', 'clear', 'clearing'],
    ['held', 'blocked', undefined],
    ['held', 'unknown', undefined],
    ['clearing', 'clear', undefined],
    ['clearing', 'blocked', 'held'],
    // AWS Health out of reach says nothing new as long as no time has passed unused.
    ['clearing', 'unknown', undefined],
    ['retrying', 'clear', undefined],
    ['retrying', 'blocked', undefined],
  ];
  it.each(cases)('%s and %s: %s', (status, outlook, becomes) => {
    const hold = { held, clearing, retrying }[status as 'held'];
    expect(applyHealthStatus(hold, outlook, config, NOW)?.status).toBe(becomes);
  });

  it('clear starts the cool-down, blocked forgets it', () => {
    expect(applyHealthStatus(held, 'clear', config, NOW)).toMatchObject({
      clearSince: NOW,
      retryAt: resumeAt(held.deployment, NOW, config),
    });
    const blocked = applyHealthStatus({ ...clearing, waitReason: 'something' }, 'blocked', config, NOW);
    for (const member of ['clearSince', 'retryAt', 'waitsFor']) expect(blocked).not.toHaveProperty(member);
  });
});

describe('a time that has passed unused', () => {
  const { deployment } = held;
  const at = NOW + 15 * MINUTE;

  it('because AWS Health cannot be read is no cool-down: it is served again', () => {
    expect(applyHealthStatus({ ...clearing, waitReason: 'something' }, 'unknown', config, at)).toEqual({
      ...clearing,
      clearSince: at,
      retryAt: resumeAt(deployment, at, config),
    });
    expect(applyHealthStatus(clearing, 'unknown', config, at - 1)).toBeUndefined();
  });

  it('by more than a sweep is spread anew, the cool-down kept', () => {
    const now = at + 5 * MINUTE + 1;
    expect(applyHealthStatus(clearing, 'clear', config, now)).toEqual({
      ...clearing,
      retryAt: resumeAt(deployment, now, config) - config.coolDownMs,
    });
    expect(applyHealthStatus(clearing, 'clear', config, now - 1)).toBeUndefined();
  });

  it('since the pipeline was not ready stays as it is', () => {
    const waiting = postpone(clearing, 'the transition into the stage, which is disabled', at);
    expect(applyHealthStatus(waiting, 'clear', config, NOW + HOUR)).toBeUndefined();
  });
});

describe('attempts', () => {
  it('count from the claim', () => {
    expect([retrying.attempts, attemptsMade(retrying), resumed.attempts]).toEqual([1, 0, 1]);
    expect(retrying.claimedAt).toBe(NOW + 15 * MINUTE);
  });

  it('of a claim whose run died are not counted twice', () => {
    expect(claimRetry(retrying, NOW + 20 * MINUTE).attempts).toBe(1);
  });

  it('that came to nothing do not count', () => {
    expect(postpone(retrying, 'busy', NOW).attempts).toBe(0);
    expect(returnToHeld(retrying).attempts).toBe(0);
    expect(closeHold(retrying, 'dropped', 'superseded', NOW).attempts).toBe(0);
    expect(postpone(clearing, 'busy', NOW).attempts).toBe(0);
  });
});

describe('a mail', () => {
  const plain = { ...held, notices: {} };
  it.each([
    ['held', plain, 'held'],
    ['clearing', { ...clearing, notifications: {} }, 'held'],
    ['retrying', { ...retrying, notifications: {} }, undefined],
    ['resumed', resumed, 'resumed'],
    ['dropped', closeHold(plain, 'dropped', 'superseded', NOW), undefined],
    ['given up', closeHold(held, 'given up', 'too old', NOW), 'given up'],
  ])('is owed by one that is %s, once', (_, hold, notice) => {
    expect(pendingNotification(hold)).toBe(notice);
    if (notice) expect(pendingNotification(withNotificationClaim(hold, notice as 'held'))).toBeUndefined();
  });

  it('is owed anew in the next round', () => {
    const again = addFailure(
      withNotificationClaim(resumed, 'resumed'),
      stoppage('orders', 2, later),
      config,
      NOW,
    );
    expect(again && pendingNotification(again)).toBe('held');
  });

  it('that was refused is owed again', () => {
    for (const hold of [plain, resumed, closeHold(held, 'given up', 'too old', NOW)]) {
      const notice = pendingNotification(hold);
      if (!notice) throw new Error('nothing is owed');
      expect(pendingNotification(withoutNotificationClaim(withNotificationClaim(hold, notice), notice))).toBe(
        notice,
      );
    }
  });
});
