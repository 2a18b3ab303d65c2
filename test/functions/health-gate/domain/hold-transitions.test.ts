import { describe, expect, it } from 'vitest';
import { pendingNotification } from '../../../../functions/health-gate/domain/hold-notifications.ts';
import {
  attemptsMade,
  type HoldDraft,
  type HoldStatus,
} from '../../../../functions/health-gate/domain/hold-record.ts';
import {
  addFailure,
  applyHealthStatus,
  claimRetry,
  closeHold,
  type HealthStatus,
  lateFailureReason,
  postpone,
  returnToHeld,
} from '../../../../functions/health-gate/domain/hold-transitions.ts';
import { resumeAt } from '../../../../functions/health-gate/domain/resume-schedule.ts';
import { NOW, policy } from '../examples.ts';
import { coolingDown, held, later, resumed, retrying } from '../hold-examples.ts';
import { config, gateFailure, HOUR, MINUTE } from '../resume-account.ts';

describe('a stop', () => {
  it('that nobody knows is held, under the policy it was stopped with', () => {
    const draft = addFailure(undefined, gateFailure('orders'), config, NOW);
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
    ['cooling down', coolingDown],
    ['retrying', retrying],
    ['resumed', resumed],
  ])('that is reported again changes nothing while %s', (_, known) => {
    expect(addFailure(known, gateFailure('orders'), config, NOW)).toBeUndefined();
  });

  it('of a second gate joins the first', () => {
    const second = gateFailure('orders', 2, { action: 'Gate2', policy: policy({ regions: ['us-east-1'] }) });
    const both = addFailure(held, second, config, NOW);
    expect(both?.actions.map(({ action, policy }) => [action, policy.regions])).toEqual([
      ['Gate', ['eu-west-1']],
      ['Gate2', ['us-east-1']],
    ]);
  });

  it('of the same gate replaces the earlier run, never a later one', () => {
    const again = gateFailure('orders', 2, later);
    const renewed = addFailure(held, again, config, NOW);
    expect(renewed?.actions.map(({ jobId }) => jobId)).toEqual(['job-2-of-orders']);
    const other = addFailure(renewed, gateFailure('orders', 3, { at: NOW + MINUTE }), config, NOW);
    expect(other?.actions.map(({ jobId }) => jobId)).toEqual(['job-2-of-orders']);
    expect(other?.knownRuns).toHaveLength(3);
  });

  it.each([
    ['retrying', retrying],
    ['resumed', resumed],
  ])('after it was %s holds it again, its attempts and its age kept', (_, known) => {
    expect(addFailure(known, gateFailure('orders', 2, later), config, NOW)).toMatchObject({
      status: 'held',
      attempts: 1,
      heldAt: NOW,
      actions: [{ jobId: 'job-2-of-orders' }],
    });
  });

  it('after a resume is all that it is held for: the other gate has let it through', () => {
    const other = gateFailure('orders', 2, { ...later, action: 'Gate2' });
    for (const known of [retrying, resumed])
      expect(addFailure(known, other, config, NOW)?.actions.map(({ action }) => action)).toEqual(['Gate2']);
  });

  it('from before the resume, reported late, only becomes a known run', () => {
    const late = gateFailure('orders', 9, { action: 'Gate2', at: NOW + 15 * MINUTE - 1 });
    expect(addFailure(resumed, late, config, NOW)).toEqual({
      ...resumed,
      knownRuns: [...resumed.knownRuns, late.actionExecutionId],
    });
  });

  it('after the last attempt is abandoned', () => {
    const last = { ...resumed, attempts: 3 };
    expect(addFailure(last, gateFailure('orders', 4, later), config, NOW)).toMatchObject({
      status: 'abandoned',
      attempts: 3,
      closedReason: 'the gate stopped it again after being resumed 3 times',
    });
    expect(
      addFailure({ ...resumed, attempts: 2 }, gateFailure('orders', 4, later), config, NOW)?.status,
    ).toBe('held');
  });

  it('of a deployment that was first stopped too long ago is abandoned', () => {
    const draft = addFailure(resumed, gateFailure('orders', 2, later), config, NOW + 24 * HOUR + 1);
    expect(draft).toMatchObject({ status: 'abandoned', closedReason: 'older than 24 hours' });
    expect(addFailure(resumed, gateFailure('orders', 2, later), config, NOW + 24 * HOUR)?.status).toBe(
      'held',
    );
  });

  it('from before it was abandoned leaves it so, reported late', () => {
    const over = closeHold(held, 'abandoned', 'the action Test failed too', NOW + 20 * MINUTE);
    const late = gateFailure('orders', 2, later);
    expect(addFailure(over, late, config, NOW)).toEqual({
      ...over,
      knownRuns: [...over.knownRuns, late.actionExecutionId],
    });
    expect(lateFailureReason(over, late)).toBe(
      'it was abandoned after this failure: the action Test failed too',
    );
  });

  it.each(['dropped', 'abandoned'] as const)(
    'of one that was %s and then retried by hand starts again',
    (as) => {
      const told = { held: 0, resumed: 2, abandoned: true } as const;
      const over = closeHold(
        { ...resumed, attempts: 3, notifications: told },
        as,
        'the action Test failed too',
        NOW + HOUR,
      );
      const stopped = gateFailure('orders', 2, { at: NOW + HOUR + 1, pipelineVersion: 5 });
      const again = addFailure(over, stopped, config, NOW + 25 * HOUR);
      expect(again).toMatchObject({
        status: 'held',
        heldAt: NOW + HOUR + 1,
        attempts: 0,
        pipelineVersion: 5,
        notifications: {},
        actions: [{ jobId: 'job-2-of-orders' }],
      });
      for (const member of ['closedReason', 'closedAt']) expect(again).not.toHaveProperty(member);
      expect(again && pendingNotification(again)).toBe('held');
    },
  );

  it('may come before the retry by hand is noticed, and holds nevertheless', () => {
    const over = closeHold(held, 'dropped', 'somebody has retried it', NOW + HOUR);
    expect(addFailure(over, gateFailure('orders', 2, later), config, NOW + HOUR)?.status).toBe('held');
  });

  it('of one that was retried by hand, told too late, is abandoned', () => {
    const over = closeHold(held, 'dropped', 'somebody has retried it', NOW);
    const again = addFailure(over, gateFailure('orders', 2, later), config, later.at + 24 * HOUR + 1);
    expect(again?.status).toBe('abandoned');
  });

  it('with a reason of any length fits into a record and a mail', () => {
    const draft = addFailure(undefined, gateFailure('orders', 1, { reason: 'x'.repeat(5000) }), config, NOW);
    expect(draft?.reason.length).toBe(1000);
  });

  it('remembers the latest fifty runs', () => {
    let known: HoldDraft = held;
    for (let n = 2; n <= 60; n++) known = addFailure(known, gateFailure('orders', n), config, NOW) ?? known;
    expect([known.knownRuns.length, known.knownRuns.at(-1)]).toEqual([50, 'run 60 of orders']);
  });
});

