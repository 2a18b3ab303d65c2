import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { createClient } from '#shared/aws/client.ts';
import { ConfigurationError, hasName } from '#shared/errors.ts';

const ssm = createClient(SSMClient, { deadlineMs: 6_000 });

/**
 * @param name undefined if the stack names no parameter
 * @throws ConfigurationError if the parameter does not exist or is encrypted
 */
export async function readParameter(
  name: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (name === undefined) return undefined;
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name }), { abortSignal: signal });
    if (Parameter?.Type === 'String' && Parameter.Value !== undefined) return Parameter.Value;
    throw new ConfigurationError(
      `the parameter ${name} must be a String, got ${Parameter?.Type ?? 'nothing'}`,
    );
  } catch (error) {
    if (!hasName(error, 'ParameterNotFound')) throw error;
    throw new ConfigurationError(`the parameter ${name} does not exist`, { cause: error });
  }
}
