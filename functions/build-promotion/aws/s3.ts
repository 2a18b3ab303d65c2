import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createClient } from '#shared/aws/client.ts';
import { InvalidInputError } from '#shared/errors.ts';
import type { Artifact, ArtifactCredentials } from '#shared/events/codepipeline.ts';
import { MAX_ARCHIVE_BYTES } from '../domain/artifact.ts';

type Location = NonNullable<Artifact['location']>['s3Location'];

/** An artifact's archive, with the credentials that the job brought for it. @throws BadInput for one that is too large */
export async function readArchive(
  { bucketName, objectKey }: Location,
  credentials: ArtifactCredentials,
  signal: AbortSignal,
): Promise<Buffer> {
  const s3 = createClient(S3Client, { deadlineMs: 10_000, credentials });
  try {
    const command = new GetObjectCommand({ Bucket: bucketName, Key: objectKey });
    const { Body, ContentLength } = await s3.send(command, { abortSignal: signal });
    // Nothing of the body is read yet: an artifact that carries the build itself has hundreds of megabytes.
    if (ContentLength === undefined || ContentLength > MAX_ARCHIVE_BYTES)
      throw new InvalidInputError(
        `the input artifact has ${ContentLength} bytes, at most ${MAX_ARCHIVE_BYTES} are read: it should hold build.json alone`,
      );
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  } finally {
    s3.destroy();
  }
}
