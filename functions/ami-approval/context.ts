import type { RecordTable } from '#shared/aws/update-record.ts';
import type { Invocation } from '#shared/invocation.ts';
import type { ExecuteConfig, RequestConfig } from './config.ts';

interface Context<Config> {
  readonly config: Config;
  readonly invocation: Invocation;
  readonly table: RecordTable;
}

/** What one invocation of RequestApproval works with. */
export type RequestContext = Context<RequestConfig>;

/** What one invocation of ExecuteApproval works with. */
export type ExecuteContext = Context<ExecuteConfig>;

export function createContext<Config extends { readonly table: string }>(
  config: Config,
  invocation: Invocation,
): Context<Config> {
  return { config, invocation, table: { table: config.table, signal: invocation.signal } };
}
