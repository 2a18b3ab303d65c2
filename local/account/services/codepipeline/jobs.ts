import { randomBytes, randomUUID } from 'node:crypto';
import type { Mapping } from '../../../json.ts';
import { publishOutbox } from './events.ts';
import type { ActionRun, Context, FinishAction, Job } from './model.ts';

const MINUTE_MS = 60_000;
/** How long CodePipeline waits for the result of a job. */
const jobTimeoutMs = 20 * MINUTE_MS;
/** How long an action can continue with continuation tokens. */
const actionTimeoutMs = 24 * 60 * MINUTE_MS;
/** The delay after a result with a continuation token. */
const pollIntervalMs = 30_000;

/** Runs `work` later and publishes its events. @returns a cancel function */
function scheduleWork(context: Context, ms: number, work: () => void): () => void {
  return context.runLater(ms, async () => {
    work();
    await publishOutbox(context);
  });
}

/** Invokes the function of an action for the first time. */
export function startJobs(context: Context, action: ActionRun, finish: FinishAction): void {
  action.timers.add(
    scheduleWork(context, actionTimeoutMs, () => finish(context, action, timeoutResult(action))),
  );
  startJob(context, action, finish);
}

/** Ends the job, and starts another one with the token after the polling interval. */
export function continueJob(context: Context, { action }: Job, token: string, finish: FinishAction): void {
  closeJob(action);
  const cancel = scheduleWork(context, pollIntervalMs, () => {
    action.timers.delete(cancel);
    startJob(context, action, finish, token);
  });
  action.timers.add(cancel);
}

/** From now on a result for the job is too late. */
export function closeJob({ job }: ActionRun): void {
  if (!job) return;
  job.isOpen = false;
  job.cancelTimeout();
}

function startJob(context: Context, action: ActionRun, finish: FinishAction, token?: string): void {
  const cancelTimeout = scheduleWork(context, jobTimeoutMs, () =>
    finish(context, action, timeoutResult(action)),
  );
  const job: Job = { id: randomUUID(), action, isOpen: true, cancelTimeout };
  action.job = job;
  context.state.jobs.set(job.id, job);
  try {
    context.invokeAsync(functionName(action), jobEvent(context, job, token));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    finish(context, action, { status: 'Failed', code: 'ConfigurationError', message });
  }
}

const functionName = ({ configuration }: ActionRun): string => configuration['FunctionName'] ?? '';

function timeoutResult(action: ActionRun): Parameters<FinishAction>[2] {
  const message =
    `The AWS Lambda function ${functionName(action)} failed to return a result. Check the function to verify that it ` +
    'has permission to call the PutJobSuccessResult action and that it made a call to PutJobSuccessResult.';
  return { status: 'Failed', code: 'JobFailed', message };
}

/** The event for the function. As on AWS it does not contain the pipeline, the stage or the execution. */
function jobEvent({ accountId, now }: Context, { action, id }: Job, token: string | undefined): Mapping {
  const { configuration, declaration, run } = action;
  const { encryptionKey } = run.execution.pipeline.declaration;
  return {
    'CodePipeline.job': {
      id,
      accountId,
      data: {
        actionConfiguration: { configuration },
        inputArtifacts: declaration.inputs.map((name) => jobArtifact(action, name)),
        outputArtifacts: declaration.outputs.map((name) => jobArtifact(action, name)),
        artifactCredentials: credentials(now() + 60 * MINUTE_MS),
        ...(token !== undefined && { continuationToken: token }),
        ...(encryptionKey && { encryptionKey }),
      },
    },
  };
}

function jobArtifact({ run }: ActionRun, name: string): Mapping {
  const { bucket = '', key = '' } = run.execution.artifacts.get(name) ?? {};
  return {
    name,
    revision: null,
    location: { type: 'S3', s3Location: { bucketName: bucket, objectKey: key } },
  };
}

/** Not valid, but they look like real ones, so that tests detect a function that leaks them. */
function credentials(expirationTime: number): Mapping {
  return {
    accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    sessionToken: `IQoJb3JpZ2luX2VjE${randomBytes(240).toString('base64')}`,
    expirationTime,
  };
}
