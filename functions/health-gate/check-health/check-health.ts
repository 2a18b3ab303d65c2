import { InvalidInputError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import type { GateConfig } from '../config.ts';
import { isWarnOnly } from '../domain/policy.ts';
import { findVerdict, type GateVerdict } from '../find-verdict.ts';
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
    const finding = await findVerdict(parseQuestion(question), { config, invocation });
    return answerOf(finding, invocation.now());
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return toRefusal(error.message, isWarnOnly(textOf(question)));
  }
}

function answerOf(finding: GateVerdict, now: number): HealthAnswer {
  switch (finding.kind) {
    case 'overridden':
      return toOverriddenAnswer(finding.override);
    case 'undecided':
      return toRefusal(finding.reason, true);
    case 'judged':
      return toAnswer(finding.verdict, finding.policy, now);
  }
}
