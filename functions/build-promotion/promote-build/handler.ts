import { codePipelineHandler } from '#shared/handlers/codepipeline.ts';
import { readPromoteConfig } from '../config.ts';
import { readParameters } from '../protocol/action-parameters.ts';
import { answerJob } from './promote-build.ts';

/** An action of a pipeline: `{"env":"prod"}` promotes its input artifact, `"action":"rollback"` goes back. */
export const handler = codePipelineHandler({
  parse: readParameters,
  handle: (job, invocation) => answerJob(job, readPromoteConfig(), invocation),
});
