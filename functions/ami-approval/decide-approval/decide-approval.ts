import { publishAllEvents } from '#shared/aws/eventbridge.ts';
import { updateRecord } from '#shared/aws/update-record.ts';
import type { HttpRequest } from '#shared/events/http.ts';
import type { HttpResponse } from '#shared/handlers/http.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { registerSecrets } from '#shared/redact.ts';
import { listApproverSubscriptions, readBuildRecords } from '../aws/approvals-table.ts';
import { readParameter } from '../aws/ssm.ts';
import type { DecideConfig } from '../config.ts';
import { type ApprovalRecord, keyOfRecord } from '../domain/approval-record.ts';
import { applyVote, nextAction, type VoteInput, type VoteOutcome } from '../domain/approval-transitions.ts';
import type { ApproverSubscription } from '../domain/approver-subscription.ts';
import { withCurrentRules } from '../domain/current-rules.ts';
import { hashToken, isSameHash } from '../domain/link-token.ts';
import { type ApprovalSettings, createSettings } from '../domain/pipeline-rules.ts';
import type { ScanFindings } from '../domain/scan-findings.ts';
import { signInProblem, verifiedAddress } from '../domain/sign-in.ts';
import { dueEventOf } from '../messages/events.ts';
import { isOwnForm, parseLink } from './event.ts';
import { type FormProblem, parseForm } from './form.ts';
import { renderInvalidLinkPage, renderPage, renderRefusedPage } from './page.ts';

/** A request with a valid link: which record, and whose link. */
interface LinkContext {
  readonly request: HttpRequest;
  readonly config: DecideConfig;
  readonly settings: ApprovalSettings;
  readonly invocation: Invocation;
  readonly token: string;
  /** As the table has it. */
  readonly stored: ApprovalRecord;
  /** As the current settings see it. */
  readonly record: ApprovalRecord;
  readonly findings: ScanFindings | undefined;
  readonly subscriptions: readonly ApproverSubscription[];
  readonly approver: string;
}

/** Serves a link. Only a POST with typed characters votes. An invalid link reveals nothing. */
export async function decideApproval(
  request: HttpRequest,
  config: DecideConfig,
  invocation: Invocation,
): Promise<HttpResponse> {
  registerSecrets([request.params.token ?? '']);
  const link = parseLink(request);
  // A path that cannot be one of our links costs no AWS call.
  if (!link) return invalidLinkResponse(invocation);
  const { image, token } = link;
  const table = { table: config.table, signal: invocation.signal };
  const [{ approvals, findings }, subscriptions] = await Promise.all([
    readBuildRecords(table, image),
    listApproverSubscriptions(table),
  ]);
  if (approvals.length === 0) return invalidLinkResponse(invocation);
  const { settingsParameter } = config;
  const parameter = await readParameter(settingsParameter, invocation.signal);
  const settings = createSettings(config, parameter, settingsParameter);
  for (const stored of approvals) {
    const record = withCurrentRules(stored, settings);
    const approver = findTokenHolder(record, token);
    if (approver !== undefined)
      return handleRequest({
        request,
        config,
        settings,
        invocation,
        token,
        stored,
        record,
        findings,
        subscriptions,
        approver,
      });
  }
  return invalidLinkResponse(invocation);
}

function findTokenHolder(
  { approvers }: Pick<ApprovalRecord, 'approvers'>,
  token: string,
): string | undefined {
  const hash = hashToken(token);
  const isTheirs = (one: string | undefined): boolean => one !== undefined && isSameHash(one, hash);
  const holder = approvers.find((one) => isTheirs(one.tokenHash) || isTheirs(one.reminderHash));
  return holder?.address;
}

function invalidLinkResponse({ metrics }: Invocation): HttpResponse {
  addCount(metrics, 'LinkRejected');
  return htmlResponse(404, renderInvalidLinkPage());
}

