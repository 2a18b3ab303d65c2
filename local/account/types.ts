/** The only Region and account of this machine. */
export const region = 'eu-west-1';
export const accountId = '123456789012';

/** Who calls: a function and the number of its process, taken from the access key. */
export interface Caller {
  readonly function: string;
  readonly process: number;
  /** The account of the assumed role. Undefined if the function calls with its own role. */
  readonly account?: string;
  /** Nobody signed the request: somebody followed a link of SNS. */
  readonly isAnonymous?: true;
}

/** One call to AWS, as the gateway in front of the account recorded it. */
export interface Call {
  /** The logical id of the calling function, or `local` if the scenario itself called. */
  readonly function: string;
  /** The service by its IAM prefix: `ec2`, `elasticloadbalancing`, ... */
  readonly service: string;
  readonly action: string;
  /** The HTTP status of the response. */
  readonly status: number;
  /** The IAM actions that the call needs. */
  readonly iam: readonly string[];
  /** The process of the function. It runs one invocation at a time, so this and the time tell which one called. */
  readonly process: number;
  /** Whether it is the first call of an invocation. */
  readonly isFirst: boolean;
  /** When the call arrived, as performance.now() has it: the clock of the pack can be turned. */
  readonly arrivedAt: number;
}

/** How an invocation ended: with the payload as JSON, or with Lambda's description of the error. */
export type InvocationResult =
  | { readonly ok: true; readonly payload: string }
  | { readonly ok: false; readonly error: object };

/** A complete HTTP response. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}
