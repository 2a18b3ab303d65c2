import { InvalidInputError } from '#shared/errors.ts';
import type { Job } from '#shared/events/codepipeline.ts';
import type { JobOutcome, JobWith } from '#shared/handlers/codepipeline.ts';
import type { Invocation } from '#shared/invocation.ts';
import { invokeFunction } from '../aws/lambda.ts';
import { readArchive } from '../aws/s3.ts';
import type { PromoteConfig } from '../config.ts';
import { type Artifact, parseArtifact } from '../domain/artifact.ts';
import {
  parseRestoreStatus,
  parseSwitchReply,
  type RestoreStatus,
  type SwitchReply,
  type SwitchResult,
} from '../protocol/store-reply.ts';
import { type ActionParameters, type JobToken, parseJobToken } from './event.ts';
import { readSingleFile } from './zip.ts';

/** The only file of the artifact. */
const ARTIFACT_FILE = 'build.json';

/** Invokes BuildStore for the action, and returns the result of the change. */
export async function promoteBuild(
  job: JobWith<ActionParameters>,
  config: PromoteConfig,
  invocation: Invocation,
): Promise<JobOutcome> {
  const token = await readJobToken(job, invocation);
  const reply = await invokeStore(job.parameters, token, config, invocation);
  if (reply.outcome !== 'pruned') return toJobOutcome(reply, token, invocation);
  // The progress contains the environment's generation: if another change happens during the restore, that one wins.
  const waiting = { ...token, progress: reply.progress };
  const restoration = parseRestoreStatus(
    await invokeFunction(config.restore, { buildId: reply.buildId }, invocation.signal),
  );
  if (restoration.status !== 'restored') return toRestoreOutcome(restoration, waiting);
  const retried = await invokeStore(job.parameters, waiting, config, invocation);
  return retried.outcome === 'pruned'
    ? toRestoreOutcome(restoration, waiting)
    : toJobOutcome(retried, waiting, invocation);
}

async function invokeStore(
  parameters: ActionParameters,
  { artifact: artifactOfJob, key, progress }: JobToken,
  { store }: PromoteConfig,
  { signal }: Invocation,
): Promise<SwitchReply> {
  const carriedFields = {
    ...(artifactOfJob && { artifact: artifactOfJob }),
    ...(progress !== undefined && { progress }),
  };
  return parseSwitchReply(await invokeFunction(store, { ...parameters, key, ...carriedFields }, signal));
}

async function readJobToken(job: JobWith<ActionParameters>, invocation: Invocation): Promise<JobToken> {
  const { continuationToken, id, parameters } = job;
  if (continuationToken !== undefined) return parseJobToken(continuationToken);
  const begunAt = invocation.now();
  const key = parameters.key ?? id;
  if (parameters.action === 'rollback') return { key, begunAt };
  return { key, begunAt, artifact: await readInputArtifact(job, invocation) };
}

async function readInputArtifact(job: Job, { signal }: Invocation): Promise<Artifact> {
  const [input, ...others] = job.inputArtifacts;
  const credentials = job.credentials();
  if (!input?.location || others.length > 0 || !credentials)
    throw new InvalidInputError(
      `inputArtifacts: expected one input artifact, got ${job.inputArtifacts.length}`,
    );
  const archive = await readArchive(input.location.s3Location, credentials, signal);
  return parseArtifact(readSingleFile(archive, ARTIFACT_FILE));
}

function toJobOutcome(
  reply: Exclude<SwitchReply, { outcome: 'pruned' }>,
  token: JobToken,
  { now }: Invocation,
): JobOutcome {
  switch (reply.outcome) {
    case 'refused':
      return { kind: 'fail', type: reply.failure, message: reply.reason };
    case 'unfinished': {
      const { percent, progress, summary } = reply;
      return { kind: 'continueLater', token: JSON.stringify({ ...token, progress }), summary, percent };
    }
    default:
      return toSuccessOutcome(reply, now() - token.begunAt);
  }
}

function toSuccessOutcome(reply: SwitchResult, milliseconds: number): JobOutcome {
  const { bytes, env, files, from, generation, to, verified, visibleBy } = reply;
  return {
    kind: 'succeed',
    summary: describeSwitch(reply, milliseconds),
    externalExecutionId: `${env}/${generation}`,
    outputVariables: {
      outcome: reply.outcome,
      env,
      from: from ?? 'none',
      to,
      generation: String(generation),
      files: String(files),
      bytes: String(bytes),
      verified,
      milliseconds: String(milliseconds),
      visibleBy,
    },
  };
}

const outcomeNotes = {
  switched: '',
  unchanged: ' (already live)',
  planned: ' (dry run: not changed)',
} as const;

function describeSwitch({ skipped = [], ...reply }: SwitchResult, milliseconds: number): string {
  const { bytes, env, files, from, generation, outcome, to, verified, visibleBy } = reply;
  const check = verified === 'full' ? 'every byte verified' : 'unchanged since the last full verification';
  return [
    `${env}: ${from ?? 'none'} -> ${to}${outcomeNotes[outcome]}, generation ${generation}`,
    `${files} files, ${(bytes / 1e6).toFixed(1)} MB, ${check}, in ${(milliseconds / 1000).toFixed(1)} s`,
    `Visible on every host by ${visibleBy}`,
    ...(skipped.length > 0 ? [`Skipped: ${skipped.join('; ')}`] : []),
  ].join('. ');
}

/** A rollback to a pruned build waits for AWS Backup, at most 24 hours: then CodePipeline ends the action. */
function toRestoreOutcome({ buildId, percent, reason, status }: RestoreStatus, token: JobToken): JobOutcome {
  if (status === 'failed' || status === 'planned')
    return {
      kind: 'fail',
      type: 'RevisionUnavailable',
      message: `${buildId} is pruned: ${reason ?? status}`,
    };
  const summary = `${buildId} is being restored, ${percent}%`;
  return { kind: 'continueLater', token: JSON.stringify(token), summary, percent: Math.min(99, percent) };
}
