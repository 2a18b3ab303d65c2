import * as z from 'zod/mini';
import { InvalidInputError } from '#shared/errors.ts';
import { parseAs, parseJson } from '#shared/parse.ts';
import { findPasses } from '../aws/gate-table.ts';
import type { FollowContext } from '../context.ts';
import { buildPolicy, parseParameters } from '../domain/policy.ts';
import { type GatePass, parseMarker, unsavedPassText } from '../domain/stop-marker.ts';
import type { PassedAction } from './event.ts';

/** A gate saves its pass just before its result, and the event follows within moments. */
const SAME_PASS_MS = 60_000;

/**
 * Finds the pass that the gate saved for a succeeded action. AWS does not guarantee that the event contains the gate's
 * marker; without any result in the event, the passes of the execution are queried. @returns undefined for no gate
 */
export async function findGatePass(
  { config, invocation }: FollowContext,
  { executionId, externalId, summary, time }: PassedAction,
): Promise<GatePass | undefined> {
  const named = parseMarker(externalId, summary);
  const unsaved = unsavedPassText(externalId);
  if (named && unsaved !== undefined) {
    const pass = parseUnsavedPass(unsaved, config);
    return pass && { ...named, ...pass };
  }
  if (named) return (await findPasses(config.gateTable, named, invocation.signal))[0];
  if (externalId !== undefined) return undefined;
  const passes = await findPasses(config.gateTable, { id: executionId }, invocation.signal);
  const distance = ({ at }: GatePass): number => Math.abs(at - time);
  return passes.filter((pass) => distance(pass) <= SAME_PASS_MS).sort((a, b) => distance(a) - distance(b))[0];
}

const unsavedPass = z.object({ at: z.number(), policy: z.unknown() });

/** Every function can write such a text, so the policy is validated again. @returns undefined if it is invalid */
function parseUnsavedPass(
  text: string,
  { region }: FollowContext['config'],
): Pick<GatePass, 'at' | 'policy'> | undefined {
  const what = 'external id';
  try {
    const { at, policy } = parseAs(unsavedPass, parseJson(text, what), what);
    const parameters = { given: parseParameters(policy, what).given, parameter: undefined };
    return { at, policy: buildPolicy(parameters, undefined, { region, onUnknown: 'block' }) };
  } catch (error) {
    if (error instanceof InvalidInputError) return undefined;
    throw error;
  }
}
