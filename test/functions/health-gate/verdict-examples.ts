import type { Verdict } from '../../../functions/health-gate/domain/verdict.ts';
import type { WaitProgress } from '../../../functions/health-gate/domain/wait-progress.ts';
import { issue, NOW } from './examples.ts';

export const MINUTE = 60_000;
export const pass: Verdict = { verdict: 'PASS' };
export const block: Verdict = { verdict: 'BLOCK', issues: [issue()] };
export const unknown: Verdict = {
  verdict: 'UNKNOWN',
  sourceErrors: [{ kind: 'temporary', message: 'AWS Health: timeout' }],
};
export const refused: Verdict = {
  verdict: 'MISCONFIGURED',
  sourceErrors: [{ kind: 'denied', message: 'AWS Health: AccessDenied' }],
};

export const fresh: WaitProgress = { since: NOW, checks: 0, errors: 0 };
export const spent: WaitProgress = { since: NOW - 2 * MINUTE, checks: 3, errors: 3 };
