import { logger } from '#shared/log.ts';
import { addCount, metrics } from '#shared/metrics.ts';
import type { GateContext } from '../context.ts';
import type { Override } from '../domain/override.ts';
import { describeOverride, describeVerdict } from '../messages/verdict-text.ts';
import type { GateDecision } from './job-result.ts';

const messages = {
  pass: 'deployment allowed',
  wait: 'deployment waiting',
  stop: 'deployment stopped',
} as const;

const UNDECIDED = 'deployment allowed: the gate cannot decide';

export function logDecision(
  { config, invocation }: GateContext,
  { verdict, action, policy }: GateDecision,
): void {
  const isUndecided = verdict.verdict === 'MISCONFIGURED' && action.kind === 'pass';
  const message = isUndecided ? UNDECIDED : messages[action.kind];
  invocation.logger[isUndecided ? 'warn' : 'info'](config.dryRun ? 'decision planned' : message, {
    verdict: verdict.verdict,
    mode: policy.mode,
    regions: policy.regions,
    reason: describeVerdict(verdict, policy),
    ...(config.dryRun && { planned: messages[action.kind] }),
    ...(action.kind === 'wait' && { checks: action.progress.checks, errors: action.progress.errors }),
    ...(policy.executionId !== undefined && { executionId: policy.executionId }),
  });
  addCount(invocation.metrics, `Verdict.${verdict.verdict}`);
  if (action.kind === 'stop') addCount(invocation.metrics, 'Stopped');
}

/** An error left the gate without a verdict. */
export function logUndecided(reason: string): void {
  logger.warn(UNDECIDED, { reason });
  addCount(metrics, 'Verdict.MISCONFIGURED');
}

export function logOverridden({ invocation }: GateContext, override: Override): void {
  invocation.logger.warn('deployment allowed: gate overridden', { override: describeOverride(override) });
  addCount(invocation.metrics, 'Verdict.OVERRIDDEN');
}
