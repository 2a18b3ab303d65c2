import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { createClient } from '#shared/aws/client.ts';
import { isRecord, RetryableError } from '#shared/errors.ts';
import { parseJson } from '#shared/parse.ts';
import { redact } from '#shared/redact.ts';

/** The SDK makes three attempts, each longer than the store's timeout. Every request is safe to repeat. */
const lambda = createClient(LambdaClient, { deadlineMs: 300_000 });

const MAX_ATTEMPTS = 2;

/**
 * Invokes a function and waits for its reply. After a function error it tries once more: most errors of a network file
 * system (ESTALE, EIO) are temporary.
 *
 * @throws RetryableError with the function's error
 */
export async function invokeFunction(
  functionName: string,
  request: object,
  signal: AbortSignal,
): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    const command = new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(request) });
    const { FunctionError, Payload } = await lambda.send(command, { abortSignal: signal });
    const reply = parseJson(Payload?.transformToString() || 'null', 'reply');
    if (FunctionError === undefined) return reply;
    if (attempt === MAX_ATTEMPTS || signal.aborted)
      throw new RetryableError(`the store failed: ${formatFunctionError(reply)}`);
  }
}

function formatFunctionError(reply: unknown): string {
  if (!isRecord(reply)) return 'no error message';
  return redact(`${reply.errorType}: ${reply.errorMessage}`, 500);
}
