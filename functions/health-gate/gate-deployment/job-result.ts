import type { JobOutcome } from '#shared/handlers/codepipeline.ts';
import { truncate } from '#shared/redact.ts';
import type { Override } from '../domain/override.ts';
import type { Policy } from '../domain/policy.ts';
import type { Verdict } from '../domain/verdict.ts';
import { formatProgress, type WaitProgress } from '../domain/wait-progress.ts';
import { describeOverride, describeVerdict, iso } from '../messages/verdict-text.ts';

const MINUTE_MS = 60_000;

/** What the gate does about a verdict. */
export type Step =
  | { readonly step: 'pass' }
  | { readonly step: 'wait'; readonly progress: WaitProgress; readonly until: number }
  /** Only what AWS Health or a calendar stopped is resumed when they clear. */
  | { readonly step: 'stop'; readonly resumable: boolean };

/** The verdict, the policy's mode and what was waited already, in one table. */
export function decideGateAction(
  verdict: Verdict,
  policy: Policy,
  progress: WaitProgress,
  now: number,
): Step {
  const until = deadline(policy, progress);
  switch (verdict.verdict) {
    case 'PASS':
      return { step: 'pass' };
    case 'MISCONFIGURED':
      return { step: 'stop', resumable: false };
    case 'BLOCK':
      if (policy.mode === 'warn') return { step: 'pass' };
      if (policy.mode === 'wait' && now < until) return waitOn(policy, progress, 0);
      return { step: 'stop', resumable: true };
    case 'UNKNOWN': {
      if (policy.mode === 'warn') return { step: 'pass' };
      const again = retryLater(policy, progress, now);
      if (again) return again;
      return policy.onUnknown === 'allow' ? { step: 'pass' } : { step: 'stop', resumable: true };
    }
  }
}

/** After a failure of a service: another check, while the budget of errors lasts or the policy waits anyway. */
export function retryLater(policy: Policy, progress: WaitProgress, now: number): Step | undefined {
  const errors = progress.errors + 1;
  const waitsAnyway =
    policy.mode === 'wait' && policy.onUnknown === 'block' && now < deadline(policy, progress);
  return errors < policy.errorBudget || waitsAnyway ? waitOn(policy, progress, errors) : undefined;
}

function waitOn(policy: Policy, progress: WaitProgress, errors: number): Step {
  const until = deadline(policy, progress);
  return { step: 'wait', until, progress: { ...progress, checks: progress.checks + 1, errors } };
}

function deadline({ maxWaitMinutes }: Policy, { since }: WaitProgress): number {
  return since + maxWaitMinutes * MINUTE_MS;
}

export interface GateDecision {
  readonly verdict: Verdict;
  readonly step: Step;
  readonly policy: Policy;
  readonly now: number;
}

/** The answer to CodePipeline; `marker` is there when the stop was written down and can be resumed. */
export function toJobResult({ verdict, step, policy, now }: GateDecision, marker?: string): JobOutcome {
  const found = describeVerdict(verdict, policy);
  switch (step.step) {
    case 'pass': {
      const allowed = verdict.verdict === 'PASS' ? '' : ' Let through all the same, as the policy says.';
      return succeed(verdict.verdict, `${found}${allowed}`, variablesOf(policy));
    }
    case 'wait': {
      const { since, checks } = step.progress;
      const percent = Math.round(((now - since) / Math.max(1, step.until - since)) * 100);
      const summary = `Waiting since ${iso(since)}, until ${iso(step.until)} at most, ${checks} checks. ${found}`;
      return { kind: 'continueLater', token: formatProgress(step.progress), summary, percent };
    }
    case 'stop':
      return {
        kind: 'fail',
        type: failureType(verdict),
        message: [truncate(found, 4500), ...tailOf(step, marker)].join(' '),
        ...(marker !== undefined && { externalExecutionId: marker }),
      };
  }
}

export function toOverriddenResult(override: Override): JobOutcome {
  return succeed('OVERRIDDEN', describeOverride(override), { OverrideReason: override.reason });
}

/** A dry run lets everything through and says what it would have done. */
export function toDryRunResult(decided: GateDecision): JobOutcome {
  const { verdict, step, policy } = decided;
  const would = { pass: 'let through', wait: 'held by waiting', stop: 'stopped' }[step.step];
  return succeed(
    verdict.verdict,
    `Dry run, would be ${would}: ${describeVerdict(verdict, policy)}`,
    variablesOf(policy),
  );
}

function tailOf({ resumable }: Extract<Step, { step: 'stop' }>, marker: string | undefined): string[] {
  if (marker !== undefined) return [`(${marker})`];
  return resumable ? ['This could not be written down: retry the stage by hand.'] : [];
}

type Variables = Readonly<Record<string, string>>;

function variablesOf({ regions }: Policy): Variables {
  return { Regions: regions.join(',') };
}

/** `message` is what AWS's sample called its only variable. */
function succeed(verdict: string, message: string, more: Variables): JobOutcome {
  const outputVariables = { Verdict: verdict, message: truncate(message, 5000), ...more };
  return { kind: 'succeed', summary: message, outputVariables };
}

function failureType(
  verdict: Verdict,
): 'JobFailed' | 'ConfigurationError' | 'PermissionError' | 'SystemUnavailable' {
  if (verdict.verdict === 'UNKNOWN') return 'SystemUnavailable';
  if (verdict.verdict !== 'MISCONFIGURED') return 'JobFailed';
  return verdict.sourceErrors.some(({ kind }) => kind === 'refused')
    ? 'PermissionError'
    : 'ConfigurationError';
}
