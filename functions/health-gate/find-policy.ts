import { InvalidInputError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { readParameters } from './aws/ssm.ts';
import type { GateConfig } from './config.ts';
import type { Override } from './domain/override.ts';
import { type Parameter, parameterText } from './domain/parameter.ts';
import { buildPolicy, type GateParameters, isWarnOnly, type Policy } from './domain/policy.ts';
import { type SourceError, toSourceError, type Verdict } from './domain/verdict.ts';
import { activeOverride, findCentralOverride } from './find-override.ts';
import { recentPolicy, rememberPolicy } from './recent-policies.ts';

/** What decides about a deployment now. */
export type FoundPolicy =
  | { readonly kind: 'overridden'; readonly override: Override }
  | {
      readonly kind: 'policy';
      readonly policy: Policy;
      /** Set if the policy's parameter could not be read: then the policy is not evaluated. */
      readonly verdict?: Verdict;
    }
  /** The policy is invalid, but it only warns. */
  | { readonly kind: 'undecided'; readonly reason: string };

export interface PolicyContext {
  readonly config: GateConfig;
  readonly invocation: Invocation;
}

/** A policy as it was given: its text, and the parsed text. */
export interface GivenParameters {
  readonly text: string | undefined;
  readonly parameters: GateParameters;
}

/**
 * Finds an override or the policy. Overrides come first: they must work while AWS Health is down.
 *
 * @throws InvalidInputError for an invalid policy or override, unless the policy only warns
 */
export async function findPolicy(asked: GivenParameters, context: PolicyContext): Promise<FoundPolicy> {
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
    return { kind: 'policy', policy, verdict: verdictOfError(stored.sourceError) };
  }
  try {
    const policyText = parameter && parameterText(stored.parameters, parameter, region);
    const policy = buildPolicy(asked.parameters, policyText, defaults);
    const override = activeOverride(policy.override, context);
    if (override) return { kind: 'overridden', override };
    return { kind: 'policy', policy };
  } catch (error) {
    if (!(error instanceof InvalidInputError && mayWarn())) throw error;
    return { kind: 'undecided', reason: error.message };
  }
}

function verdictOfError(sourceError: SourceError): Verdict {
  const verdict = sourceError.kind === 'temporary' ? 'UNKNOWN' : 'MISCONFIGURED';
  return { verdict, sourceErrors: [sourceError] };
}

interface StoredParameters {
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Set when the policy's parameter could not be read. A missing central override alone is no error. */
  readonly sourceError?: SourceError;
}

/** Reads the central override and, if `parameter` is set, the policy. */
async function readStoredParameters(
  context: PolicyContext,
  parameter: string | undefined,
): Promise<StoredParameters> {
  const { config, invocation } = context;
  const names = [config.overrideParameter, ...(parameter === undefined ? [] : [parameter])];
  try {
    const parameters = await readParameters(names, invocation.signal);
    const policy = parameter === undefined ? undefined : parameters.get(parameter);
    if (parameter !== undefined && policy) rememberPolicy(parameter, policy.text, invocation.now());
    return { parameters };
  } catch (error) {
    if (invocation.signal.aborted) throw error;
    invocation.logger.warn('parameters not read', { names, error });
    if (parameter === undefined) return { parameters: new Map() };
    const hint = `Policies are read from ${config.overrideParameter.replace(/override$/, '*')}`;
    // If one name is denied, SSM denies the whole call: read the override again without the policy.
    const { parameters } = await readStoredParameters(context, undefined);
    return { parameters, sourceError: toSourceError(error, `Parameter ${parameter}`, hint) };
  }
}
