import { mapLimit } from '#shared/concurrency.ts';
import type { ResumeContext } from '../context.ts';
import type { HealthStatus, HoldRecord } from '../domain/hold-record.ts';
import type { Policy } from '../domain/policy.ts';
import type { Verdict } from '../domain/verdict.ts';
import { createSources, evaluatePolicy } from '../evaluate-policy.ts';
import { describeVerdict } from '../messages/verdict-text.ts';

/** What the sources say of one deployment, and the words for it. */
export interface HoldEvaluation {
  readonly status: HealthStatus;
  readonly text: string;
}

const POLICY_CONCURRENCY = 4;

/** Evaluates each policy once, however many deployments it holds, and says of each deployment what all its gates say. */
export async function evaluateHolds(
  { config, invocation }: ResumeContext,
  holds: readonly HoldRecord[],
  fresh: boolean,
): Promise<ReadonlyMap<string, HoldEvaluation>> {
  const policies = new Map(holds.flatMap(policiesOf).map((policy) => [policyKey(policy), policy]));
  const sources = createSources(config, invocation);
  const judged = await mapLimit([...policies], POLICY_CONCURRENCY, async ([key, policy]) => {
    const verdict = await evaluatePolicy(policy, sources, { fresh });
    return [key, { verdict: verdict.verdict, text: describeVerdict(verdict, policy) }] as const;
  });
  const byPolicy = new Map(judged);
  return new Map(
    holds.map((hold) => {
      const own = policiesOf(hold).flatMap((policy) => byPolicy.get(policyKey(policy)) ?? []);
      return [hold.deployment, combineVerdicts(own)];
    }),
  );
}

function policiesOf({ actions }: HoldRecord): Policy[] {
  return actions.map(({ policy }) => policy);
}

interface PolicyVerdict {
  readonly verdict: Verdict['verdict'];
  readonly text: string;
}

/** One gate that stops is enough; where one could not be read, nothing is concluded from the others. */
function combineVerdicts(judged: readonly PolicyVerdict[]): HoldEvaluation {
  const stopping = judged.find(({ verdict }) => verdict === 'BLOCK' || verdict === 'MISCONFIGURED');
  if (stopping) return { status: 'blocked', text: stopping.text };
  const unread = judged.find(({ verdict }) => verdict === 'UNKNOWN');
  if (unread) return { status: 'unknown', text: unread.text };
  return { status: 'clear', text: judged[0]?.text ?? '' };
}

/** How long a gate would wait, and for which execution, makes no other verdict. */
const irrelevantFields = /^(mode|maxWaitMinutes|onUnknown|errorBudget|override|executionId)$/;

/** Policies that lead to the same verdict are one. */
function policyKey(policy: Policy): string {
  const deciding = Object.entries(policy).filter(([name]) => !irrelevantFields.test(name));
  return JSON.stringify(deciding.sort(([a], [b]) => (a < b ? -1 : 1)));
}
