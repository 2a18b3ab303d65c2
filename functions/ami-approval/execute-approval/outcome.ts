import { isRetryable, isServiceResponse, toError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import type { TableUse } from '../aws/approvals-table.ts';
import type { ExecuteConfig } from '../config.ts';
import type { Approval, Share } from '../domain/approval-record.ts';
import type { Ending } from '../domain/approval-transitions.ts';

export interface ExecuteRun {
  readonly config: ExecuteConfig;
  readonly invocation: Invocation;
  readonly use: TableUse;
}

/** Part of the work failed in a way that passes. */
export interface Unfinished {
  readonly unfinished: unknown;
  readonly shares?: Readonly<Record<string, Share>>;
}

export type Acted = Ending | Unfinished;

/** AWS itself said no, and would again. A fault of ours, or of the network, is none of these. */
export function isRefusal(error: unknown): boolean {
  return isServiceResponse(error) && !isRetryable(error);
}

export function sayError(error: unknown): string {
  const { name, message } = toError(error);
  return `${name}: ${message}`;
}

/** The end of a request that was not approved. */
export function turnedDown({ status }: Pick<Approval, 'status'>): 'rejected' | 'expired' {
  return status === 'expired' ? 'expired' : 'rejected';
}
