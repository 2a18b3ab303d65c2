import { InvalidInputError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { parameterText } from './aws/ssm.ts';
import type { GateConfig } from './config.ts';
import type { Override } from './domain/override.ts';
import { buildPolicy, type GateParameters, isWarnOnly, type Policy } from './domain/policy.ts';
import type { SourceError, Verdict } from './domain/verdict.ts';
import { createSources, evaluatePolicy } from './evaluate-policy.ts';
import { activeOverride, findCentralOverride } from './find-override.ts';
import { readStoredParameters } from './read-parameters.ts';
import { recentPolicy } from './recent-policies.ts';

/** What a policy says about a deployment now. */
export type GateVerdict =
  | { readonly kind: 'overridden'; readonly override: Override }
  | { readonly kind: 'judged'; readonly verdict: Verdict; readonly policy: Policy }
  /** The policy is invalid, but it only warns. */
  | { readonly kind: 'undecided'; readonly reason: string };

export interface VerdictContext {
  readonly config: GateConfig;
  readonly invocation: Invocation;
}

/** A policy as it was given: its text, and the parsed text. */
export interface GivenParameters {
  readonly text: string | undefined;
  readonly parameters: GateParameters;
}

/**
 * Finds an override or evaluates the policy. Overrides come first: they must work while AWS Health is down.
 *
 * @throws InvalidInputError for an invalid policy or override, unless the policy only warns
 */
export async function findVerdict(asked: GivenParameters, context: VerdictContext): Promise<GateVerdict> {
  const { given, parameter } = asked.parameters;
  const ownOverride = activeOverride(given.override, context);
  if (ownOverride) return { kind: 'overridden', override: ownOverride };
  const stored = await readStoredParameters(context, parameter);
  const centralOverride = findCentralOverride(context, stored.parameters);
  if (centralOverride) return { kind: 'overridden', override: centralOverride };
  const { onUnknown, region } = context.config;
  const defaults = { region, onUnknown };
  const mayWarn = () => isWarnOnly(asked.text, recentPolicy(parameter, context.invocation.now()));
  if (stored.sourceError) {
    const known = mayWarn() ? { ...given, mode: 'warn' as const } : given;
    const policy = buildPolicy({ given: known, parameter: undefined }, undefined, defaults);
    return { kind: 'judged', verdict: verdictOfError(stored.sourceError), policy };
  }
  try {
    const policyText = parameter && parameterText(stored.parameters, parameter, region);
    const policy = buildPolicy(asked.parameters, policyText, defaults);
    const override = activeOverride(policy.override, context);
    if (override) return { kind: 'overridden', override };
    return { kind: 'judged', verdict: await evaluateNow(policy, context), policy };
  } catch (error) {
    if (!(error instanceof InvalidInputError && mayWarn())) throw error;
    return { kind: 'undecided', reason: error.message };
  }
}

function evaluateNow(policy: Policy, { config, invocation }: VerdictContext): Promise<Verdict> {
  return evaluatePolicy(policy, createSources(config, invocation));
}

function verdictOfError(sourceError: SourceError): Verdict {
  const verdict = sourceError.kind === 'temporary' ? 'UNKNOWN' : 'MISCONFIGURED';
  return { verdict, sourceErrors: [sourceError] };
}
