import type { JobWith } from '#shared/handlers/codepipeline.ts';
import { type GateParameters, isWarnOnly, parameterIn, parseUserParameters } from '../domain/policy.ts';
import { recentPolicy } from '../recent-policies.ts';

/** A job of a gate's action. */
export type GateJob = JobWith<GateParameters>;

/** The action's UserParameters are the policy, or name the parameter that has it. @throws InvalidInputError */
export function parseGateParameters(userParameters: string | undefined): GateParameters {
  return parseUserParameters(userParameters);
}

/** Whether the policy only warns. The UserParameters need not be valid otherwise. */
export function isTrial(userParameters: string | undefined, now: number): boolean {
  return isWarnOnly(userParameters, recentPolicy(parameterIn(userParameters), now));
}
