import { type ErrorOptions, GroundcrewError } from '#shared/errors.ts';

/** Failure types of CodePipeline. */
export type FailureType =
  | 'JobFailed'
  | 'ConfigurationError'
  | 'PermissionError'
  | 'RevisionOutOfSync'
  | 'RevisionUnavailable';

/** The store refuses a request. The message is for the pipeline's owner; repeating the request does not help. */
export class RefusalError extends GroundcrewError {
  override name = 'RefusalError';
  readonly failure: FailureType;

  constructor(message: string, failure: FailureType = 'JobFailed', options: ErrorOptions = {}) {
    super(message, { ...options, retryable: false });
    this.failure = failure;
  }
}
