import type { Context } from 'aws-lambda';

export interface ContextOptions {
  /** What Lambda says remains when the invocation begins. */
  readonly remainingMs?: number;
  readonly functionName?: string;
  readonly requestId?: string;
}

/** The second argument of a handler, with a clock that really runs down. */
export function fakeContext({
  remainingMs = 30_000,
  functionName = 'TestedFunction',
  requestId = '8f5f4c1e-2b6b-4b5f-9f0e-0f0e0c0d0b0a',
}: ContextOptions = {}): Context {
  const end = Date.now() + remainingMs;
  return {
    awsRequestId: requestId,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:eu-west-1:123456789012:function:${functionName}`,
    memoryLimitInMB: '256',
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: '2026/11/20/[$LATEST]0123456789abcdef0123456789abcdef',
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => end - Date.now(),
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
}
