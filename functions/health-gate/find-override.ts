import { InvalidInputError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import type { GateConfig } from './config.ts';
import { type Override, parseOverride } from './domain/override.ts';
import { type Parameter, parameterText } from './domain/parameter.ts';

interface OverrideContext {
  readonly config: Pick<GateConfig, 'maxOverrideHours' | 'overrideParameter' | 'region'>;
  readonly invocation: Invocation;
}

/** @throws InvalidInputError for an invalid text. @returns undefined without an override or after its end */
export function activeOverride(
  text: string | undefined,
  { config, invocation }: OverrideContext,
): Override | undefined {
  return parseOverride(text, { now: invocation.now(), maxHours: config.maxOverrideHours });
}

/** The override for all pipelines. An invalid one is ignored: it neither fails nor allows any deployment. */
export function findCentralOverride(
  context: OverrideContext,
  parameters: ReadonlyMap<string, Parameter>,
): Override | undefined {
  const { overrideParameter, region } = context.config;
  try {
    if (!parameters.has(overrideParameter)) return undefined;
    return activeOverride(parameterText(parameters, overrideParameter, region), context);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    context.invocation.logger.error('override for all pipelines ignored: invalid', { reason: error.message });
    addCount(context.invocation.metrics, 'OverrideMalformed');
    return undefined;
  }
}