async function handleRequest(context: LinkContext): Promise<HttpResponse> {
  const { config, request, record, approver } = context;
  const problem = config.requiresSignIn ? signInProblem(request.claims, approver) : undefined;
  if (problem !== undefined) return refusedResponse(context, problem);
  if (request.method === 'GET') return pageResponse(context, 200);
  if (request.method !== 'POST')
    return htmlResponse(405, renderInvalidLinkPage(), { allow: 'GET, HEAD, POST' });
  if (!isOwnForm(request)) return pageResponse(context, 403, { problem: FOREIGN_FORM, typed: '' });
  const form = parseForm(request.body, record, approver);
  if ('problem' in form) return pageResponse(context, 422, form);
  return recordVote(context, { who: approver, ...form, ...clientOf(context) });
}

function clientOf({
  config,
  request,
}: LinkContext): Pick<VoteInput, 'sourceIp' | 'userAgent' | 'signedInAs'> {
  const { sourceIp, userAgent, claims } = request;
  const signedInAs = config.requiresSignIn ? verifiedAddress(claims) : undefined;
  return { sourceIp, userAgent: userAgent.slice(0, 300), ...(signedInAs !== undefined && { signedInAs }) };
}

/** The link is valid, but it belongs to another person: the page reveals nothing about the request. */
function refusedResponse({ invocation, record }: LinkContext, problem: string): HttpResponse {
  addCount(invocation.metrics, 'SignInRefused');
  invocation.logger.info('link refused: another person is signed in', { imageArn: record.subject.imageArn });
  return htmlResponse(403, renderRefusedPage(problem));
}

const FOREIGN_FORM =
  'Nothing was decided: the form was not sent from this page. Open the link in your email, and use the forms there.';

function pageResponse(
  { record, approver, findings, subscriptions, invocation }: LinkContext,
  status: number,
  problem?: FormProblem,
): HttpResponse {
  const view = { record, approver, findings, subscriptions, now: invocation.now() };
  return htmlResponse(status, renderPage({ ...view, ...(problem && { problem }) }));
}

/** Only these pages are HTML. Error responses of the handler stay plain text, because they may quote the request. */
function htmlResponse(status: number, body: string, headers: HttpResponse['headers'] = {}): HttpResponse {
  return { status, body, headers: { 'content-type': 'text/html; charset=utf-8', ...headers } };
}

/** Writes the vote and starts ExecuteApproval if the request is now decided. */
async function recordVote(context: LinkContext, input: VoteInput): Promise<HttpResponse> {
  const { config, settings, record, token, invocation, approver } = context;
  let outcome: VoteOutcome = 'unknown';
  const { record: current } = await updateRecord<ApprovalRecord>(
    { table: config.table, signal: invocation.signal },
    keyOfRecord(record),
    (stored) => {
      const known = stored && withCurrentRules(stored, settings);
      // A new round has started, so this link belongs to the previous one.
      if (!known || findTokenHolder(known, token) !== approver) {
        outcome = 'unknown';
        return undefined;
      }
      const result = applyVote(known, input, invocation.now());
      outcome = result.outcome;
      return result.record;
    },
    { known: context.stored },
  );
  logVote(context, input.decision, outcome);
  // Also after a repeated click, because the first one may have crashed between its vote and this event.
  if (current && nextAction(withCurrentRules(current, settings), invocation.now()) === 'act')
    await publishAllEvents([dueEventOf(current, 'act')], invocation.signal);
  // Relative to the link, because a proxy may serve it under another path.
  return outcome === 'unknown'
    ? invalidLinkResponse(invocation)
    : { status: 303, headers: { location: token } };
}

function logVote(
  { record, invocation, approver }: LinkContext,
  decision: VoteInput['decision'],
  outcome: VoteOutcome,
): void {
  const { subject, part, round } = record;
  const fields = { imageArn: subject.imageArn, part, round, approver, decision };
  const isCounted = outcome === 'counted';
  if (isCounted) invocation.logger.info('vote counted', fields);
  else invocation.logger.info('vote not counted', { ...fields, reason: outcome });
  addCount(invocation.metrics, isCounted ? 'VoteCounted' : 'VoteIgnored');
}
