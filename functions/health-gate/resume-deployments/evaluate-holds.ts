import { mapLimit } from '#shared/concurrency.ts';
import type { ResumeContext } from '../context.ts';
import type { HoldRecord } from '../domain/hold-record.ts';
import type { HealthStatus } from '../domain/hold-transitions.ts';
import type { Policy } from '../domain/policy.ts';
import type { Verdict } from '../domain/verdict.ts';
import { createSources, evaluatePolicy } from '../evaluate-policy.ts';
import { describeVerdict } from '../messages/verdict-text.ts';

/** The health status of one deployment, and the text that explains it. */
export interface HoldEvaluation {
  readonly status: HealthStatus;
  readonly text: string;
}

const POLICY_CONCURRENCY = 4;

/** Evaluates each policy once, then combines the verdicts of all gates of each deployment. */
export async function evaluateHolds(
  { config, invocation }: ResumeContext,
  holds: readonly HoldRecord[],
  fresh: boolean,
): Promise<ReadonlyMap<string, HoldEvaluation>> {
  const policies = new Map(holds.flatMap(policiesOf).map((policy) => [policyKey(policy), policy]));
  const sources = createSources(config, invocation);
  const verdicts = await mapLimit([...policies], POLICY_CONCURRENCY, async ([key, policy]) => {
    const verdict = await evaluatePolicy(policy, sources, { fresh });
    return [key, { verdict: verdict.verdict, text: describeVerdict(verdict, policy) }] as const;
  });
  const byPolicy = new Map(verdicts);
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

/** One blocking gate is enough. If a gate could not be read, the status is unknown. */
function combineVerdicts(verdicts: readonly PolicyVerdict[]): HoldEvaluation {
  const stopping = verdicts.find(({ verdict }) => verdict === 'BLOCK' || verdict === 'MISCONFIGURED');
  if (stopping) return { status: 'blocked', text: stopping.text };
  const unread = verdicts.find(({ verdict }) => verdict === 'UNKNOWN');
  if (unread) return { status: 'unknown', text: unread.text };
  return { status: 'clear', text: verdicts[0]?.text ?? '' };
}

/** These fields do not change the verdict. */
const irrelevantFields = /^(mode|maxWaitMinutes|onUnknown|errorBudget|override|executionId)$/;

/** The same key for policies with the same verdict. */
function policyKey(policy: Policy): string {
  const deciding = Object.entries(policy).filter(([name]) => !irrelevantFields.test(name));
  return JSON.stringify(deciding.sort(([a], [b]) => (a < b ? -1 : 1)));
}
