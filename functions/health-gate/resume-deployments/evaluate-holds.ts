import { mapLimit } from '#shared/concurrency.ts';
import type { Round } from '../context.ts';
import type { Hold, Outlook } from '../domain/hold-record.ts';
import type { Policy } from '../domain/policy.ts';
import type { Verdict } from '../domain/verdict.ts';
import { evaluate, openSources } from '../evaluate-policy.ts';
import { describeVerdict } from '../messages/verdict-text.ts';

/** What the sources say of one deployment, and the words for it. */
export interface Finding {
  readonly outlook: Outlook;
  readonly text: string;
}

const POLICIES_AT_ONCE = 4;

/** Evaluates each policy once, however many deployments it holds, and says of each deployment what all its gates say. */
export async function findOutlooks(
  { config, invocation }: Round,
  holds: readonly Hold[],
  fresh: boolean,
): Promise<ReadonlyMap<string, Finding>> {
  const policies = new Map(holds.flatMap(policiesOf).map((policy) => [keyOf(policy), policy]));
  const sources = openSources(config, invocation);
  const judged = await mapLimit([...policies], POLICIES_AT_ONCE, async ([key, policy]) => {
    const verdict = await evaluate(policy, sources, { fresh });
    return [key, { verdict: verdict.verdict, text: describeVerdict(verdict, policy) }] as const;
  });
  const byPolicy = new Map(judged);
  return new Map(
    holds.map((hold) => {
      const own = policiesOf(hold).flatMap((policy) => byPolicy.get(keyOf(policy)) ?? []);
      return [hold.deployment, findingOf(own)];
    }),
  );
}

function policiesOf({ actions }: Hold): Policy[] {
  return actions.map(({ policy }) => policy);
}

interface Judged {
  readonly verdict: Verdict['verdict'];
  readonly text: string;
}

/** One gate that stops is enough; where one could not be read, nothing is concluded from the others. */
function findingOf(judged: readonly Judged[]): Finding {
  const stopping = judged.find(({ verdict }) => verdict === 'BLOCK' || verdict === 'MISCONFIGURED');
  if (stopping) return { outlook: 'blocked', text: stopping.text };
  const unread = judged.find(({ verdict }) => verdict === 'UNKNOWN');
  if (unread) return { outlook: 'unknown', text: unread.text };
  return { outlook: 'clear', text: judged[0]?.text ?? '' };
}

/** How long a gate would wait, and for which execution, makes no other verdict. */
const apart = /^(mode|maxWaitMinutes|onUnknown|errorBudget|override|executionId)$/;

/** Policies that lead to the same verdict are one. */
function keyOf(policy: Policy): string {
  const deciding = Object.entries(policy).filter(([name]) => !apart.test(name));
  return JSON.stringify(deciding.sort(([a], [b]) => (a < b ? -1 : 1)));
}
