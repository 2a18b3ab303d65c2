import { codePipelineHandler } from '#shared/handlers/codepipeline.ts';
import { isDryRun, readGateConfig } from '../config.ts';
import { isWarnOnly, parameterIn, parseUserParameters } from '../domain/policy.ts';
import { recentPolicy } from '../recent-policies.ts';
import { gateDeployment } from './gate-deployment.ts';
import { toUndecidedResult } from './job-result.ts';
import { logUndecided } from './log.ts';

/** Reads the configuration for each job: an invalid one then fails the action with a clear message. */
export const handler = codePipelineHandler({
  parse: parseUserParameters,
  handle: (job, invocation) => gateDeployment(job, readGateConfig(), invocation),
  // A trial must never fail a stage, whatever is wrong with the policy, the function or AWS.
  replaceFailure: (userParameters, reason) => {
    const recent = recentPolicy(parameterIn(userParameters), Date.now());
    if (!(isDryRun() || isWarnOnly(userParameters, recent))) return undefined;
    logUndecided(reason);
    return toUndecidedResult(reason);
  },
});
