import type { Context } from 'aws-lambda';

export interface ContextOptions {
  /** What Lambda says remains when the invocation begins. */
  readonly remainingMs?: number;
  /** What Lambda says at each question; the clock that runs down from `remainingMs` unless told. */
  readonly remaining?: () => number;
  readonly functionName?: string;
  readonly requestId?: string;
}

/** The second argument of a handler, whose time runs down with `Date.now()`. */
export function fakeContext({
  remainingMs = 30_000,
  remaining = runningDown(remainingMs),
  functionName = 'TestedFunction',
  requestId = '8f5f4c1e-2b6b-4b5f-9f0e-0f0e0c0d0b0a',
}: ContextOptions = {}): Context {
  return {
    awsRequestId: requestId,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:eu-west-1:123456789012:function:${functionName}`,
    memoryLimitInMB: '256',
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: '2026/11/20/[$LATEST]0123456789abcdef0123456789abcdef',
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: remaining,
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
}

function runningDown(remainingMs: number): () => number {
  const end = Date.now() + remainingMs;
  return () => end - Date.now();
}
