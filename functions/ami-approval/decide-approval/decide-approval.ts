import { publishAllEvents } from '#shared/aws/eventbridge.ts';
import type { HttpRequest } from '#shared/events/http.ts';
import type { HttpResponse } from '#shared/handlers/http.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { registerSecrets } from '#shared/redact.ts';
import { readShelf, type Shelf, updateItem } from '../aws/approvals-table.ts';
import type { DecideConfig } from '../config.ts';
import type { Approval } from '../domain/approval-record.ts';
import { type Counted, nextWork, vote } from '../domain/approval-transitions.ts';
import { hashToken, isSameHash, isToken } from '../domain/link-token.ts';
import { due } from '../messages/events.ts';
import { type Problem, readForm, type Sent } from './form.ts';
import { renderPage, renderUnknown } from './page.ts';

interface Visit {
  readonly request: HttpRequest;
  readonly config: DecideConfig;
  readonly invocation: Invocation;
  readonly token: string;
  readonly shelf: Shelf;
  readonly record: Approval;
  /** Whose link it is. */
  readonly who: string;
}

/** Answers a visit to a link. Only a POST with what a person typed decides; a link that nobody got says nothing. */
export async function decideApproval(
  request: HttpRequest,
  config: DecideConfig,
  invocation: Invocation,
): Promise<HttpResponse> {
  const { image = '', token = '' } = request.params;
  registerSecrets([token]);
  // Whatever cannot be a link of ours costs no call.
  if (!/^[0-9a-f]{32}$/.test(image) || !isToken(token)) return unknown(invocation);
  const shelf = await readShelf({ table: config.table, signal: invocation.signal }, image);
  for (const record of shelf.approvals) {
    const who = holderOf(record, token);
    if (who !== undefined) return visit({ request, config, invocation, token, shelf, record, who });
  }
  return unknown(invocation);
}

function holderOf({ approvers }: Pick<Approval, 'approvers'>, token: string): string | undefined {
  const hash = hashToken(token);
  const holder = approvers.find(({ tokenHash }) => tokenHash !== undefined && isSameHash(tokenHash, hash));
  return holder?.address;
}

function unknown({ metrics }: Invocation): HttpResponse {
  addCount(metrics, 'UnknownLink');
  return page(404, renderUnknown());
}

async function visit(visit: Visit): Promise<HttpResponse> {
  const { request, record, who } = visit;
  if (request.method === 'GET') return show(visit, 200);
  if (request.method !== 'POST') return page(405, renderUnknown(), { allow: 'GET, HEAD, POST' });
  if (!isOwnForm(request)) return show(visit, 403);
  const sent = readForm(request.body, record, who);
  return 'problem' in sent ? show(visit, 422, sent) : decide(visit, sent);
}

/** A browser says where a form came from. The token keeps strangers out; this keeps pages that got hold of one out. */
function isOwnForm({ headers }: HttpRequest): boolean {
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '');
  return isForm && ['same-origin', 'none', undefined].includes(headers['sec-fetch-site']);
}

function show({ record, who, shelf, invocation }: Visit, status: number, problem?: Problem): HttpResponse {
  const view = { record, who, findings: shelf.findings, now: invocation.now() };
  return page(status, renderPage({ ...view, ...(problem && { problem }) }));
}

/** The door's own answers stay plain text: they may quote what was sent. */
function page(status: number, body: string, headers: HttpResponse['headers'] = {}): HttpResponse {
  return { status, body, headers: { 'content-type': 'text/html; charset=utf-8', ...headers } };
}

/** Writes the vote and, once it decides, has it carried out. What comes of it the page shows, which can be loaded again. */
async function decide(visit: Visit, sent: Exclude<Sent, Problem>): Promise<HttpResponse> {
  const { config, record, request, token, invocation, who } = visit;
  const { sourceIp, userAgent } = request;
  const cast = { who, ...sent, sourceIp, userAgent: userAgent.slice(0, 300) };
  let counted: Counted = 'unknown';
  const { record: now } = await updateItem<Approval>(
    { table: config.table, signal: invocation.signal },
    record,
    (known) => {
      // Asked anew meanwhile: this link is of the round before.
      if (!known || holderOf(known, token) !== who) {
        counted = 'unknown';
        return undefined;
      }
      const voted = vote(known, cast, invocation.now());
      counted = voted.counted;
      return voted.record;
    },
    { known: record },
  );
  report(visit, sent.decision, counted);
  // Also for a repeated click: the first one may have died between its vote and this.
  if (now && nextWork(now, invocation.now()) === 'act')
    await publishAllEvents([due(now, 'act')], invocation.signal);
  // Relative to the link itself, which a proxy may serve under another path.
  return counted === 'unknown' ? unknown(invocation) : { status: 303, headers: { location: token } };
}

function report({ record, invocation, who }: Visit, decision: 'approve' | 'reject', counted: Counted): void {
  const { subject, part, round } = record;
  const fields = { imageArn: subject.imageArn, part, round, who, decision };
  invocation.logger.info(counted === 'counted' ? 'voted' : `vote not counted: ${counted}`, fields);
  addCount(invocation.metrics, counted === 'counted' ? 'Voted' : 'VoteIgnored');
}
