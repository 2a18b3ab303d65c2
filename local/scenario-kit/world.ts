import type { Call } from '../account/types.ts';
import type { Clock } from '../clock.ts';
import type { Chat, Mail } from '../wiring/sns-topics.ts';

/** The interface through which a scenario uses the pack and its account. */
export interface World {
  readonly clock: Clock;
  readonly region: string;
  readonly accountId: string;
  /** The value of CloudFormation's Ref: a queue URL, a table name, a topic ARN, a function name. */
  ref(logicalId: string): string;
  /** A variable of a function's environment, as the template sets it. */
  variableOf(functionId: string, name: string): string | undefined;
  /** An SDK client for the account. Its calls are recorded with the function `local`. */
  client<C>(ctor: new (config: object) => C): C;
  /** Puts events on the default bus, as AWS does. The rules of the template deliver them. */
  put(...events: object[]): Promise<void>;
  /** Runs a schedule, by its logical id in the transformed template, for example `UncordonInstancesSweep`. */
  fire(schedule: string): Promise<void>;
  /** Invokes a function synchronously. Throws the error of the function. */
  invoke(functionId: string, payload: unknown): Promise<unknown>;
  /** Invokes a function asynchronously, as CodePipeline and S3 do: Lambda queues the event and retries failures. */
  invokeAsync(functionId: string, payload: unknown): void;
  /** Delivers until queues and retries are empty, and skips visibility timeouts and delays on the clock. */
  settle(): Promise<void>;
  /** Lets `ms` pass on the clock and delivers what falls due during this time. */
  advance(ms: number): Promise<void>;
  /** The events that functions put on the bus, in the form that EventBridge delivers. */
  published(): readonly object[];
  mails(): readonly Mail[];
  /** What arrived at the topics for chat. */
  chats(): readonly Chat[];
  /** The bodies of the messages in all dead-letter queues of the template. */
  deadLetters(): Promise<readonly string[]>;
  /** All calls since the last reset, oldest first. */
  calls(): readonly Call[];
  /** The state of an emulated service (local/account/services). Scenarios fill it before functions read it. */
  serviceState(service: string): unknown;
  /** Throttles the next `calls` calls of this action that functions make, as if others used up the quota. */
  throttle(service: string, action: string, calls: number): void;
  /** Leaves the next `calls` calls of this action that functions make without a response, as an overloaded service does. */
  stall(service: string, action: string, calls: number): void;
  /** For `ms` after each write to `ec2` or `elasticloadbalancing`, functions may read what was there before it. */
  delayReads(service: 'ec2' | 'elasticloadbalancing', ms: number): void;
  /** The folder that represents the file system that a function mounts. */
  folderOf(functionId: string): string;
  /** Lets call number `call` of a function fail, counted from 1 from now on, including the SDK's retries. */
  failCall(functionId: string, call: number): void;
  /** Sends a request to the HTTP API of the pack. */
  http(path: string, init?: RequestInit): Promise<Response>;
}
