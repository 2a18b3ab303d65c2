import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createClient } from '#shared/aws/client.ts';
import { InvalidInputError } from '#shared/errors.ts';
import type { Artifact, ArtifactCredentials } from '#shared/events/codepipeline.ts';
import { MAX_ARCHIVE_BYTES } from '../domain/artifact.ts';

type Location = NonNullable<Artifact['location']>['s3Location'];

/** Reads an artifact's archive with the job's credentials. @throws InvalidInputError if it is too large */
export async function readArchive(
  { bucketName, objectKey }: Location,
  credentials: ArtifactCredentials,
  signal: AbortSignal,
): Promise<Buffer> {
  const s3 = createClient(S3Client, { deadlineMs: 10_000, credentials });
  try {
    const command = new GetObjectCommand({ Bucket: bucketName, Key: objectKey });
    const { Body, ContentLength } = await s3.send(command, { abortSignal: signal });
    // Checked before the body is read: an artifact that contains the build itself has hundreds of megabytes.
    if (ContentLength === undefined || ContentLength > MAX_ARCHIVE_BYTES)
      throw new InvalidInputError(
        `the input artifact has ${ContentLength} bytes, expected at most ${MAX_ARCHIVE_BYTES}: it must contain only build.json`,
      );
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  } finally {
    s3.destroy();
  }
}
