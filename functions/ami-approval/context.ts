import type { RecordTable } from '#shared/aws/update-record.ts';
import type { Invocation } from '#shared/invocation.ts';
import type { ExecuteConfig, RequestConfig, SweepConfig } from './config.ts';
import type { ApprovalSettings } from './domain/pipeline-rules.ts';

/** What one invocation works with. */
export interface Context<Config> {
  readonly config: Config;
  readonly settings: ApprovalSettings;
  readonly invocation: Invocation;
  readonly table: RecordTable;
}

export type RequestContext = Context<RequestConfig>;
export type ExecuteContext = Context<ExecuteConfig>;
export type SweepContext = Context<SweepConfig>;
