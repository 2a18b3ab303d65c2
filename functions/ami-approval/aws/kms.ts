import { DescribeKeyCommand, GetKeyPolicyCommand, KMSClient } from '@aws-sdk/client-kms';
import { createClient } from '#shared/aws/client.ts';
import { isRetryable } from '#shared/errors.ts';
import type { KmsKey } from '../domain/kms-key.ts';

const clients = new Map<string, KMSClient>();

function kmsIn(region: string): KMSClient {
  const known = clients.get(region);
  if (known) return known;
  const client = createClient(KMSClient, { deadlineMs: 8_000, region });
  clients.set(region, client);
  return client;
}

export async function describeKey(region: string, arn: string, signal: AbortSignal): Promise<KmsKey> {
  const command = new DescribeKeyCommand({ KeyId: arn });
  const { KeyMetadata: key } = await kmsIn(region).send(command, { abortSignal: signal });
  return { arn, isAwsManaged: key?.KeyManager === 'AWS', state: key?.KeyState ?? 'unknown' };
}

/** @returns undefined if this role cannot read the policy, for example of a key in another account */
export async function readKeyPolicy(
  region: string,
  arn: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const command = new GetKeyPolicyCommand({ KeyId: arn, PolicyName: 'default' });
    return (await kmsIn(region).send(command, { abortSignal: signal })).Policy;
  } catch (error) {
    if (isRetryable(error)) throw error;
    return undefined;
  }
}
