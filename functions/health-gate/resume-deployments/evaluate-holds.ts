import { mapLimit } from '#shared/concurrency.ts';
import type { ResumeContext } from '../context.ts';
import type { HoldRecord } from '../domain/hold-record.ts';
import type { HealthStatus } from '../domain/hold-transitions.ts';
import type { Policy } from '../domain/policy.ts';
import type { SourceError, Verdict } from '../domain/verdict.ts';
import { createSources, evaluatePolicy } from '../evaluate-policy.ts';
import { describeOverride, describeVerdict } from '../messages/verdict-text.ts';
import { type CurrentParameters, currentPolicy, readCurrentParameters } from './read-policies.ts';

/** The health status of one deployment, and the text that explains it. */
export interface HoldEvaluation {
  readonly status: HealthStatus;
  readonly text: string;
}

const POLICY_CONCURRENCY = 4;

/** Evaluates each policy once, as it is now, then combines the verdicts of all gates of each deployment. */
export async function evaluateHolds(
  context: ResumeContext,
  holds: readonly HoldRecord[],
  fresh: boolean,
): Promise<ReadonlyMap<string, HoldEvaluation>> {
  if (holds.length === 0) return new Map();
  const current = await readCurrentParameters(context, holds);
  const gates = new Map(
    holds.map(({ actions, deployment }) => [
      deployment,
      actions.map((action) => currentPolicy(action, current, context)),
    ]),
  );
  const verdicts = await evaluatePolicies(context, [...gates.values()].flat().filter(isPolicy), fresh);
  return new Map([...gates].map(([deployment, own]) => [deployment, evaluateHold(own, verdicts, current)]));
}

async function evaluatePolicies(
  { config, invocation }: ResumeContext,
  policies: readonly Policy[],
  fresh: boolean,
): Promise<ReadonlyMap<string, PolicyVerdict>> {
  const distinct = new Map(policies.map((policy) => [policyKey(policy), policy]));
  const sources = createSources(config, invocation);
  const verdicts = await mapLimit([...distinct], POLICY_CONCURRENCY, async ([key, policy]) => {
    const verdict = await evaluatePolicy(policy, sources, { fresh });
    return [key, { verdict: verdict.verdict, text: describeVerdict(verdict, policy) }] as const;
  });
  return new Map(verdicts);
}

/** A gate's policy, or why it has none. */
type Gate = Policy | SourceError;

function isPolicy(gate: Gate): gate is Policy {
  return 'regions' in gate;
}

function evaluateHold(
  gates: readonly Gate[],
  verdicts: ReadonlyMap<string, PolicyVerdict>,
  { override }: CurrentParameters,
): HoldEvaluation {
  const isFree = gates.every((gate) => !isPolicy(gate) || gate.overrideResumes !== false);
  if (override && isFree) return { status: 'overridden', text: describeOverride(override) };
  return combineVerdicts(gates.flatMap((gate) => verdictOf(gate, verdicts) ?? []));
}

interface PolicyVerdict {
  readonly verdict: Verdict['verdict'];
  readonly text: string;
}

/** A gate that would not stop the deployment now counts as passed. */
function verdictOf(gate: Gate, verdicts: ReadonlyMap<string, PolicyVerdict>): PolicyVerdict | undefined {
  if (!isPolicy(gate))
    return { verdict: gate.kind === 'temporary' ? 'UNKNOWN' : 'MISCONFIGURED', text: gate.message };
  const found = verdicts.get(policyKey(gate));
  const isAllowed = gate.mode === 'warn' || (gate.onUnknown === 'allow' && found?.verdict === 'UNKNOWN');
  return found && isAllowed ? { verdict: 'PASS', text: `Allowed by the policy. ${found.text}` } : found;
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
const irrelevantFields = /^(mode|maxWaitMinutes|onUnknown|errorBudget|override|executionId|overrideResumes)$/;

/** The same key for policies with the same verdict. */
function policyKey(policy: Policy): string {
  const deciding = Object.entries(policy).filter(([name]) => !irrelevantFields.test(name));
  return JSON.stringify(deciding.sort(([a], [b]) => (a < b ? -1 : 1)));
}
