export type { Call, Clock } from '../scenario-kit/scenario.ts';

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

/** Members of a request or an answer, decoded. */
export type Members = Readonly<Record<string, unknown>>;

/** An HTTP answer, whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}
