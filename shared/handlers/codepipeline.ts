import {
  CodePipelineClient,
  PutJobFailureResultCommand,
  PutJobSuccessResultCommand,
} from '@aws-sdk/client-codepipeline';
import { createClient } from '../aws/client.ts';
import { hasName, isClientError, isRetryable, isServiceResponse } from '../errors.ts';
import { type Job, jobIdOf, parseJob, secretsOf } from '../events/codepipeline.ts';
import type { Invocation } from '../invocation.ts';
import { logger } from '../log.ts';
import { addCount, metrics } from '../metrics.ts';
import { registerSecrets } from '../redact.ts';
import { failureOf, type JobOutcome, type JobResult, resultOf } from './codepipeline-result.ts';
import { type DeadlineRunner, type Handler, lambda } from './lambda.ts';
import { reportFailure, reportMalformed, reportTimeout } from './report.ts';

export type { FailureType, JobOutcome } from './codepipeline-result.ts';

export interface CodePipelineHandlerOptions<P> {
  /** What the action's configuration says; throws BadInput, which fails the action as a ConfigurationError. */
  parse(userParameters: string | undefined): P;
  handle(job: JobWith<P>, invocation: Invocation): Promise<JobOutcome>;
}

export type JobWith<P> = Job & { readonly parameters: P };

const codePipeline = createClient(CodePipelineClient, { deadlineMs: 4000 });

/** PutJob* and its retries must fit: an unanswered action hangs for twenty minutes. */
const margin = (remainingMs: number): number => Math.min(5000, remainingMs / 4);

/**
 * Takes a CodePipeline job and answers it exactly once, whatever happens: a fault of the wing, nonsense, or its
 * time running out is a failure of the action with a message for the pipeline's owner. Nothing is thrown after the
 * answer, since Lambda would run the job again. Only when CodePipeline cannot be told is that thrown, so that
 * Lambda tries again; the sandbox then repeats the answer and not the work.
 *
 * Read the wing's configuration inside `parse` or `handle`: what throws while the module loads is never answered.
 */
export function codePipelineHandler<P>(wing: CodePipelineHandlerOptions<P>): Handler {
  let last: { readonly id: string; readonly result: JobResult } | undefined;
  return lambda(async (event, runner) => {
    registerSecrets(secretsOf(event));
    const id = jobIdOf(event);
    if (id === undefined) return refuse();
    logger.appendKeys({ jobId: id });
    last = { id, result: last?.id === id ? last.result : await work(wing, event, runner) };
    await answer(id, last.result);
    return undefined;
  }, margin);
}

async function work<P>(
  wing: CodePipelineHandlerOptions<P>,
  event: unknown,
  runner: DeadlineRunner,
): Promise<JobResult> {
  return runner.runWithDeadline(
    async (invocation) => {
      try {
        const job = parseJob(event);
        const parameters = wing.parse(job.userParameters);
        return resultOf(await wing.handle({ ...job, parameters }, invocation), runner.requestId);
      } catch (error) {
        reportFailure(invocation, 'the job failed', { error });
        return failureOf(error, runner.requestId);
      }
    },
    () => {
      reportTimeout('time ran out, the job is answered as failed');
      const message = 'The function ran out of time before it could decide. Retry the action.';
      return resultOf({ kind: 'fail', type: 'SystemUnavailable', message }, runner.requestId);
    },
  );
}

async function answer(jobId: string, result: JobResult): Promise<void> {
  try {
    await put(jobId, result);
  } catch (error) {
    // A duplicate delivery, or a repeat of an answer that had got through although its receipt was lost.
    if (hasName(error, 'InvalidJobStateException', 'JobNotFoundException')) {
      logger.info('the job had been answered already', { error });
    } else if (
      'success' in result &&
      isServiceResponse(error) &&
      !isRetryable(error) &&
      !isClientError(error)
    ) {
      // Refused for what it says, such as too many output variables: that failure must reach the pipeline.
      logger.error('the answer was refused', { error });
      await answer(jobId, failureOf(error, result.success.executionDetails.externalExecutionId));
    } else {
      logger.error('CodePipeline could not be told', { error });
      addCount(metrics, 'Unanswered');
      throw error;
    }
  }
}

async function put(jobId: string, result: JobResult): Promise<void> {
  await ('success' in result
    ? codePipeline.send(new PutJobSuccessResultCommand({ jobId, ...result.success }))
    : codePipeline.send(new PutJobFailureResultCommand({ jobId, ...result.failure })));
}

function refuse(): { readonly error: string } {
  const error = 'not a CodePipeline job: it has no "CodePipeline.job".id to answer';
  reportMalformed(error);
  return { error };
}
