import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { type Credentials, createClient } from '#shared/aws/client.ts';

const sts = createClient(STSClient, { deadlineMs: 4_000 });

/** Credentials of a role in another account, for 15 minutes: the shortest time STS allows. */
export async function assumeRole(roleArn: string, signal: AbortSignal): Promise<Credentials> {
  const command = new AssumeRoleCommand({
    RoleArn: roleArn,
    RoleSessionName: 'groundcrew-health-gate',
    DurationSeconds: 900,
  });
  const { Credentials: given } = await sts.send(command, { abortSignal: signal });
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = given ?? {};
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}
