import { MINUTE_MS } from '#shared/time.ts';
import type { Policy } from './policy.ts';
import type { Verdict } from './verdict.ts';
import type { WaitProgress } from './wait-progress.ts';

/** What the gate does with a deployment. */
export type GateAction =
  | { readonly kind: 'pass' }
  /** `until` is the latest end of the wait, epoch milliseconds. */
  | { readonly kind: 'wait'; readonly progress: WaitProgress; readonly until: number }
  /** `resumable`: AWS Health or a calendar stopped it, so it can resume when they are clear. */
  | { readonly kind: 'stop'; readonly resumable: boolean };

/** Decides from the verdict, the policy's mode and the time already waited. */
export function decideGateAction(
  verdict: Verdict,
  policy: Policy,
  progress: WaitProgress,
  now: number,
): GateAction {
  switch (verdict.verdict) {
    case 'PASS':
      return { kind: 'pass' };
    case 'MISCONFIGURED':
      return policy.mode === 'warn' ? { kind: 'pass' } : { kind: 'stop', resumable: false };
    case 'BLOCK':
      if (policy.mode === 'warn') return { kind: 'pass' };
      if (policy.mode === 'wait' && now < deadline(policy, progress)) return wait(policy, progress, 0);
      return { kind: 'stop', resumable: true };
    case 'UNKNOWN': {
      if (policy.mode === 'warn') return { kind: 'pass' };
      const retry = decideRetry(policy, progress, now);
      if (retry) return retry;
      return policy.onUnknown === 'allow' ? { kind: 'pass' } : { kind: 'stop', resumable: true };
    }
  }
}

/** After a failed call: checks again while the error budget lasts, or while the policy waits in any case. */
export function decideRetry(policy: Policy, progress: WaitProgress, now: number): GateAction | undefined {
  const errors = progress.errors + 1;
  const isWaiting =
    policy.mode === 'wait' && policy.onUnknown === 'block' && now < deadline(policy, progress);
  return errors < policy.errorBudget || isWaiting ? wait(policy, progress, errors) : undefined;
}

function wait(policy: Policy, progress: WaitProgress, errors: number): GateAction {
  const until = deadline(policy, progress);
  return { kind: 'wait', until, progress: { ...progress, checks: progress.checks + 1, errors } };
}

function deadline({ maxWaitMinutes }: Policy, { since }: WaitProgress): number {
  return since + maxWaitMinutes * MINUTE_MS;
}
