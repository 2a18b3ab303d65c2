import { jobDoor } from '../../shared/doors/job.ts';
import { readGateConfig } from './config.ts';
import { gateDeployment } from './gate-deployment.ts';
import { readAsk } from './policy.ts';

/** The configuration is read with each job: a fault in it is answered like any other. */
export const handler = jobDoor({
  parse: readAsk,
  handle: (job, tools) => gateDeployment(job, readGateConfig(), tools),
});
