import { InvalidInputError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import type { GateConfig } from '../config.ts';
import { isWarnOnly } from '../domain/policy.ts';
import { createSources, evaluatePolicy } from '../evaluate-policy.ts';
import { findPolicy, type GivenParameters, type PolicyContext } from '../find-policy.ts';
import { parseQuestion, textOf } from './event.ts';
import {
  type HealthAnswer,
  toAnswer,
  toDryRunAnswer,
  toOverriddenAnswer,
  toRefusal,
} from './health-answer.ts';

/** Answers whether a deployment with this policy may start now. It changes nothing and is never resumed. */
export async function checkHealth(
  question: unknown,
  config: GateConfig,
  invocation: Invocation,
): Promise<HealthAnswer> {
  const found = await answerQuestion(question, config, invocation);
  const answer = config.dryRun ? toDryRunAnswer(found) : found;
  const { deploy, message: reason, verdict } = answer;
  invocation.logger.info('health checked', { verdict, deploy, reason });
  addCount(invocation.metrics, `Verdict.${verdict}`);
  return answer;
}

async function answerQuestion(
  question: unknown,
  config: GateConfig,
  invocation: Invocation,
): Promise<HealthAnswer> {
  try {
    return await answerPolicy(parseQuestion(question), { config, invocation });
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return toRefusal(error.message, isWarnOnly(textOf(question)));
  }
}

async function answerPolicy(asked: GivenParameters, context: PolicyContext): Promise<HealthAnswer> {
  const { config, invocation } = context;
  const found = await findPolicy(asked, context);
  switch (found.kind) {
    case 'overridden':
      return toOverriddenAnswer(found.override);
    case 'undecided':
      return toRefusal(found.reason, true);
    case 'policy': {
      const { policy } = found;
      const verdict = found.verdict ?? (await evaluatePolicy(policy, createSources(config, invocation)));
      return toAnswer(verdict, policy, invocation.now());
    }
  }
}
