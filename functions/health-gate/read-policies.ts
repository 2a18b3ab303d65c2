import { chunk, mapLimit } from '#shared/concurrency.ts';
import { InvalidInputError } from '#shared/errors.ts';
import { MAX_NAMES, readParameters } from './aws/ssm.ts';
import type { GatesContext } from './context.ts';
import type { Override } from './domain/override.ts';
import { type Parameter, parameterText } from './domain/parameter.ts';
import { buildPolicy, type GateParameters, type Policy } from './domain/policy.ts';
import { type SourceError, toSourceError } from './domain/verdict.ts';
import { activeOverride, findCentralOverride } from './find-override.ts';

/** The policy that a gate used. With a source, the policy is read again. */
export interface GateRule {
  readonly policy: Policy;
  readonly source?: GateParameters | undefined;
}

/** The parameters as they are now. */
export interface CurrentParameters {
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** By name: parameters that could not be read. */
  readonly errors: ReadonlyMap<string, unknown>;
  /** The override for all pipelines, while it lasts. */
  readonly override: Override | undefined;
}

/** Half of the calls that a gate makes at once: they share SSM's rate. */
const SSM_CONCURRENCY = 2;

/** Reads the override and the policies of the gates, up to ten in a call. */
export async function readCurrentParameters(
  context: GatesContext,
  gates: readonly GateRule[],
): Promise<CurrentParameters> {
  const policies = gates.flatMap(({ source }) => source?.parameter ?? []);
  // The override has a call of its own: SSM denies a whole call for one name.
  const batches = [[context.config.overrideParameter], ...chunk([...new Set(policies)], MAX_NAMES)];
  const parameters = new Map<string, Parameter>();
  const errors = new Map<string, unknown>();
  await mapLimit(batches, SSM_CONCURRENCY, async (names) => {
    try {
      for (const entry of await readParameters(names, context.invocation.signal)) parameters.set(...entry);
    } catch (error) {
      if (context.invocation.signal.aborted) throw error;
      context.invocation.logger.warn('parameters not read', { names, error });
      for (const name of names) errors.set(name, error);
    }
  });
  return { parameters, errors, override: findCentralOverride(context, parameters) };
}

/** The policy that a gate would use now, the override in it while it lasts, or why it would have none. */
export function currentPolicy(
  { policy, source }: GateRule,
  { errors, parameters }: CurrentParameters,
  context: GatesContext,
): Policy | Override | SourceError {
  const name = source?.parameter;
  if (!source || name === undefined) return policy;
  if (errors.has(name)) return toSourceError(errors.get(name), `Parameter ${name}`);
  try {
    const { region } = context.config;
    const defaults = { region, onUnknown: policy.onUnknown };
    const current = buildPolicy(source, parameterText(parameters, name, region), defaults);
    return activeOverride(current.override, context) ?? current;
  } catch (error) {
    if (error instanceof InvalidInputError) return { kind: 'misconfigured', message: error.message };
    throw error;
  }
}
