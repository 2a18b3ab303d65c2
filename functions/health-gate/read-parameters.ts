import type { Invocation } from '#shared/invocation.ts';
import { type Parameter, readParameters } from './aws/ssm.ts';
import type { GateConfig } from './config.ts';
import { type SourceError, toSourceError } from './domain/verdict.ts';
import { rememberPolicy } from './recent-policies.ts';

export interface StoredParameters {
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Set when the policy's parameter could not be read. A missing central override alone is no error. */
  readonly sourceError?: SourceError;
}

interface ReadContext {
  readonly config: Pick<GateConfig, 'overrideParameter'>;
  readonly invocation: Invocation;
}

/** Reads the central override and, if `parameter` is set, the policy. */
export async function readStoredParameters(
  context: ReadContext,
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
