import { jobDoor } from '../../shared/doors/job.ts';
import { answerJob } from './answer-job.ts';
import { readPromoteConfig } from './config.ts';
import { readParameters } from './parameters.ts';

/** An action of a pipeline: `{"env":"prod"}` promotes its input artifact, `"action":"rollback"` goes back. */
export const handler = jobDoor({
  parse: readParameters,
  handle: (job, tools) => answerJob(job, readPromoteConfig(), tools),
});
