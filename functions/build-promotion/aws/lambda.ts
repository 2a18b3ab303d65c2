import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { createClient } from '#shared/aws/client.ts';
import { isRecord, RetryableError } from '#shared/errors.ts';
import { parseJson } from '#shared/parse.ts';
import { redact } from '#shared/redact.ts';

/** Three attempts, each longer than the store's own time limit: every request is safe to repeat. */
const lambda = createClient(LambdaClient, { deadlineMs: 300_000 });

const ATTEMPTS = 2;

/**
 * Invokes a function and waits for its answer. One that failed is asked once more: most of what a file system throws
 * (ESTALE, EIO) is over by then, and so is a sandbox that was lost.
 *
 * @throws Retryable with the function's own error
 */
export async function ask(functionName: string, request: object, signal: AbortSignal): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    const command = new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(request) });
    const { FunctionError, Payload } = await lambda.send(command, { abortSignal: signal });
    const reply = parseJson(Payload?.transformToString() || 'null', 'the answer');
    if (FunctionError === undefined) return reply;
    if (attempt === ATTEMPTS || signal.aborted)
      throw new RetryableError(`the store failed: ${describe(reply)}`);
  }
}

function describe(reply: unknown): string {
  if (!isRecord(reply)) return 'it gave no reason';
  return redact(`${reply.errorType}: ${reply.errorMessage}`, 500);
}
