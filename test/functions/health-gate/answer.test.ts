import { describe, expect, it } from 'vitest';
import type { Policy } from '../../../functions/health-gate/domain/policy.ts';
import { formatMarker, parseMarker } from '../../../functions/health-gate/domain/stop-marker.ts';
import type { Verdict } from '../../../functions/health-gate/domain/verdict.ts';
import {
  formatProgress,
  parseProgress,
  type WaitProgress,
} from '../../../functions/health-gate/domain/wait-progress.ts';
import {
  decideGateAction,
  toDryRunResult,
  toJobResult,
} from '../../../functions/health-gate/gate-deployment/job-result.ts';
import { issue, NOW, policy } from './examples.ts';

const MINUTE = 60_000;
const pass: Verdict = { verdict: 'PASS' };
const block: Verdict = { verdict: 'BLOCK', issues: [issue()] };
const unknown: Verdict = {
  verdict: 'UNKNOWN',
  sourceErrors: [{ kind: 'passing', message: 'AWS Health: timeout' }],
};
const refused: Verdict = {
  verdict: 'MISCONFIGURED',
  sourceErrors: [{ kind: 'refused', message: 'AWS Health: AccessDenied' }],
};
const odd: Verdict = {
  verdict: 'MISCONFIGURED',
  sourceErrors: [{ kind: 'misconfigured', message: 'Change Calendar: InvalidDocument' }],
};
const fresh: WaitProgress = { since: NOW, checks: 0, errors: 0 };
const spent: WaitProgress = { since: NOW - 2 * MINUTE, checks: 3, errors: 3 };
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
    ['stop', 'no permission, only warning', refused, { mode: 'warn' }, fresh],
    ['stop', 'no permission, unknown allowed', refused, { onUnknown: 'allow' }, spent],
  ])('%s: %s', (step, _, verdict, said, progress) => {
    expect(decideGateAction(verdict, policy(said), progress, NOW).step).toBe(step);
  });

  it('only what can clear by itself is resumed', () => {
    expect(decideGateAction(block, policy(), fresh, NOW)).toEqual({ step: 'stop', resumable: true });
    expect(decideGateAction(unknown, policy(), spent, NOW)).toEqual({ step: 'stop', resumable: true });
    expect(decideGateAction(refused, policy(), fresh, NOW)).toEqual({ step: 'stop', resumable: false });
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

describe('what the pipeline is told', () => {
  const answer = (verdict: Verdict, said: Partial<Policy> = {}, progress = fresh) => {
    const own = policy(said);
    const step = decideGateAction(verdict, own, progress, NOW);
    return toJobResult(
      { verdict, step, policy: own, now: NOW },
      step.step === 'stop' && step.resumable ? 'marker' : undefined,
    );
  };

  it.each([
    ['an incident', answer(block), 'JobFailed'],
    ['unreadable', answer(unknown, {}, spent), 'SystemUnavailable'],
    ['no permission', answer(refused), 'PermissionError'],
    ['a calendar that is none', answer(odd), 'ConfigurationError'],
  ])('%s fails with the right type', (_, given, type) => {
    expect(given).toMatchObject({ kind: 'fail', type });
  });

  it("keeps the words of AWS's sample for a healthy Region", () => {
    expect(answer(pass)).toEqual({
      kind: 'succeed',
      summary: 'The Region Is Healthy',
      outputVariables: { Verdict: 'PASS', message: 'The Region Is Healthy', Regions: 'eu-west-1' },
    });
  });

  it('ends a failure with the marker, and says so when nothing will resume it', () => {
    expect(answer(block)).toMatchObject({
      message: expect.stringMatching(/^Incident In Progress: .* \(marker\)$/),
    });
    const lost = toJobResult({
      verdict: block,
      step: { step: 'stop', resumable: true },
      policy: policy(),
      now: NOW,
    });
    expect(lost).toMatchObject({ message: expect.stringMatching(/retry the stage by hand\.$/) });
    expect(lost).not.toHaveProperty('externalExecutionId');
  });

  it('says since when, for how long and why it waits', () => {
    const progress = { since: NOW - 15 * MINUTE, checks: 30, errors: 0 };
    expect(answer(block, { mode: 'wait' }, progress)).toMatchObject({
      kind: 'continueLater',
      percent: 25,
      summary: expect.stringMatching(
        /^Waiting since 2026-11-21T11:45:00Z, until 2026-11-21T12:45:00Z at most, 31 checks\. Incident In Progress: /,
      ),
    });
  });

  it('passes with the finding where it only warns', () => {
    expect(answer(block, { mode: 'warn' })).toMatchObject({
      kind: 'succeed',
      outputVariables: {
        Verdict: 'BLOCK',
        message: expect.stringMatching(/^Incident .* Let through all the same/),
      },
    });
  });

  it('in a dry run lets all through and says what it would have done', () => {
    const given = toDryRunResult({
      verdict: block,
      step: { step: 'stop', resumable: true },
      policy: policy(),
      now: NOW,
    });
    expect(given).toMatchObject({
      kind: 'succeed',
      summary: expect.stringMatching(/^Dry run, would be stopped: Incident/),
    });
  });
});

describe('what a waiting action leaves for its next job', () => {
  it('comes back as it was, in far less than the 2048 characters', () => {
    const progress = { since: NOW, checks: 2880, errors: 3 };
    const text = formatProgress(progress);
    expect(parseProgress(text, NOW + 1)).toEqual(progress);
    expect(text.length).toBeLessThan(100);
  });

  it.each([
    undefined,
    '',
    'resume',
    '{"v":2,"since":1,"checks":1,"errors":1}',
    '{"v":1,"since":9e15,"checks":1,"errors":0}',
  ])('begins anew with %j', (text) => {
    expect(parseProgress(text, NOW)).toEqual(fresh);
  });
});

describe('the marker', () => {
  const stop = { id: '12345678-1234-5678-abcd-12345678abcd', jobId: '11111111-abcd-1111-abcd-111111abcdef' };

  it('is found in whatever text carries it', () => {
    expect(parseMarker(undefined, `Incident In Progress: ... (${formatMarker(stop)})`)).toEqual(stop);
    expect(parseMarker(formatMarker(stop))).toEqual(stop);
  });

  it.each([undefined, '', 'the build failed', 'groundcrew-health-gate/'])('is not in %j', (text) => {
    expect(parseMarker(text)).toBeUndefined();
  });
});
