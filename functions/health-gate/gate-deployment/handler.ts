import { codePipelineHandler } from '#shared/handlers/codepipeline.ts';
import { isDryRun, readGateConfig } from '../config.ts';
import { isTrial, parseGateParameters } from './event.ts';
import { gateDeployment } from './gate-deployment.ts';
import { toUndecidedResult } from './job-result.ts';
import { logUndecided } from './log.ts';

/** Reads the configuration for each job: an invalid one then fails the action with a clear message. */
export const handler = codePipelineHandler({
  parse: parseGateParameters,
  handle: (job, invocation) => gateDeployment(job, readGateConfig(), invocation),
  // A trial must never fail a stage, whatever is wrong with the policy, the function or AWS.
  replaceFailure: (userParameters, reason) => {
    if (!(isDryRun() || isTrial(userParameters, Date.now()))) return undefined;
    logUndecided(reason);
    return toUndecidedResult(reason);
  },
});
