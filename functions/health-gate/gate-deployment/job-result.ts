import type { JobOutcome } from '#shared/handlers/codepipeline.ts';
import { truncate } from '#shared/redact.ts';
import { formatIso } from '#shared/time.ts';
import type { GateAction } from '../domain/gate-action.ts';
import type { Override } from '../domain/override.ts';
import type { Policy } from '../domain/policy.ts';
import type { Verdict } from '../domain/verdict.ts';
import { formatProgress } from '../domain/wait-progress.ts';
import { describeOverride, describeVerdict } from '../messages/verdict-text.ts';

export interface GateDecision {
  readonly verdict: Verdict;
  readonly action: GateAction;
  readonly policy: Policy;
  readonly now: number;
}

const ALLOWED_BY_POLICY = 'Allowed by the policy (mode: warn or onUnknown: allow).';

const ALLOWED_AS_TRIAL = 'Allowed by mode: warn or a dry run.';

/** The result for CodePipeline. `marker` is set when the stop was saved and can be resumed, or the pass was saved. */
export function toJobResult({ verdict, action, policy, now }: GateDecision, marker?: string): JobOutcome {
  const text = describeVerdict(verdict, policy);
  switch (action.kind) {
    case 'pass': {
      const summary = verdict.verdict === 'PASS' ? text : `${text.replace(/\.?$/, '.')} ${ALLOWED_BY_POLICY}`;
      const result = succeed(verdict.verdict, summary, outputVariablesOf(policy));
      return { ...result, ...(marker !== undefined && { externalExecutionId: marker }) };
    }
    case 'wait': {
      const { since, checks } = action.progress;
      const percent = Math.round(((now - since) / Math.max(1, action.until - since)) * 100);
      const summary = `Waiting since ${formatIso(since)}, until ${formatIso(action.until)} at the latest, ${checks} checks. ${text}`;
      return { kind: 'continueLater', token: formatProgress(action.progress), summary, percent };
    }
    case 'stop':
      return {
        kind: 'fail',
        type: failureType(verdict),
        message: [truncate(text, 4500), ...messageEnding(action, marker)].join(' '),
        ...(marker !== undefined && { externalExecutionId: marker }),
      };
  }
}

export function toOverriddenResult(override: Override): JobOutcome {
  return succeed('OVERRIDDEN', describeOverride(override), { OverrideReason: override.reason });
}

/** For `mode: warn` and a dry run, if an error left the gate without a verdict. */
export function toUndecidedResult(reason: string): JobOutcome {
  return succeed('MISCONFIGURED', `The gate cannot decide: ${reason} ${ALLOWED_AS_TRIAL}`, {});
}

/** In a dry run every deployment passes, and the summary says what would have happened. */
export function toDryRunResult({ verdict, action, policy }: GateDecision): JobOutcome {
  const planned = { pass: 'allowed', wait: 'made to wait', stop: 'stopped' }[action.kind];
  return succeed(
    verdict.verdict,
    `Dry run, would be ${planned}: ${describeVerdict(verdict, policy)}`,
    outputVariablesOf(policy),
  );
}

function messageEnding(
  { resumable }: Extract<GateAction, { kind: 'stop' }>,
  marker: string | undefined,
): string[] {
  if (marker !== undefined) return [`(${marker})`];
  return resumable
    ? ['The stop could not be saved, so it does not resume automatically: retry the stage by hand.']
    : [];
}

type Variables = Readonly<Record<string, string>>;

function outputVariablesOf({ regions }: Policy): Variables {
  return { Regions: regions.join(',') };
}

/** `message` is the name of the only variable in AWS's own sample. */
function succeed(verdict: string, message: string, more: Variables): JobOutcome {
  const outputVariables = { Verdict: verdict, message: truncate(message, 5000), ...more };
  return { kind: 'succeed', summary: message, outputVariables };
}

function failureType(
  verdict: Verdict,
): 'JobFailed' | 'ConfigurationError' | 'PermissionError' | 'SystemUnavailable' {
  if (verdict.verdict === 'UNKNOWN') return 'SystemUnavailable';
  if (verdict.verdict !== 'MISCONFIGURED') return 'JobFailed';
  return verdict.sourceErrors.some(({ kind }) => kind === 'denied')
    ? 'PermissionError'
    : 'ConfigurationError';
}
