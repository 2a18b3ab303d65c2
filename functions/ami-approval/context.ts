import type { RecordTable } from '#shared/aws/update-record.ts';
import type { Invocation } from '#shared/invocation.ts';
import type { ExecuteConfig, RequestConfig, SweepConfig } from './config.ts';
import type { ApprovalSettings } from './domain/pipeline-rules.ts';
import { loadSettings, type SettingsSource } from './load-settings.ts';

interface Context<Config> {
  readonly config: Config;
  readonly settings: ApprovalSettings;
  readonly invocation: Invocation;
  readonly table: RecordTable;
}

/** What one invocation of RequestApproval works with. */
export type RequestContext = Context<RequestConfig>;

/** What one invocation of ExecuteApproval works with. */
export type ExecuteContext = Context<ExecuteConfig>;

/** What one invocation of SweepApprovals works with. */
export type SweepContext = Context<SweepConfig>;

export async function createContext<Config extends SettingsSource & { readonly table: string }>(
  config: Config,
  invocation: Invocation,
): Promise<Context<Config>> {
  const { signal } = invocation;
  return {
    config,
    invocation,
    settings: await loadSettings(config, signal),
    table: { table: config.table, signal },
  };
}
