import { DescribeKeyCommand, GetKeyPolicyCommand, KMSClient } from '@aws-sdk/client-kms';
import { isRetryable, isServiceResponse } from '../errors.ts';
import { createClient } from './client.ts';

interface KmsKey {
  readonly arn: string;
  /** Its policy can neither be changed nor allow what AWS did not plan. */
  readonly isAwsManaged: boolean;
  /** `Enabled`, `Disabled`, `PendingDeletion`, ... */
  readonly state: string;
}

interface KmsCall {
  readonly signal: AbortSignal;
  /** Default: the function's own Region. */
  readonly region?: string;
}

const clients = new Map<string | undefined, KMSClient>();

function kmsIn(region: string | undefined): KMSClient {
  const known = clients.get(region);
  if (known) return known;
  const client = createClient(KMSClient, { deadlineMs: 8_000, ...(region !== undefined && { region }) });
  clients.set(region, client);
  return client;
}

/**
 * @param keyId an id, an ARN, or the name or ARN of an alias
 * @returns undefined if KMS refuses, for example because the policy of a key in another account does not allow it
 */
export async function describeKey(keyId: string, { region, signal }: KmsCall): Promise<KmsKey | undefined> {
  const command = new DescribeKeyCommand({ KeyId: keyId });
  const answer = await unlessRefused(kmsIn(region).send(command, { abortSignal: signal }));
  const key = answer?.KeyMetadata;
  return (
    key && {
      arn: key.Arn ?? keyId,
      isAwsManaged: key.KeyManager === 'AWS',
      state: key.KeyState ?? 'unknown',
    }
  );
}

/**
 * @param arn of the key; KMS takes no alias here
 * @returns undefined if this role cannot read the policy; nobody can read it from another account
 */
export async function readKeyPolicy(arn: string, { region, signal }: KmsCall): Promise<string | undefined> {
  const command = new GetKeyPolicyCommand({ KeyId: arn, PolicyName: 'default' });
  return (await unlessRefused(kmsIn(region).send(command, { abortSignal: signal })))?.Policy;
}

/** What is unknown about a key must fail nothing. Throttling and lost responses are retried. */
async function unlessRefused<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (!isServiceResponse(error) || isRetryable(error)) throw error;
    return undefined;
  }
}
