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

/** The time that functions, account and wiring all see. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Moves it on by so many milliseconds. */
  turn(ms: number): void;
}

export interface Mail {
  readonly to: string;
  /** The topic's ARN. */
  readonly topic: string;
  readonly subject: string;
  readonly text: string;
}

/** What a scenario sees of the pack and of the account it runs in. */
export interface World {
  readonly clock: Clock;
  readonly region: string;
  readonly accountId: string;
  /** What CloudFormation's Ref gives: a queue's URL, a table's name, a topic's ARN, a function's name. */
  ref(logicalId: string): string;
  /** An SDK client onto the account; its calls are written down as made by `local`. */
  client<C>(ctor: new (config: object) => C): C;
  /** AWS puts events on the default bus; the template's rules deliver them. */
  put(...events: object[]): Promise<void>;
  /** Runs a schedule, named by its logical id in the transformed template, e.g. `UncordonInstancesSweep`. */
  fire(schedule: string): Promise<void>;
  /** A synchronous invocation. Throws the function's error. */
  invoke(functionId: string, payload: unknown): Promise<unknown>;
  /** An asynchronous invocation, as CodePipeline, S3 and others make it: Lambda queues it and repeats what fails. */
  invokeAsync(functionId: string, payload: unknown): void;
  /** Delivers until queues and retries are empty, turning the clock over visibility time-outs and delays. */
  settle(): Promise<void>;
  /** Lets so many milliseconds pass, and delivers on the way what falls due. */
  advance(ms: number): Promise<void>;
  /** The events that functions put on the bus, as EventBridge's envelopes. */
  published(): readonly object[];
  mails(): readonly Mail[];
  /** The bodies of the messages in every queue that the template names as a dead-letter queue. */
  deadLetters(): Promise<readonly string[]>;
  /** Since the last reset, the oldest first. */
  calls(): readonly Call[];
  /** What a stand-in keeps (local/account/services), to be filled before functions read it. */
  stateOf(service: string): unknown;
  /** Throttles the next so many calls that functions make of an action, as when others use up its quota. */
  throttle(service: string, action: string, calls: number): void;
  /** The folder that stands for the file system which a function mounts. */
  folderOf(functionId: string): string;
  /** Has a function's call fail, counted from 1 from now on, with the retries the SDK makes of it: for a play of its own. */
  breakCall(functionId: string, call: number): void;
  /** A request to the pack's HTTP API. */
  http(path: string, init?: RequestInit): Promise<Response>;
}

export interface Outcome {
  /** The account as it is afterwards, in stable names: no random ids, no times. */
  readonly state: unknown;
  /** What machines were told: at least once, duplicates allowed. */
  readonly told?: readonly string[];
  /** What people see, such as replaced instances: once, whatever happens. */
  readonly seen?: readonly string[];
  /** The mails that went out: never twice, and missing only where nobody can know whether one went out. */
  readonly mails?: readonly string[];
  /** What else `expect` looks at, such as wordings; it may differ after a fault. */
  readonly detail?: unknown;
}

export interface Scenario<Seed = unknown> {
  readonly wing: string;
  readonly name: string;
  arrange(world: World): Promise<Seed>;
  act(world: World, seed: Seed): Promise<void>;
  observe(world: World, seed: Seed): Promise<Outcome>;
  /** Throws (node:assert/strict) when the outcome is not the one promised. */
  expect(outcome: Outcome, calls: readonly Call[]): void;
  /** False leaves it out of the fault sweep; a comment beside it says why. */
  readonly sweep?: false;
}

/** Arranges what a wing has to show while the pack stays up; the lines it gives are printed. */
export type Seed = (world: World, stay: Stay) => Promise<readonly string[]>;

export interface Stay {
  /** Keeps an event as a file, `<name>.json`. Returns the command that sends it. */
  keepEvent(name: string, event: object): Promise<string>;
}
