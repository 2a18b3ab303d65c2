import { describe, expect, it } from 'vitest';
import {
  decideAtStateChange,
  decideAtSweep,
} from '../../../../functions/spot-cordon/domain/uncordon-decision.ts';
import { cordon, instance, MINUTE, NOW } from '../sample-records.ts';

describe('the sweep', () => {
  const expired = cordon({ severity: 'rebalance', expiresAt: NOW });
  const deferred = cordon({
    severity: 'scheduled',
    status: 'deferred',
    dueAt: NOW + MINUTE,
    expiresAt: NOW + 60 * MINUTE,
  });
  it.each([
    [
      'deletes the record of an instance that no longer exists',
      cordon(),
      undefined,
      NOW,
      { kind: 'delete', reason: 'instance terminated' },
    ],
    [
      'deletes the record of a terminated instance',
      expired,
      instance({ state: 'terminated' }),
      NOW,
      { kind: 'delete', reason: 'instance terminated' },
    ],
    ['keeps a cordon that has not expired', expired, instance(), NOW - 1, { kind: 'keep' }],
    ['undoes a cordon that has expired', expired, instance(), NOW, { kind: 'uncordon', reason: 'expired' }],
    [
      'keeps an expired cordon of a stopped instance',
      expired,
      instance({ state: 'stopped' }),
      NOW,
      { kind: 'keep' },
    ],
    ['keeps the cordon of an interruption', cordon(), instance(), NOW + 5 * MINUTE, { kind: 'keep' }],
    [
      'reports an interruption that did not happen',
      cordon(),
      instance(),
      NOW + 13 * MINUTE,
      { kind: 'overdue', next: 'report', isToTerminate: false },
    ],
    [
      'leaves an uncordon in progress alone',
      cordon({ status: 'uncordoning', uncordoningSince: NOW }),
      instance(),
      NOW + MINUTE,
      { kind: 'keep' },
    ],
    [
      'finishes an uncordon that has died',
      cordon({ status: 'uncordoning', uncordoningSince: NOW }),
      instance(),
      NOW + 2 * MINUTE,
      { kind: 'uncordon', reason: 'uncordon was cut short' },
    ],
    ['keeps deferred maintenance', deferred, instance(), NOW, { kind: 'keep' }],
    ['requeues maintenance that is due', deferred, instance(), NOW + MINUTE, { kind: 'requeue' }],
    [
      'deletes maintenance that was cancelled before it was due',
      { ...deferred, expiresAt: NOW },
      instance(),
      NOW,
      { kind: 'delete', reason: 'maintenance is over' },
    ],
  ])('%s', (_, record, found, now, decision) => {
    expect(decideAtSweep(record, found, now)).toEqual(decision);
  });
});

describe('a state change', () => {
  it.each([
    ['terminated', cordon(), NOW, 'delete'],
    ['running', cordon({ action: 'stop' }), NOW + 1, 'uncordon'],
    ['running', cordon({ action: 'hibernate' }), NOW + 1, 'uncordon'],
    ['running', cordon({ action: 'stop' }), NOW, 'keep'],
    ['running', cordon({ action: 'terminate' }), NOW + 1, 'keep'],
    ['running', cordon({ action: 'terminate' }), NOW + 3 * MINUTE, 'uncordon'],
    ['running', cordon({ severity: 'rebalance', action: 'none' }), NOW + 1, 'keep'],
    ['running', cordon({ status: 'deferred', action: 'stop' }), NOW + 1, 'keep'],
    ['stopped', cordon({ action: 'stop' }), NOW + 1, 'keep'],
  ])('to %s decides about %o', (state, record, time, decision) => {
    expect(decideAtStateChange(record, state, time).kind).toBe(decision);
  });
});
