/** The one Region and account of this machine. */
export const region = 'eu-west-1';
export const accountId = '123456789012';

/** Who calls: a function and the number of its process, as its access key says. */
export interface Caller {
  readonly function: string;
  readonly process: number;
  /** The account of the role that it assumed; absent when it calls in its own name. */
  readonly account?: string;
}

/** One call to AWS, as the gateway in front of the account wrote it down. */
export interface Call {
  /** The logical id of the function that made it, or `local` for what a scenario did itself. */
  readonly function: string;
  /** The service by its IAM prefix: `ec2`, `elasticloadbalancing`, ... */
  readonly service: string;
  readonly action: string;
  /** The HTTP status of the answer. */
  readonly status: number;
  /** The IAM actions it needs. */
  readonly iam: readonly string[];
}

/** How an invocation ended: with the payload as JSON, or with Lambda's description of the error. */
export type InvocationResult =
  | { readonly ok: true; readonly payload: string }
  | { readonly ok: false; readonly error: object };

/** An HTTP answer, whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}
