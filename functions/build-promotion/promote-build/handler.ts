import { codePipelineHandler } from '#shared/handlers/codepipeline.ts';
import { readPromoteConfig } from '../config.ts';
import { parseActionParameters } from './event.ts';
import { promoteBuild } from './promote-build.ts';

/** A pipeline action: `{"env":"prod"}` promotes its input artifact, `"action":"rollback"` rolls back. */
export const handler = codePipelineHandler({
  parse: parseActionParameters,
  handle: (job, invocation) => promoteBuild(job, readPromoteConfig(), invocation),
});
