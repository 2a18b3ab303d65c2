import { isRetryable, isServiceResponse } from '../errors.ts';

/** The package's version, so that the calls can be told apart in CloudTrail. A test compares it with package.json. */
export const version = '0.1.0';

export interface ClientOptions {
  /** Milliseconds in which a call with all its attempts should be over. Default: 10,000. */
  readonly deadlineMs?: number;
  /** Default: 3. */
  readonly attempts?: number;
  /** Where to call, when that is not the function's own Region. */
  readonly region?: string;
  /**
   * For calls that people see and that nothing makes safe to repeat, such as a mail: repeat only what the
   * service itself refused (a throttle, a 500), never a call whose answer was lost, because it may have been
   * carried out. `isServiceResponse(error)` tells the two apart.
   */
  readonly retryAnswered?: boolean;
  /** For calls in another account. Default: the function's own role. */
  readonly credentials?: Credentials;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

interface ClientSettings {
  readonly maxAttempts: number;
  readonly customUserAgent: string;
  readonly requestHandler: Record<string, unknown>;
  readonly region?: string;
  readonly credentials?: Credentials;
  readonly retryStrategy?: RetryStrategy;
}

interface RetryToken {
  getRetryCount(): number;
  getRetryDelay(): number;
}

interface RetryStrategy {
  acquireInitialRetryToken(scope: string): Promise<RetryToken>;
  refreshRetryTokenForRetry(
    token: RetryToken,
    info: { error?: unknown; errorType: string },
  ): Promise<RetryToken>;
  recordSuccess(token: RetryToken): void;
}

/** An SDK client that gives up in time. Endpoint, Region and credentials come from the environment. */
export function createClient<C>(Client: new (settings: ClientSettings) => C, options: ClientOptions = {}): C {
  const { deadlineMs = 10_000, attempts = 3, region, credentials, retryAnswered = false } = options;
  return new Client({
    maxAttempts: attempts,
    customUserAgent: `groundcrew/${version}`,
    requestHandler: { ...timeLimits(deadlineMs, attempts), ...(retryAnswered ? freshConnections : {}) },
    ...(region === undefined ? {} : { region }),
    ...(credentials ? { credentials } : {}),
    ...(retryAnswered ? { retryStrategy: retryOnlyAnswered(attempts) } : {}),
  });
}

/** 50 sockets kept alive are the SDK's own default; its time limits are none, or only warned about. */
function timeLimits(deadlineMs: number, attempts: number): Record<string, unknown> {
  const requestTimeout = Math.max(100, Math.floor((deadlineMs / attempts) * 0.9)); // the rest is for backing off
  return {
    connectionTimeout: Math.min(1000, Math.ceil(requestTimeout / 2)),
    requestTimeout,
    throwOnRequestTimeout: true,
    socketTimeout: requestTimeout, // requestTimeout ends with the headers: this one guards the body
  };
}

// When Lambda reuses a process, the service may have closed its sockets. Their reset looks like a lost response, which this
// client does not repeat. So each call opens a connection of its own, which takes some milliseconds.
// (Node sends `connection: close` only for an agent without a limit of sockets.)
const oneCallEach = { keepAlive: false, maxSockets: Number.POSITIVE_INFINITY };
const freshConnections = { httpAgent: oneCallEach, httpsAgent: oneCallEach };

// Errors that occur before anything is sent.
const unsentCodes = ['EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND'];

function retryOnlyAnswered(attempts: number): RetryStrategy {
  return {
    acquireInitialRetryToken: async () => retryToken(0, 0),
    refreshRetryTokenForRetry: async (token, { error, errorType }) => {
      const made = token.getRetryCount() + 1;
      if (made >= attempts || !isSafeToRepeat(error)) throw new Error('No retry token available');
      const base = errorType === 'THROTTLING' ? 500 : 100;
      return retryToken(made, Math.random() * base * 2 ** (made - 1));
    },
    recordSuccess: () => {},
  };
}

function isSafeToRepeat(error: unknown): boolean {
  if (isServiceResponse(error)) return isRetryable(error);
  return error instanceof Error && 'code' in error && unsentCodes.includes(String(error.code));
}

function retryToken(count: number, delayMs: number): RetryToken {
  return { getRetryCount: () => count, getRetryDelay: () => delayMs };
}