describe('the health status', () => {
  const cases: [HoldStatus, HealthStatus, HoldStatus | undefined][] = [
    ['held', 'clear', 'cooling down'],
    ['held', 'blocked', undefined],
    ['held', 'unknown', undefined],
    ['cooling down', 'clear', undefined],
    ['cooling down', 'blocked', 'held'],
    // AWS Health out of reach says nothing new as long as no time has passed unused.
    ['cooling down', 'unknown', undefined],
    ['retrying', 'clear', undefined],
    ['retrying', 'blocked', undefined],
  ];
  it.each(cases)('%s and %s: %s', (status, outlook, becomes) => {
    const hold = { held, 'cooling down': coolingDown, retrying }[status as 'held'];
    expect(applyHealthStatus(hold, outlook, config, NOW)?.status).toBe(becomes);
  });

  it('clear starts the cool-down, blocked ends it', () => {
    expect(applyHealthStatus(held, 'clear', config, NOW)).toMatchObject({
      clearSince: NOW,
      retryAt: resumeAt(held.deployment, NOW, config),
    });
    const blocked = applyHealthStatus({ ...coolingDown, waitReason: 'something' }, 'blocked', config, NOW);
    for (const member of ['clearSince', 'retryAt', 'waitReason']) expect(blocked).not.toHaveProperty(member);
  });
});

describe('a retry time that has passed', () => {
  const { deployment } = held;
  const at = NOW + 15 * MINUTE;

  it('because AWS Health cannot be read does not count as cool-down: it starts again', () => {
    expect(applyHealthStatus({ ...coolingDown, waitReason: 'something' }, 'unknown', config, at)).toEqual({
      ...coolingDown,
      clearSince: at,
      retryAt: resumeAt(deployment, at, config),
    });
    expect(applyHealthStatus(coolingDown, 'unknown', config, at - 1)).toBeUndefined();
  });

  it('by more than a sweep is spread again, the cool-down kept', () => {
    const now = at + 5 * MINUTE + 1;
    expect(applyHealthStatus(coolingDown, 'clear', config, now)).toEqual({
      ...coolingDown,
      retryAt: resumeAt(deployment, now, config) - config.coolDownMs,
    });
    expect(applyHealthStatus(coolingDown, 'clear', config, now - 1)).toBeUndefined();
  });

  it('since the pipeline was not ready stays as it is', () => {
    const waiting = postpone(coolingDown, 'the transition into the stage, which is disabled', at);
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
    expect(postpone(coolingDown, 'busy', NOW).attempts).toBe(0);
  });
});
