import { randomBytes, randomUUID } from 'node:crypto';
import type { Mapping } from '../../../json.ts';
import { publishOutbox } from './events.ts';
import type { ActionRun, Context, Finish, Job } from './model.ts';

const MINUTE = 60_000;
/** How long CodePipeline waits for the answer to a job. */
const answerTime = 20 * MINUTE;
/** How long an action may go on with continuation tokens. */
const actionTime = 24 * 60 * MINUTE;
/** After an answer with a continuation token. */
const pollTime = 30_000;

/** Runs `work` later, and publishes what comes of it. @returns how to call it off */
function putOff(context: Context, ms: number, work: () => void): () => void {
  return context.later(ms, async () => {
    work();
    await publishOutbox(context);
  });
}

/** Invokes an action's function for the first time. */
export function startJobs(context: Context, action: ActionRun, finish: Finish): void {
  action.timers.add(putOff(context, actionTime, () => finish(context, action, noAnswer(action))));
  startJob(context, action, finish);
}

/** Ends the job with the token, for which another job comes in a while. */
export function continueJob(context: Context, { action }: Job, token: string, finish: Finish): void {
  closeJob(action);
  const callOff = putOff(context, pollTime, () => {
    action.timers.delete(callOff);
    startJob(context, action, finish, token);
  });
  action.timers.add(callOff);
}

/** An answer comes too late from now on. */
export function closeJob({ job }: ActionRun): void {
  if (!job) return;
  job.open = false;
  job.callOff();
}

function startJob(context: Context, action: ActionRun, finish: Finish, token?: string): void {
  const callOff = putOff(context, answerTime, () => finish(context, action, noAnswer(action)));
  const job: Job = { id: randomUUID(), action, open: true, callOff };
  action.job = job;
  context.state.jobs.set(job.id, job);
  try {
    context.invokeAsync(functionOf(action), eventOf(context, job, token));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    finish(context, action, { status: 'Failed', code: 'ConfigurationError', message });
  }
}

const functionOf = ({ configuration }: ActionRun): string => configuration['FunctionName'] ?? '';

function noAnswer(action: ActionRun): Parameters<Finish>[2] {
  const message =
    `The AWS Lambda function ${functionOf(action)} failed to return a result. Check the function to verify that it ` +
    'has permission to call the PutJobSuccessResult action and that it made a call to PutJobSuccessResult.';
  return { status: 'Failed', code: 'JobFailed', message };
}

/** What Lambda hands to the function; there is nothing in it of the pipeline, the stage or the execution. */
function eventOf({ accountId, now }: Context, { action, id }: Job, token: string | undefined): Mapping {
  const { configuration, declaration, run } = action;
  const { encryptionKey } = run.execution.pipeline.declaration;
  return {
    'CodePipeline.job': {
      id,
      accountId,
      data: {
        actionConfiguration: { configuration },
        inputArtifacts: declaration.inputs.map((name) => artifactOf(action, name)),
        outputArtifacts: declaration.outputs.map((name) => artifactOf(action, name)),
        artifactCredentials: credentials(now() + 60 * MINUTE),
        ...(token !== undefined && { continuationToken: token }),
        ...(encryptionKey && { encryptionKey }),
      },
    },
  };
}

function artifactOf({ run }: ActionRun, name: string): Mapping {
  const { bucket = '', key = '' } = run.execution.artifacts.get(name) ?? {};
  return {
    name,
    revision: null,
    location: { type: 'S3', s3Location: { bucketName: bucket, objectKey: key } },
  };
}

/** They open nothing, but look as real ones do: a function that lets them out is found out. */
function credentials(expirationTime: number): Mapping {
  return {
    accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    sessionToken: `IQoJb3JpZ2luX2VjE${randomBytes(240).toString('base64')}`,
    expirationTime,
  };
}
