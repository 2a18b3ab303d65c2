import { type ErrorOptions, GroundcrewError } from '#shared/errors.ts';

/** How CodePipeline is told: its own types of failure. */
export type Failure =
  | 'JobFailed'
  | 'ConfigurationError'
  | 'PermissionError'
  | 'RevisionOutOfSync'
  | 'RevisionUnavailable';

/** The store will not do it, and says why in words for the pipeline's owner. Repeating changes nothing. */
export class Refused extends GroundcrewError {
  override name = 'Refused';
  readonly failure: Failure;

  constructor(message: string, failure: Failure = 'JobFailed', options: ErrorOptions = {}) {
    super(message, { ...options, retryable: false });
    this.failure = failure;
  }
}
