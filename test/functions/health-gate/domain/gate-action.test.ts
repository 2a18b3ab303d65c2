import { describe, expect, it } from 'vitest';
import { decideGateAction } from '../../../../functions/health-gate/domain/gate-action.ts';
import type { Policy } from '../../../../functions/health-gate/domain/policy.ts';
import type { Verdict } from '../../../../functions/health-gate/domain/verdict.ts';
import type { WaitProgress } from '../../../../functions/health-gate/domain/wait-progress.ts';
import { NOW, policy } from '../examples.ts';
import { block, fresh, MINUTE, pass, refused, spent, unknown } from '../verdict-examples.ts';

const late: WaitProgress = { since: NOW - 60 * MINUTE, checks: 120, errors: 0 };

describe('what the gate does', () => {
  it.each<[string, string, Verdict, Partial<Policy>, WaitProgress]>([
    ['pass', 'healthy', pass, {}, fresh],
    ['stop', 'an incident', block, {}, fresh],
    ['wait', 'an incident, waiting', block, { mode: 'wait' }, fresh],
    [
      'wait',
      'an incident, a millisecond before the end',
      block,
      { mode: 'wait' },
      { ...late, since: late.since + 1 },
    ],
    ['stop', 'an incident, waited to the end', block, { mode: 'wait' }, late],
    ['pass', 'an incident, only warning', block, { mode: 'warn' }, fresh],
    ['wait', 'unreadable for the first time', unknown, {}, fresh],
    ['stop', 'unreadable for the fourth time', unknown, {}, spent],
    ['pass', 'the same, where that is allowed', unknown, { onUnknown: 'allow' }, spent],
    ['wait', 'allowed, but within the budget', unknown, { onUnknown: 'allow' }, fresh],
    ['stop', 'unreadable, and no budget', unknown, { errorBudget: 1 }, fresh],
    ['wait', 'unreadable, waiting anyway', unknown, { mode: 'wait' }, spent],
    ['stop', 'unreadable, waited to the end', unknown, { mode: 'wait' }, { ...late, errors: 3 }],
    ['pass', 'unreadable, only warning', unknown, { mode: 'warn' }, fresh],
    ['stop', 'no permission', refused, {}, fresh],
    ['stop', 'no permission, waiting', refused, { mode: 'wait' }, fresh],
    ['pass', 'no permission, only warning', refused, { mode: 'warn' }, fresh],
    ['stop', 'no permission, unknown allowed', refused, { onUnknown: 'allow' }, spent],
  ])('%s: %s', (kind, _, verdict, fields, progress) => {
    expect(decideGateAction(verdict, policy(fields), progress, NOW).kind).toBe(kind);
  });

  it('only what can clear by itself is resumed', () => {
    expect(decideGateAction(block, policy(), fresh, NOW)).toEqual({ kind: 'stop', resumable: true });
    expect(decideGateAction(unknown, policy(), spent, NOW)).toEqual({ kind: 'stop', resumable: true });
    expect(decideGateAction(refused, policy(), fresh, NOW)).toEqual({ kind: 'stop', resumable: false });
  });

  it('counts errors in a row: an answer in between gives the whole budget back', () => {
    const waiting = policy({ mode: 'wait' });
    expect(decideGateAction(block, waiting, spent, NOW)).toMatchObject({
      progress: { checks: 4, errors: 0 },
    });
    expect(decideGateAction(unknown, waiting, spent, NOW)).toMatchObject({
      progress: { checks: 4, errors: 4 },
    });
  });
});
