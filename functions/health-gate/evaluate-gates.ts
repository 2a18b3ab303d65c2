import { mapLimit } from '#shared/concurrency.ts';
import type { GatesContext } from './context.ts';
import type { HealthIssue } from './domain/health-issue.ts';
import type { HealthStatus } from './domain/hold-transitions.ts';
import type { Override } from './domain/override.ts';
import type { Policy } from './domain/policy.ts';
import type { SourceError, Verdict } from './domain/verdict.ts';
import { createSources, evaluatePolicy } from './evaluate-policy.ts';
import { describeOverride, describeVerdict } from './messages/verdict-text.ts';
import {
  type CurrentParameters,
  currentPolicy,
  type GateRule,
  readCurrentParameters,
} from './read-policies.ts';

/** The health status of a deployment or a stage, from all of its gates. */
export interface GatesEvaluation {
  readonly status: HealthStatus;
  /** Explains the status. */
  readonly text: string;
  /** The events that count for one of the gates, whatever its policy does about them. */
  readonly issues: readonly HealthIssue[];
  /** Whether every gate could be evaluated: then no event is missing. */
  readonly isComplete: boolean;
}

const POLICY_CONCURRENCY = 4;

/** Evaluates each policy once, as it is now, then combines the verdicts of all gates that share a name. */
export async function evaluateGates(
  context: GatesContext,
  rules: ReadonlyMap<string, readonly GateRule[]>,
  fresh: boolean,
): Promise<ReadonlyMap<string, GatesEvaluation>> {
  if (rules.size === 0) return new Map();
  const current = await readCurrentParameters(context, [...rules.values()].flat());
  const gates = new Map(
    [...rules].map(([name, own]) => [name, own.map((rule) => currentPolicy(rule, current, context))]),
  );
  const verdicts = await evaluatePolicies(context, [...gates.values()].flat().filter(isPolicy), fresh);
  return new Map([...gates].map(([name, own]) => [name, evaluateOwn(own, verdicts, current)]));
}

async function evaluatePolicies(
  { config, invocation }: GatesContext,
  policies: readonly Policy[],
  fresh: boolean,
): Promise<ReadonlyMap<string, PolicyVerdict>> {
  const distinct = new Map(policies.map((policy) => [policyKey(policy), policy]));
  const sources = createSources(config, invocation);
  const verdicts = await mapLimit([...distinct], POLICY_CONCURRENCY, async ([key, policy]) => {
    const verdict = await evaluatePolicy(policy, sources, { fresh });
    const issues = verdict.verdict === 'BLOCK' ? verdict.issues : [];
    return [key, { verdict: verdict.verdict, text: describeVerdict(verdict, policy), issues }] as const;
  });
  return new Map(verdicts);
}

/** A gate's policy, the override in it, or why it has none. */
type Gate = Policy | Override | SourceError;

function isPolicy(gate: Gate): gate is Policy {
  return 'regions' in gate;
}

function evaluateOwn(
  gates: readonly Gate[],
  verdicts: ReadonlyMap<string, PolicyVerdict>,
  { override }: CurrentParameters,
): GatesEvaluation {
  const found = gates.map((gate) => (isPolicy(gate) ? verdicts.get(policyKey(gate)) : undefined));
  const events = {
    issues: found.flatMap((one) => one?.issues ?? []),
    isComplete: found.every((one) => one?.verdict === 'PASS' || one?.verdict === 'BLOCK'),
  };
  const isFree = gates.every((gate) => !isPolicy(gate) || gate.overrideResumes !== false);
  if (override && isFree) return { status: 'overridden', text: describeOverride(override), ...events };
  const overrides = gates.filter(isOverride);
  const [own] = overrides;
  if (own && overrides.length === gates.length)
    return { status: 'overridden', text: describeOverride(own), ...events };
  const combined = combineVerdicts(gates.flatMap((gate) => verdictOf(gate, verdicts) ?? []));
  return { ...combined, ...events };
}

function isOverride(gate: Gate): gate is Override {
  return 'until' in gate;
}

interface PolicyVerdict {
  readonly verdict: Verdict['verdict'];
  readonly text: string;
  readonly issues: readonly HealthIssue[];
}

/** A gate that would not stop the deployment now counts as passed. */
function verdictOf(gate: Gate, verdicts: ReadonlyMap<string, PolicyVerdict>): PolicyVerdict | undefined {
  if (isOverride(gate)) return { verdict: 'PASS', text: describeOverride(gate), issues: [] };
  if (!isPolicy(gate)) {
    const verdict = gate.kind === 'temporary' ? 'UNKNOWN' : 'MISCONFIGURED';
    return { verdict, text: gate.message, issues: [] };
  }
  const found = verdicts.get(policyKey(gate));
  const isAllowed = gate.mode === 'warn' || (gate.onUnknown === 'allow' && found?.verdict === 'UNKNOWN');
  return found && isAllowed
    ? { ...found, verdict: 'PASS', text: `Allowed by the policy. ${found.text}` }
    : found;
}

/** One blocking gate is enough. If a gate could not be read, the status is unknown. */
function combineVerdicts(verdicts: readonly PolicyVerdict[]): Pick<GatesEvaluation, 'status' | 'text'> {
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
