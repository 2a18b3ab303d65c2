import type { Invocation } from '#shared/invocation.ts';
import { logger } from '#shared/log.ts';
import { addCount, metrics } from '#shared/metrics.ts';
import type { Override } from '../domain/override.ts';
import { describeOverride, describeVerdict } from '../messages/verdict-text.ts';
import type { GateContext } from './gate-context.ts';
import type { GateDecision } from './job-result.ts';

const messages = {
  pass: 'deployment allowed',
  wait: 'deployment waiting',
  stop: 'deployment stopped',
} as const;

export function logDecision(
  { config, invocation }: GateContext,
  { verdict, action, policy }: GateDecision,
): void {
  const isUndecided = verdict.verdict === 'MISCONFIGURED' && action.kind === 'pass';
  const fields = {
    verdict: verdict.verdict,
    mode: policy.mode,
    regions: policy.regions,
    reason: describeVerdict(verdict, policy),
    ...(config.dryRun && { planned: messages[action.kind] }),
    ...(action.kind === 'wait' && { checks: action.progress.checks, errors: action.progress.errors }),
    ...(policy.executionId !== undefined && { executionId: policy.executionId }),
  };
  if (config.dryRun) invocation.logger.info('decision planned', fields);
  else if (isUndecided) invocation.logger.warn('deployment allowed: the gate cannot decide', fields);
  else invocation.logger.info(messages[action.kind], fields);
  addCount(invocation.metrics, `Verdict.${verdict.verdict}`);
  if (action.kind === 'stop') addCount(invocation.metrics, 'Stopped');
}

/** An error left the gate without a verdict. */
export function logUndecided(reason: string): void {
  logger.warn('deployment allowed: the gate cannot decide', { reason });
  addCount(metrics, 'Verdict.MISCONFIGURED');
}

export function logOverridden(invocation: Invocation, override: Override): void {
  invocation.logger.warn('deployment allowed: gate overridden', { override: describeOverride(override) });
  addCount(invocation.metrics, 'Verdict.OVERRIDDEN');
}
