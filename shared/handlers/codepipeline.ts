import {
  CodePipelineClient,
  PutJobFailureResultCommand,
  PutJobSuccessResultCommand,
} from '@aws-sdk/client-codepipeline';
import { createClient } from '../aws/client.ts';
import { hasName, isClientError, isRetryable, isServiceResponse } from '../errors.ts';
import { type Job, jobIdOf, parseJob, secretsOf, userParametersOf } from '../events/codepipeline.ts';
import type { Invocation } from '../invocation.ts';
import { logger } from '../log.ts';
import { addCount, metrics } from '../metrics.ts';
import { registerSecrets } from '../redact.ts';
import { failureOf, type JobOutcome, type JobResult, resultOf } from './codepipeline-result.ts';
import { type DeadlineRunner, type Handler, lambda } from './lambda.ts';
import { reportFailure, reportMalformed, reportTimeout } from './report.ts';

export type { FailureType, JobOutcome } from './codepipeline-result.ts';

export interface CodePipelineHandlerOptions<P> {
  /** Parses the action's configuration. @throws InvalidInputError, which fails the action as a ConfigurationError */
  parse(userParameters: string | undefined): P;
  handle(job: JobWith<P>, invocation: Invocation): Promise<JobOutcome>;
  /** The outcome in place of the failure that an error or the time limit causes. Without one, the action fails. */
  replaceFailure?(userParameters: string | undefined, reason: string): JobOutcome | undefined;
}

export type JobWith<P> = Job & { readonly parameters: P };

const codePipeline = createClient(CodePipelineClient, { deadlineMs: 4000 });

/** PutJob* and its retries must fit: CodePipeline waits 20 minutes for a job without a result. */
const margin = (remainingMs: number): number => Math.min(5000, remainingMs / 4);

/**
 * Handles a CodePipeline job and reports its result exactly once. An error or a timeout fails the action with a message
 * for the pipeline's owner. Throws only when CodePipeline could not be reached: Lambda then retries, and the same
 * process repeats the result without doing the work again.
 *
 * Read the configuration inside `parse` or `handle`: an error while the module loads leaves the job without a result.
 */
export function codePipelineHandler<P>(options: CodePipelineHandlerOptions<P>): Handler {
  let last: { readonly id: string; readonly result: JobResult } | undefined;
  return lambda(async (event, runner) => {
    registerSecrets(secretsOf(event));
    const id = jobIdOf(event);
    if (id === undefined) return refuse();
    logger.appendKeys({ jobId: id });
    last = { id, result: last?.id === id ? last.result : await work(options, event, runner) };
    await answer(id, last.result);
    return undefined;
  }, margin);
}

async function work<P>(
  options: CodePipelineHandlerOptions<P>,
  event: unknown,
  runner: DeadlineRunner,
): Promise<JobResult> {
  return runner.runWithDeadline(
    async (invocation) => {
      try {
        const job = parseJob(event);
        const parameters = options.parse(job.userParameters);
        return resultOf(await options.handle({ ...job, parameters }, invocation), runner.requestId);
      } catch (error) {
        reportFailure(invocation, 'job failed', { error });
        return failureOr(options, event, failureOf(error, runner.requestId));
      }
    },
    () => {
      reportTimeout('job timed out, reported as failed');
      const message = 'The function ran out of time before it could decide. Retry the action.';
      const failure = { kind: 'fail', type: 'SystemUnavailable', message } as const;
      return failureOr(options, event, resultOf(failure, runner.requestId));
    },
  );
}

function failureOr<P>(
  { replaceFailure }: CodePipelineHandlerOptions<P>,
  event: unknown,
  result: JobResult,
): JobResult {
  if ('success' in result || !replaceFailure) return result;
  const { externalExecutionId, message } = result.failure.failureDetails;
  const outcome = replaceFailure(userParametersOf(event), message);
  return outcome ? resultOf(outcome, externalExecutionId) : result;
}

async function answer(jobId: string, result: JobResult): Promise<void> {
  try {
    await put(jobId, result);
  } catch (error) {
    // A duplicate delivery, or a retry after a result that arrived although its response was lost.
    if (hasName(error, 'InvalidJobStateException', 'JobNotFoundException')) {
      logger.info('job result ignored: reported before', { error });
    } else if (
      'success' in result &&
      isServiceResponse(error) &&
      !isRetryable(error) &&
      !isClientError(error)
    ) {
      // CodePipeline refused its content, such as too many output variables: the pipeline must fail with that reason.
      logger.error('job result refused by CodePipeline', { error });
      await answer(jobId, failureOf(error, result.success.executionDetails.externalExecutionId));
    } else {
      logger.error('job result not delivered to CodePipeline', { error });
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
