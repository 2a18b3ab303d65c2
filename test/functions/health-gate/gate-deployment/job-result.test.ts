import { describe, expect, it } from 'vitest';
import { decideGateAction } from '../../../../functions/health-gate/domain/gate-action.ts';
import type { Policy } from '../../../../functions/health-gate/domain/policy.ts';
import type { Verdict } from '../../../../functions/health-gate/domain/verdict.ts';
import { toDryRunResult, toJobResult } from '../../../../functions/health-gate/gate-deployment/job-result.ts';
import { NOW, policy } from '../examples.ts';
import { block, fresh, MINUTE, pass, refused, spent, unknown } from '../verdict-examples.ts';

const odd: Verdict = {
  verdict: 'MISCONFIGURED',
  sourceErrors: [{ kind: 'misconfigured', message: 'Change Calendar: InvalidDocument' }],
};

describe('the job result', () => {
  const answer = (verdict: Verdict, said: Partial<Policy> = {}, progress = fresh) => {
    const own = policy(said);
    const action = decideGateAction(verdict, own, progress, NOW);
    return toJobResult(
      { verdict, action, policy: own, now: NOW },
      action.kind === 'stop' && action.resumable ? 'marker' : undefined,
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
      action: { kind: 'stop', resumable: true },
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
        /^Waiting since 2026-11-21T11:45:00Z, until 2026-11-21T12:45:00Z at the latest, 31 checks\. Incident In Progress: /,
      ),
    });
  });

  it('passes with the finding where it only warns', () => {
    expect(answer(block, { mode: 'warn' })).toMatchObject({
      kind: 'succeed',
      outputVariables: {
        Verdict: 'BLOCK',
        message: expect.stringMatching(/^Incident .* Allowed by the policy/),
      },
    });
  });

  it('in a dry run allows all deployments and says what it would have done', () => {
    const given = toDryRunResult({
      verdict: block,
      action: { kind: 'stop', resumable: true },
      policy: policy(),
      now: NOW,
    });
    expect(given).toMatchObject({
      kind: 'succeed',
      summary: expect.stringMatching(/^Dry run, would be stopped: Incident/),
    });
  });
});
