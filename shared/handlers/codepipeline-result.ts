import {
  ConfigurationError,
  InvalidInputError,
  isClientError,
  isRecord,
  isRetryable,
  toError,
} from '../errors.ts';
import { redact } from '../redact.ts';

export type FailureType =
  | 'JobFailed'
  | 'ConfigurationError'
  | 'PermissionError'
  | 'RevisionOutOfSync'
  | 'RevisionUnavailable'
  | 'SystemUnavailable';

/** How a job ended. Texts are cut to CodePipeline's limits (summary 2048, message 5000 characters). */
export type JobOutcome =
  | {
      readonly kind: 'succeed';
      readonly summary: string;
      /** Names of letters, digits and @ - _; later actions read them as #{Namespace.Name}. */
      readonly outputVariables?: Readonly<Record<string, string>>;
      readonly externalExecutionId?: string;
    }
  | {
      readonly kind: 'continueLater';
      /** CodePipeline passes it to the next job of this action, which has another id. At most 2048 characters. */
      readonly token: string;
      readonly summary: string;
      readonly percent?: number;
      readonly externalExecutionId?: string;
    }
  | {
      readonly kind: 'fail';
      readonly type: FailureType;
      readonly message: string;
      readonly externalExecutionId?: string;
    };

interface Success {
  readonly continuationToken?: string;
  readonly outputVariables?: Record<string, string>;
  readonly executionDetails: {
    readonly summary?: string;
    readonly percentComplete?: number;
    readonly externalExecutionId: string;
  };
}

interface Failure {
  readonly failureDetails: {
    readonly type: FailureType;
    readonly message: string;
    readonly externalExecutionId: string;
  };
}

/** The input of PutJobSuccessResult or PutJobFailureResult, without the job's id. */
export type JobResult = { readonly success: Success } | { readonly failure: Failure };

/** @throws TypeError for a result that CodePipeline would refuse even after its texts are cut */
export function resultOf(answer: JobOutcome, requestId: string): JobResult {
  if (!isRecord(answer)) throw new TypeError('handle returned no valid job result');
  const externalExecutionId = redact(answer.externalExecutionId || requestId, 1500);
  switch (answer.kind) {
    case 'succeed': {
      const executionDetails = { ...summaryOf(answer.summary), externalExecutionId };
      return { success: { ...variablesOf(answer.outputVariables), executionDetails } };
    }
    case 'continueLater': {
      const executionDetails = {
        ...summaryOf(answer.summary),
        ...percentOf(answer.percent),
        externalExecutionId,
      };
      return { success: { continuationToken: checkToken(answer.token), executionDetails } };
    }
    case 'fail': {
      const message = redact(answer.message, 5000) || 'The function gave no reason.';
      return { failure: { failureDetails: { type: answer.type, message, externalExecutionId } } };
    }
    default:
      throw new TypeError('handle returned no valid job result');
  }
}

export function failureOf(error: unknown, requestId: string): JobResult {
  const { name, message } = toError(error);
  const type = failureTypeOf(error);
  // Our own messages are written for the pipeline's owner; those of other errors need the error's name.
  const text =
    error instanceof InvalidInputError || error instanceof ConfigurationError
      ? message
      : `${name}: ${message}`;
  return resultOf({ kind: 'fail', type, message: `${text} (request ${requestId})` }, requestId);
}

function failureTypeOf(error: unknown): FailureType {
  if (error instanceof InvalidInputError || error instanceof ConfigurationError) return 'ConfigurationError';
  if (isClientError(error)) return 'PermissionError';
  return isRetryable(error) ? 'SystemUnavailable' : 'JobFailed';
}

function summaryOf(summary: string): { summary?: string } {
  return summary ? { summary: redact(summary, 2048) } : {};
}

function percentOf(percent: number | undefined): { percentComplete?: number } {
  return Number.isFinite(percent)
    ? { percentComplete: Math.max(0, Math.min(100, Math.round(percent ?? 0))) }
    : {};
}

function checkToken(token: string): string {
  if (typeof token === 'string' && token.length >= 1 && token.length <= 2048) return token;
  throw new TypeError(`a continuation token has 1 to 2048 characters, this one has ${String(token).length}`);
}

function variablesOf(variables: Readonly<Record<string, string>> = {}): Pick<Success, 'outputVariables'> {
  const odd = Object.keys(variables).find((name) => !/^[A-Za-z0-9@\-_]+$/.test(name));
  if (odd !== undefined)
    throw new TypeError(`output variable ${JSON.stringify(odd)}: letters, digits and @ - _ only`);
  return Object.keys(variables).length === 0 ? {} : { outputVariables: { ...variables } };
}
