import type { ApprovalRecord } from './approval-record.ts';
import { createToken, type LinkToken } from './link-token.ts';
import type { Draft } from './record-key.ts';
import type { ScanFindings } from './scan-findings.ts';

/** New links by approver address. */
export type Tokens = ReadonlyMap<string, LinkToken>;

/** For a new round, for approvers whose mail of an earlier delivery is missing, or at half time. */
type MailKind = 'invitations' | 'missing invitations' | 'reminders';

/** A request whose record has the hashes of these tokens. Only the mails are still to be sent. */
export interface OpenedRequest {
  readonly record: ApprovalRecord;
  readonly tokens: Tokens;
  readonly findings: ScanFindings | undefined;
  readonly mails: MailKind;
}

export function createTokens(addresses: readonly string[]): Tokens {
  return new Map(addresses.map((address) => [address, createToken()]));
}

/** Adds the hashes of new links to their approvers in the record. */
export function addTokenHashes<R extends Pick<Draft<ApprovalRecord>, 'approvers'>>(
  record: R,
  tokens: Tokens,
): R {
  const approvers = record.approvers.map((approver) => {
    const hash = tokens.get(approver.address)?.hash;
    return hash === undefined ? approver : { ...approver, tokenHash: hash };
  });
  return { ...record, approvers };
}

/** @returns the addresses whose mail is still to be sent */
export function approversToInvite({ approvers }: Pick<Draft<ApprovalRecord>, 'approvers'>): string[] {
  return approvers.flatMap(({ address, tokenHash, isRevoked }) =>
    tokenHash === undefined && !isRevoked ? [address] : [],
  );
}
