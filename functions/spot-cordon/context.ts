import type { Records } from '#shared/aws/dynamodb.ts';
import type { Invocation } from '#shared/invocation.ts';
import type {
  CordonConfig,
  FallBackConfig,
  MailConfig,
  PolicyConfig,
  TerminationConfig,
  UncordonConfig,
} from './config.ts';
import type { CordonRecord } from './domain/cordon-record.ts';
import type { FallBackRecord } from './domain/fall-back-record.ts';

/** What one invocation of CordonInstances works with. */
export interface CordonContext {
  readonly config: CordonConfig;
  readonly invocation: Invocation;
  readonly table: Records<CordonRecord>;
}

/** What one invocation of MailCordons works with. */
export interface MailContext {
  readonly config: MailConfig;
  readonly invocation: Invocation;
  readonly table: Records<CordonRecord>;
}

/** What one invocation of UncordonInstances works with. */
export interface UncordonContext {
  readonly config: UncordonConfig;
  readonly invocation: Invocation;
  readonly table: Records<CordonRecord>;
}

/** What one invocation of FallBackToOnDemand works with. */
export interface FallBackContext {
  readonly config: FallBackConfig;
  readonly invocation: Invocation;
  readonly table: Records<FallBackRecord>;
}

/** What one invocation of CompleteTerminations works with. */
export interface TerminationContext {
  readonly config: TerminationConfig;
  readonly invocation: Invocation;
}

/** What one invocation of ChooseTerminations works with. */
export interface PolicyContext {
  readonly config: PolicyConfig;
  readonly invocation: Invocation;
  readonly memory: PolicyMemory;
}

/** What the process remembers from one invocation to the next. */
interface PolicyMemory {
  /** Since when the workers could not be read. Epoch milliseconds. */
  unreadSince?: number;
}
