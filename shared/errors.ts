import { isThrottlingError, isTransientError } from '@smithy/core/retry';
import { formatValue, redact } from './redact.ts';

export interface ErrorOptions {
  readonly cause?: unknown;
  /** Whether a retry may succeed. The cause decides when absent. */
  readonly retryable?: boolean;
  /** Ids and numbers that let the reader of one log line act. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export class GroundcrewError extends Error {
  override name = 'GroundcrewError';
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, { cause, retryable, details }: ErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.retryable = retryable ?? isRetryable(cause);
    this.details = details ?? {};
  }
}

/** The input cannot be used, and a retry cannot help. The message names the field and the value it got. */
export class InvalidInputError extends GroundcrewError {
  override name = 'InvalidInputError';

  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { ...options, retryable: false });
  }
}

/** The function is deployed with settings that cannot work: a person must act, a retry cannot help. */
export class ConfigurationError extends GroundcrewError {
  override name = 'ConfigurationError';

  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { ...options, retryable: false });
  }
}

/** A retry may succeed. */
export class RetryableError extends GroundcrewError {
  override name = 'RetryableError';

  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { ...options, retryable: true });
  }
}

// What @smithy does not know as throttling or transient. By name: services throw most of these without a class.
const RETRYABLE_NAMES = new Set([
  // Comes only from our own deadline: the SDK must not repeat the call now, but the message is worth another delivery.
  'AbortError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InternalError',
  'InternalFailure',
  'InternalServerError',
  'RequestExpired',
  'ResourceContention',
  'ResourceContentionFault',
  'ScalingActivityInProgress',
  'ScalingActivityInProgressFault',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'TransactionConflictException',
  'Unavailable',
]);

const temporaryCancellations = new Set([
  'ProvisionedThroughputExceeded',
  'ThrottlingError',
  'TransactionConflict',
]);

/** isTransientError looks into causes up to a depth of ten; ours decide for themselves. */
const WITHOUT_CAUSES = 11;

/** Whether a retry with the same input may succeed. It cannot after a refusal, a validation error or a bug. */
export function isRetryable(error: unknown, depth = 0): boolean {
  if (error instanceof GroundcrewError) return error.retryable;
  if (!isErrorLike(error) || depth > 5) return false;
  if (isThrottlingError(error) || isTransientError(error, WITHOUT_CAUSES)) return true;
  const status = statusOf(error);
  if (status !== undefined && status >= 500) return true;
  if (RETRYABLE_NAMES.has(textOf(error.name)) || error.code === 'ECONNABORTED') return true;
  if (error.name === 'TransactionCanceledException') return isPassingCancellation(error.CancellationReasons);
  if (error instanceof AggregateError) return error.errors.some((one) => isRetryable(one, depth + 1));
  return isRetryable(error.cause, depth + 1);
}

/**
 * Whether the service itself answered with an error. Without an answer (a lost connection, a timeout, a gateway that
 * lost its back end) the call may still have been carried out.
 */
export function isServiceResponse(error: unknown): boolean {
  const status = isRecord(error) ? statusOf(error) : undefined;
  return status !== undefined && status >= 400 && status !== 502 && status !== 504;
}

const refusals = [
  'AccessDenied',
  'AccessDeniedException',
  'AuthorizationError',
  'AuthorizationErrorException',
  'NotAuthorizedException',
  'OptInRequired',
  'SubscriptionRequiredException',
  'UnauthorizedOperation',
  'UnrecognizedClientException',
];

/** Whether AWS or the file system denied access. */
export function isClientError(error: unknown, depth = 0): boolean {
  if (!isRecord(error) || depth > 3) return false;
  if (hasName(error, ...refusals) || error.code === 'EACCES' || error.code === 'EPERM') return true;
  return isClientError(error.cause, depth + 1);
}

/** SDK errors are told apart by name: most are not modelled, and bundling breaks instanceof. */
export function hasName(error: unknown, ...names: string[]): boolean {
  return isRecord(error) && names.includes(textOf(error.name));
}

/** An error as log fields: no payload, no credentials, three causes deep. */
export function describeError(error: unknown, depth = 0): Record<string, unknown> {
  if (!isRecord(error))
    return { name: 'NotAnError', message: `${typeof error} thrown: ${formatValue(error)}` };
  const metadata = isRecord(error.$metadata) ? error.$metadata : {};
  const described: Record<string, unknown> = {
    name: redact(textOf(error.name) || 'NotAnError', 100),
    message: redact(textOf(error.message) || 'thrown without a message', 1000),
  };
  if (typeof error.code === 'string' || typeof error.code === 'number') described.code = error.code;
  if (metadata.httpStatusCode !== undefined) described.status = metadata.httpStatusCode;
  if (metadata.requestId !== undefined) described.requestId = metadata.requestId;
  if (error instanceof GroundcrewError && Object.keys(error.details).length > 0)
    described.details = error.details;
  if (error.cause !== undefined && depth < 3) described.cause = describeError(error.cause, depth + 1);
  return described;
}

/** The error itself, or an error that describes the thrown value. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error
    ? thrown
    : new GroundcrewError(`${typeof thrown} thrown: ${formatValue(thrown)}`);
}

type ErrorLike = Parameters<typeof isTransientError>[0] & Record<string, unknown>;

function isErrorLike(error: unknown): error is ErrorLike {
  return isRecord(error);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isPassingCancellation(reasons: unknown): boolean {
  if (!Array.isArray(reasons)) return false;
  const codes = reasons.map((reason) => (isRecord(reason) ? textOf(reason.Code) || 'None' : 'None'));
  // A transaction with a refused condition is refused again at every retry.
  return (
    codes.every((code) => code === 'None' || temporaryCancellations.has(code)) &&
    codes.some((code) => code !== 'None')
  );
}

// Not String(): an object without a prototype would throw in the very place that reports what was thrown.
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function statusOf(error: Record<string, unknown>): number | undefined {
  const metadata = error.$metadata;
  const status = isRecord(metadata) ? metadata.httpStatusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}
