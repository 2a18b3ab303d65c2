import * as z from 'zod/mini';
import { isRecord } from '../errors.ts';
import { parseAs } from '../parse.ts';

const artifact = z.object({
  name: z.string(),
  revision: z.nullish(z.string()),
  location: z.nullish(
    z.object({ type: z.string(), s3Location: z.object({ bucketName: z.string(), objectKey: z.string() }) }),
  ),
});

const credentials = z.object({
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
  sessionToken: z.string(),
  expirationTime: z.optional(z.number()),
});

const job = z.object({
  id: z.string().check(z.minLength(1)),
  accountId: z.string(),
  data: z.object({
    actionConfiguration: z.object({
      configuration: z.object({ FunctionName: z.string(), UserParameters: z.optional(z.string()) }),
    }),
    inputArtifacts: z._default(z.array(artifact), []),
    outputArtifacts: z._default(z.array(artifact), []),
    artifactCredentials: z.optional(credentials),
    continuationToken: z.nullish(z.string()),
    encryptionKey: z.nullish(z.object({ id: z.string(), type: z.string() })),
  }),
});

const codePipelineEvent = z.object({ 'CodePipeline.job': job });

export type Artifact = Readonly<z.output<typeof artifact>>;
export type ArtifactCredentials = Readonly<z.output<typeof credentials>>;

/** A job without its credentials lying open: logging or serialising it cannot give them away. */
export interface Job {
  readonly id: string;
  readonly accountId: string;
  readonly userParameters: string | undefined;
  /** What the last answer of this action left for this one; absent in its first job. */
  readonly continuationToken: string | undefined;
  readonly inputArtifacts: readonly Artifact[];
  readonly outputArtifacts: readonly Artifact[];
  readonly encryptionKey: { readonly id: string; readonly type: string } | undefined;
  /** Session credentials for the pipeline's artifact bucket. */
  credentials(): ArtifactCredentials | undefined;
}

export function parseJob(event: unknown): Job {
  const { id, accountId, data } = parseAs(codePipelineEvent, event, 'CodePipeline event')['CodePipeline.job'];
  return {
    id,
    accountId,
    userParameters: data.actionConfiguration.configuration.UserParameters,
    continuationToken: data.continuationToken ?? undefined,
    inputArtifacts: data.inputArtifacts,
    outputArtifacts: data.outputArtifacts,
    encryptionKey: data.encryptionKey ?? undefined,
    credentials: () => data.artifactCredentials,
  };
}

/** The id alone: a job whose other members are odd still waits for its answer. */
export function jobIdOf(event: unknown): string | undefined {
  const found = isRecord(event) ? event['CodePipeline.job'] : undefined;
  return isRecord(found) && typeof found.id === 'string' && found.id !== '' ? found.id : undefined;
}

/** Every text among the job's credentials, even of a job that is otherwise odd. */
export function secretsOf(event: unknown): readonly string[] {
  const found = isRecord(event) ? event['CodePipeline.job'] : undefined;
  const data = isRecord(found) ? found.data : undefined;
  const secrets = isRecord(data) && isRecord(data.artifactCredentials) ? data.artifactCredentials : {};
  return Object.values(secrets).filter((secret) => typeof secret === 'string');
}

/** Undefined also for a job that is otherwise odd. */
export function userParametersOf(event: unknown): string | undefined {
  const parsed = z.safeParse(codePipelineEvent, event);
  return parsed.data?.['CodePipeline.job'].data.actionConfiguration.configuration.UserParameters;
}
