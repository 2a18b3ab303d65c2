import { mapLimit } from '#shared/concurrency.ts';
import { RetryableError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { sendMail } from '#shared/mail.ts';
import { type TableUse, updateItem } from '../aws/approvals-table.ts';
import type { RequestConfig } from '../config.ts';
import type { Approval, Draft } from '../domain/approval-record.ts';
import { newToken, type Token } from '../domain/link-token.ts';
import type { Findings } from '../domain/scan-findings.ts';
import { writeInvitation } from '../messages/mail.ts';

export interface RequestRun {
  readonly config: RequestConfig;
  readonly invocation: Invocation;
  readonly use: TableUse;
}

/** By address: links that are claimed in the record, and still to be mailed. */
export type Tokens = ReadonlyMap<string, Token>;

export function tokensFor(addresses: readonly string[]): Tokens {
  return new Map(addresses.map((address) => [address, newToken()]));
}

export function withTokens<R extends Pick<Draft, 'approvers'>>(record: R, tokens: Tokens): R {
  const approvers = record.approvers.map((approver) => {
    const hash = tokens.get(approver.address)?.hash;
    return hash === undefined ? approver : { ...approver, tokenHash: hash };
  });
  return { ...record, approvers };
}

/** The addresses whose mail is still to be sent. */
export function uninvited({ approvers }: Pick<Draft, 'approvers'>): string[] {
  return approvers.flatMap(({ address, tokenHash }) => (tokenHash === undefined ? [address] : []));
}

/**
 * Mails each approver his link. The record holds the hashes already, so that a crash in between loses a mail and never
 * sends two. What SNS refused for sure is given back and comes again, with a new link.
 */
export async function invite(
  run: RequestRun,
  record: Approval,
  tokens: Tokens,
  findings: Findings | undefined,
): Promise<void> {
  const refused: { readonly hash: string; readonly error: unknown }[] = [];
  await mapLimit([...tokens], 5, async ([approver, { token, hash }]) => {
    const link = `${run.config.linkBase}/approvals/${record.image}/${token}`;
    const mail = writeInvitation({ record, approver, link, findings, now: run.invocation.now() });
    const ids = { imageArn: record.subject.imageArn, approver };
    const result = await sendMail(run.config.approverTopicArn, mail, run.invocation, ids);
    if (result.outcome === 'refused') refused.push({ hash, error: result.error });
  });
  if (refused.length > 0) await takeBack(run, record, refused);
}

async function takeBack(
  { use }: RequestRun,
  record: Approval,
  refused: readonly { readonly hash: string; readonly error: unknown }[],
): Promise<never> {
  const hashes = refused.map(({ hash }) => hash);
  const isRefused = (hash: string | undefined): boolean => hash !== undefined && hashes.includes(hash);
  await updateItem<Approval>(
    use,
    record,
    (known) => {
      if (!known?.approvers.some(({ tokenHash }) => isRefused(tokenHash))) return undefined;
      const approvers = known.approvers.map((approver) =>
        isRefused(approver.tokenHash) ? { address: approver.address } : approver,
      );
      return { ...known, approvers };
    },
    { known: record },
  );
  const [first] = refused;
  throw new RetryableError(`${refused.length} invitations were refused by SNS`, { cause: first?.error });
}
