import { InvalidInputError } from '#shared/errors.ts';
import { addCount } from '#shared/metrics.ts';
import type { GateContext } from '../context.ts';
import { type Override, parseOverride } from '../domain/override.ts';
import { parameterText, type StoredParameters } from './read-parameters.ts';

/** @throws InvalidInputError for an invalid text. @returns undefined without an override or after its end */
export function activeOverride(
  text: string | undefined,
  { config, invocation }: GateContext,
): Override | undefined {
  return parseOverride(text, { now: invocation.now(), maxHours: config.maxOverrideHours });
}

/** The override for all pipelines. An invalid one is ignored: it neither fails nor allows any deployment. */
export function findCentralOverride(context: GateContext, stored: StoredParameters): Override | undefined {
  const { overrideParameter, region } = context.config;
  try {
    if (!stored.parameters.has(overrideParameter)) return undefined;
    return activeOverride(parameterText(stored, overrideParameter, region), context);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    context.invocation.logger.error('override for all pipelines ignored: invalid', { reason: error.message });
    addCount(context.invocation.metrics, 'OverrideMalformed');
    return undefined;
  }
}
