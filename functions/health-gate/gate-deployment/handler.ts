import { codePipelineHandler } from '#shared/handlers/codepipeline.ts';
import { readGateConfig } from '../config.ts';
import { parseUserParameters } from '../domain/policy.ts';
import { gateDeployment } from './gate-deployment.ts';

/** Reads the configuration for each job: an invalid one then fails the action with a clear message. */
export const handler = codePipelineHandler({
  parse: parseUserParameters,
  handle: (job, invocation) => gateDeployment(job, readGateConfig(), invocation),
});
