import { describe, expect, it } from 'vitest';
import {
  decideTermination,
  drainTimes,
  type LifecycleAction,
  notOurActionReason,
  type StartedDrain,
} from '../../../../functions/spot-cordon/domain/lifecycle-action.ts';
import { ID, instance, MINUTE, NOW } from '../sample-records.ts';

const SECOND = 1000;
const HOUR = 60 * MINUTE;
const action: LifecycleAction = {
  instanceId: ID,
  group: 'workers',
  hook: 'drain',
  token: 't',
  startedAt: NOW,
  usesWarmPool: false,
};
const drain: StartedDrain = {
  targetGroups: [],
  classicUntil: 0,
  lookEveryMs: MINUTE,
  endsAt: NOW + 10 * MINUTE,
};

describe('a hook is ours', () => {
  it.each([
    ['if the tag of its group names it', { hookToComplete: 'drain' }, undefined],
    ['not if the tag names another hook', { hookToComplete: 'logs' }, /names another hook/],
    ['not if the group has no tag', {}, /no tag groundcrew:complete-hook/],
    ['not if the group is gone', undefined, /no longer exists/],
  ])('%s', (_, group, reason) => {
    const found = notOurActionReason(action, group);
    if (reason === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(reason);
  });
});

describe('a termination', () => {
  it.each([
    ['goes on if the instance is registered nowhere', {}, 'registered nowhere'],
    ['goes on if it is drained', { action: { ...action, drain } }, 'drained'],
    [
      'goes on at once if EC2 has taken the instance',
      { instance: instance({ state: 'shutting-down' }), registeredIn: ['tg'] },
      'the instance is terminated',
    ],
    [
      'goes on if EC2 does not know the instance',
      { instance: undefined, registeredIn: ['tg'] },
      'the instance is terminated',
    ],
    [
      'goes on without a drain if the instance uses the warm pool',
      { action: { ...action, usesWarmPool: true }, registeredIn: ['tg'] },
      'warm pool',
    ],
  ])('%s', (_, state, why) => {
    const found = decideTermination({ action, instance: instance(), registeredIn: [], ...state }, NOW);
    expect(found).toEqual({ kind: 'continue', why });
  });

  it.each([
    ['at the first look', action, ['tg'], 0],
    ['while a target drains', { ...action, drain }, ['tg'], 5 * MINUTE],
    [
      'while a Classic Load Balancer drains, which no longer lists the instance',
      { ...action, drain: { ...drain, classicUntil: NOW + 6 * MINUTE } },
      [],
      5 * MINUTE,
    ],
    ['at the last look for which there is time', { ...action, drain }, ['tg'], 9 * MINUTE],
  ])('waits %s', (_, of, registeredIn, after) => {
    const found = decideTermination({ action: of, instance: instance(), registeredIn }, NOW + after);
    expect(found).toEqual({ kind: 'wait' });
  });

  it('goes on before the hook ends by itself, although it is not drained', () => {
    const state = { action: { ...action, drain }, instance: instance(), registeredIn: ['tg'] };
    expect(decideTermination(state, NOW + 9 * MINUTE + 1)).toEqual({
      kind: 'continue',
      why: 'no time left',
      isEarly: true,
    });
  });
});

describe('the times of a drain', () => {
  it.each([
    ['an hour of heartbeat and 48 hours in all', 3600, 172_800, MINUTE, 70 * MINUTE],
    ['a minute of heartbeat', 60, 6000, 20 * SECOND, 70 * MINUTE],
    ['the shortest heartbeat', 30, 3000, 10 * SECOND, 3000 * SECOND - 10 * SECOND],
    ['no global timeout', 30, undefined, 10 * SECOND, 3000 * SECOND - 10 * SECOND],
    ['no times at all', undefined, undefined, MINUTE, 70 * MINUTE],
  ])('with %s', (_, heartbeatSeconds, globalSeconds, lookEveryMs, limit) => {
    expect(drainTimes({ heartbeatSeconds, globalSeconds }, NOW)).toEqual({
      lookEveryMs,
      endsAt: NOW + limit,
    });
  });

  it('leave three looks for each heartbeat, and end before the hook does', () => {
    for (let heartbeatSeconds = 30; heartbeatSeconds <= 7200; heartbeatSeconds += 30) {
      const globalSeconds = Math.min(172_800, 100 * heartbeatSeconds);
      const { endsAt, lookEveryMs } = drainTimes({ heartbeatSeconds, globalSeconds }, NOW);
      expect(lookEveryMs * 3).toBeLessThanOrEqual(heartbeatSeconds * SECOND);
      expect(endsAt + lookEveryMs).toBeLessThanOrEqual(NOW + globalSeconds * SECOND);
      expect(endsAt).toBeGreaterThan(NOW + Math.min(HOUR, 40 * MINUTE));
    }
  });
});
