import { codePipelineHandler } from '#shared/handlers/codepipeline.ts';
import { readGateConfig } from '../config.ts';
import { parseUserParameters } from '../domain/policy.ts';
import { gateDeployment } from './gate-deployment.ts';

/** The configuration is read with each job: a fault in it is answered like any other. */
export const handler = codePipelineHandler({
  parse: parseUserParameters,
  handle: (job, invocation) => gateDeployment(job, readGateConfig(), invocation),
});
