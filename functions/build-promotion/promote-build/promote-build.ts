import * as z from 'zod/mini';
import { InvalidInputError } from '#shared/errors.ts';
import type { Job } from '#shared/events/codepipeline.ts';
import type { JobOutcome, JobWith } from '#shared/handlers/codepipeline.ts';
import type { Invocation } from '#shared/invocation.ts';
import { parseAs, parseJson } from '#shared/parse.ts';
import { ask } from '../aws/lambda.ts';
import { readArchive } from '../aws/s3.ts';
import type { PromoteConfig } from '../config.ts';
import { type Artifact, artifact, readArtifact } from '../domain/artifact.ts';
import type { Parameters } from '../protocol/action-parameters.ts';
import {
  type Restoration,
  readRestoration,
  readSwitchReply,
  type SwitchAnswer,
  type SwitchedAnswer,
} from '../protocol/store-reply.ts';
import { readOnlyFile } from './zip.ts';

/** The one file of the artifact. */
const ARTIFACT_FILE = 'build.json';

/** What a job leaves for the next one of its action, which has another id. */
const token = z.object({
  /** The first job's id: the store knows the request by it. */
  key: z.string(),
  artifact: z.optional(artifact),
  progress: z.optional(z.unknown()),
  begunAt: z.number(),
});
type Token = z.output<typeof token>;

/** Has the store do what the action says, and answers with what has changed. */
export async function answerJob(
  job: JobWith<Parameters>,
  config: PromoteConfig,
  invocation: Invocation,
): Promise<JobOutcome> {
  const begun = await readToken(job, invocation);
  const reply = await askStore(job.parameters, begun, config, invocation);
  if (reply.outcome !== 'pruned') return toAnswer(reply, begun, invocation);
  // What the environment's latest change is now goes with it: whoever makes another meanwhile wins.
  const waiting = { ...begun, progress: reply.progress };
  const restoration = readRestoration(
    await ask(config.restore, { buildId: reply.buildId }, invocation.signal),
  );
  if (restoration.status !== 'restored') return toWaiting(restoration, waiting);
  const again = await askStore(job.parameters, waiting, config, invocation);
  return again.outcome === 'pruned' ? toWaiting(restoration, waiting) : toAnswer(again, waiting, invocation);
}

async function askStore(
  parameters: Parameters,
  { artifact: carried, key, progress }: Token,
  { store }: PromoteConfig,
  { signal }: Invocation,
): Promise<SwitchAnswer> {
  const brought = { ...(carried && { artifact: carried }), ...(progress !== undefined && { progress }) };
  return readSwitchReply(await ask(store, { ...parameters, key, ...brought }, signal));
}

async function readToken(job: JobWith<Parameters>, invocation: Invocation): Promise<Token> {
  const { continuationToken, id, parameters } = job;
  if (continuationToken !== undefined)
    return parseAs(token, parseJson(continuationToken, 'continuationToken'), 'continuationToken');
  const begunAt = invocation.now();
  const key = parameters.key ?? id;
  if (parameters.action === 'rollback') return { key, begunAt };
  return { key, begunAt, artifact: await readInput(job, invocation) };
}

async function readInput(job: Job, { signal }: Invocation): Promise<Artifact> {
  const [input, ...others] = job.inputArtifacts;
  const credentials = job.credentials();
  if (!input?.location || others.length > 0 || !credentials)
    throw new InvalidInputError(`the action needs one input artifact, got ${job.inputArtifacts.length}`);
  const archive = await readArchive(input.location.s3Location, credentials, signal);
  return readArtifact(readOnlyFile(archive, ARTIFACT_FILE));
}

function toAnswer(
  reply: Exclude<SwitchAnswer, { outcome: 'pruned' }>,
  begun: Token,
  { now }: Invocation,
): JobOutcome {
  switch (reply.outcome) {
    case 'refused':
      return { kind: 'fail', type: reply.failure, message: reply.reason };
    case 'more': {
      const { percent, progress, summary } = reply;
      return { kind: 'continueLater', token: JSON.stringify({ ...begun, progress }), summary, percent };
    }
    default:
      return toSuccess(reply, now() - begun.begunAt);
  }
}

function toSuccess(reply: SwitchedAnswer, milliseconds: number): JobOutcome {
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

const words = { switched: '', unchanged: ' (it was live already)', planned: ' (dry run: not done)' } as const;

function describeSwitch({ skipped = [], ...reply }: SwitchedAnswer, milliseconds: number): string {
  const { bytes, env, files, from, generation, outcome, to, verified, visibleBy } = reply;
  const how = verified === 'full' ? 'every byte verified' : 'unchanged since every byte was verified';
  return [
    `${env}: ${from ?? 'none'} -> ${to}${words[outcome]}, generation ${generation}`,
    `${files} files, ${(bytes / 1e6).toFixed(1)} MB, ${how}, in ${(milliseconds / 1000).toFixed(1)} s`,
    `Every host follows it by ${visibleBy}`,
    ...(skipped.length > 0 ? [`Passed over: ${skipped.join('; ')}`] : []),
  ].join('. ');
}

/** A rollback to a pruned build waits for AWS Backup as long as CodePipeline lets an action go on, which is a day. */
function toWaiting({ buildId, percent, reason, status }: Restoration, begun: Token): JobOutcome {
  if (status === 'failed' || status === 'planned')
    return {
      kind: 'fail',
      type: 'RevisionUnavailable',
      message: `${buildId} is pruned: ${reason ?? status}`,
    };
  const summary = `${buildId} is being restored, ${percent} %`;
  return { kind: 'continueLater', token: JSON.stringify(begun), summary, percent: Math.min(99, percent) };
}
