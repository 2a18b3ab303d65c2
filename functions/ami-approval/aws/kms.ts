import { DescribeKeyCommand, GetKeyPolicyCommand, KMSClient } from '@aws-sdk/client-kms';
import { createClient } from '#shared/aws/client.ts';
import { isRetryable, isServiceResponse } from '#shared/errors.ts';
import type { KmsKey } from '../domain/kms-key.ts';

const clients = new Map<string, KMSClient>();

function kmsIn(region: string): KMSClient {
  const known = clients.get(region);
  if (known) return known;
  const client = createClient(KMSClient, { deadlineMs: 8_000, region });
  clients.set(region, client);
  return client;
}

/** @returns undefined if KMS refuses, for example because the policy of a key in another account does not allow it */
export async function describeKey(
  region: string,
  arn: string,
  signal: AbortSignal,
): Promise<KmsKey | undefined> {
  const command = new DescribeKeyCommand({ KeyId: arn });
  const answer = await unlessRefused(kmsIn(region).send(command, { abortSignal: signal }));
  const key = answer?.KeyMetadata;
  return key && { arn, isAwsManaged: key.KeyManager === 'AWS', state: key.KeyState ?? 'unknown' };
}

/** @returns undefined if this role cannot read the policy, for example of a key in another account */
export async function readKeyPolicy(
  region: string,
  arn: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const command = new GetKeyPolicyCommand({ KeyId: arn, PolicyName: 'default' });
  return (await unlessRefused(kmsIn(region).send(command, { abortSignal: signal })))?.Policy;
}

/** What is unknown about a key is a remark, so a refusal must not fail a share. Throttling and lost responses are retried. */
async function unlessRefused<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (!isServiceResponse(error) || isRetryable(error)) throw error;
    return undefined;
  }
}
