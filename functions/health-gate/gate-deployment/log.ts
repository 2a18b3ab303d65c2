import { addCount } from '#shared/metrics.ts';
import type { GateContext } from '../context.ts';
import type { Override } from '../domain/override.ts';
import { describeOverride, describeVerdict } from '../messages/verdict-text.ts';
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
  invocation.logger.info(config.dryRun ? 'decision planned' : messages[action.kind], {
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

export function logOverridden({ invocation }: GateContext, override: Override): void {
  invocation.logger.warn('deployment allowed: gate overridden', { override: describeOverride(override) });
  addCount(invocation.metrics, 'Verdict.OVERRIDDEN');
}
