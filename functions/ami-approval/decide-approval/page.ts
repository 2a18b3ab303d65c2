import { type Html, html, nothing } from '#shared/html.ts';
import { formatTime } from '#shared/time.ts';
import { type ApprovalRecord, votesOf } from '../domain/approval-record.ts';
import type { Ami, ApprovalSubject } from '../domain/approval-subject.ts';
import { isInitiator } from '../domain/approval-transitions.ts';
import { type ApproverSubscription, formatUnreachable } from '../domain/approver-subscription.ts';
import { formatChecks, formatComparison, latestResult, withAccountNames } from '../domain/build-review.ts';
import { amiLink, imageLink, launchLink } from '../domain/console-links.ts';
import { formatEarlierRounds } from '../domain/earlier-rounds.ts';
import { stripFormatCharacters } from '../domain/plain-text.ts';
import { formatFindings, type ScanFindings } from '../domain/scan-findings.ts';
import { type FormProblem, MAX_REASON_LENGTH } from './form.ts';
import { type PageStatus, pageStatusOf } from './page-status.ts';
import { style } from './page-style.ts';

export interface View {
  readonly record: ApprovalRecord;
  /** Whose link it is. */
  readonly approver: string;
  readonly findings: ScanFindings | undefined;
  readonly subscriptions: readonly ApproverSubscription[];
  readonly now: number;
  readonly problem?: FormProblem;
}

/** The page behind a link: what needs approval and two forms while a vote is possible, then only how it ended. */
export function renderPage(view: View): string {
  const status = pageStatusOf(view.record, view.approver, view.now);
  const { problem } = view;
  return renderDocument(
    status.title,
    html`<h1>${status.title}</h1>
${problem && problem.field === undefined ? problemMessage(problem, 'problem') : nothing}
${status.isOpen ? earlierRounds(view.record) : nothing}
${status.lines.map((line, i) => (i === 0 ? html`<p class="state ${status.tone}" role="status">${line}</p>` : html`<p>${line}</p>`))}
${status.isOpen ? openRequest(view, status) : endedRequest(view)}`,
  );
}

function openRequest(view: View, status: PageStatus): Html {
  const { record, approver } = view;
  return html`${warnings(view)}
${checks(view)}
${consequence(record)}
${forms(view, status)}
${votes(view)}
${buildDetails(record.subject)}
<p class="quiet foot">This link is personal: anyone who has it can vote as ${approver}. Opening it does not vote.</p>`;
}

/** An old link may be in many mailboxes by now, so it tells no details of the build. */
function endedRequest(view: View): Html {
  const { record } = view;
  const results = Object.entries(record.shares);
  const isPartial = record.status === 'failed' && results.length > 0;
  return html`${
    isPartial
      ? html`<h2>Results by Region</h2>${list(results.map(([id, { region, result, remarks }]) => `${id} in ${region}: ${[result, ...remarks].join('; ')}`))}`
      : nothing
  }
${votes(view)}`;
}

/** The same page for a forged link and for a replaced one, so that it reveals nothing. */
export function renderInvalidLinkPage(): string {
  return renderDocument(
    'This link is not valid',
    html`<h1>This link is not valid</h1>
<p>It may be incomplete, or a newer email replaced it. Open the full link in the latest email.</p>`,
  );
}

/** For a person who signed in and is not the approver of the link. */
export function renderRefusedPage(problem: string): string {
  return renderDocument(
    'Nothing was decided',
    html`<h1>Nothing was decided</h1>
<p class="state bad" role="alert">${problem}</p>
<p>Sign in with the address that the email was sent to, and open its link again.</p>`,
  );
}

function renderDocument(title: string, content: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex, nofollow">
<title>${stripFormatCharacters(title)}</title>
<style>${{ markup: style }}</style>
</head>
<body>
<main>
<p class="sign">Groundcrew · AMI approval</p>
${{ markup: stripFormatCharacters(content.markup) }}
</main>
</body>
</html>
`.markup;
}

function earlierRounds(record: ApprovalRecord): Html {
  const lines = formatEarlierRounds(record);
  if (lines.length === 0) return nothing;
  return html`<div class="warning"><strong>Round ${record.round}:</strong>${list(lines)}</div>`;
}

function warnings({ record: { subject, review }, findings }: View): Html {
  const named = (lines: readonly string[]): Html => list(withAccountNames(lines, review));
  const scan = latestResult(review, findings);
  const found = scan && formatFindings(scan);
  return html`${
    found === undefined || !scan
      ? nothing
      : html`<p class="warning"><strong>Known vulnerabilities:</strong> ${found}, as of ${formatTime(scan.at)}.</p>`
  }${
    review?.tests.isFailed
      ? html`<p class="warning"><strong>Failed tests:</strong> ${review.tests.text}.</p>`
      : nothing
  }${
    subject.alreadyShared.length === 0
      ? nothing
      : html`<div class="warning"><strong>Already shared:</strong> without any approval, its distribution settings share it with:${named(subject.alreadyShared)}</div>`
  }${
    subject.foreignAmis.length === 0
      ? nothing
      : html`<div class="warning"><strong>Not included:</strong> these AMIs will not be shared:${named(subject.foreignAmis)}</div>`
  }`;
}

/** More lines of packages would push the forms off a phone. */
const MAX_VISIBLE_PACKAGES = 3;

function checks({ record: { review }, findings }: View): Html {
  const rows = formatChecks(review, findings);
  const comparison = formatComparison(review);
  return html`${rows.length === 0 ? nothing : html`<h2>Checks</h2><div class="short">${definitions(rows)}</div>`}${comparison ? html`<h2>${comparison.heading}</h2>${changes(comparison.lines)}` : nothing}`;
}

function changes(lines: readonly string[]): Html {
  const packages = lines.filter((line) => /^(Package|and) /.test(line));
  if (packages.length <= MAX_VISIBLE_PACKAGES) return list(lines);
  const others = lines.filter((line) => !packages.includes(line));
  return html`${others.length === 0 ? nothing : list(others)}
<details><summary>Changed packages (${countOf(packages)})</summary>${list(packages)}</details>`;
}

function consequence({ subject, review }: ApprovalRecord): Html {
  const { workflowStep, amis, code } = subject;
  const recipients = withAccountNames(subject.recipients, review);
  if (workflowStep && recipients.length === 0) return nothing;
  const heading = workflowStep
    ? 'If approved, its distribution settings will share it with'
    : 'If approved, it will be shared with';
  const images = html`<h2>${amis.length === 1 ? 'AMI' : 'AMIs'}</h2>
<ul>${amis.map((ami) => amiItem(ami, code))}</ul>`;
  return html`<h2>${heading}</h2>
${list(recipients)}
${workflowStep ? nothing : images}`;
}

/** Highlights the characters of the AMI ID that the approver types. */
function amiItem(ami: Ami, code: string): Html {
  const { id, region, name } = ami;
  const shown = id.endsWith(code) ? html`${id.slice(0, -code.length)}<mark>${code}</mark>` : html`${id}`;
  return html`<li><code>${shown}</code> in ${region}${name === '' ? nothing : html`<br><span class="quiet">${name}</span>`}
<p class="links">${link(amiLink(ami), 'Open in EC2')}${link(launchLink(ami), 'Launch a test instance')}</p></li>`;
}

/** The last line can count those that are not listed: `and 12 more`. */
function countOf(packages: readonly string[]): number {
  const rest = /^and (\d+) more$/.exec(packages.at(-1) ?? '')?.[1];
  return rest === undefined ? packages.length : packages.length - 1 + Number(rest);
}

/** The response has the policy no-referrer, so the console does not see the token. */
function link(href: string, text: string): Html {
  return html`<a href="${href}" target="_blank" rel="noopener noreferrer">${text}</a>`;
}

function forms({ record: { subject }, approver, problem }: View, { canApprove }: PageStatus): Html {
  const initiator = isInitiator({ subject }, approver)
    ? html`<p class="warning"><strong>You started this build:</strong> you can reject it, but you cannot approve it.</p>`
    : nothing;
  const approve = canApprove
    ? approveForm(subject, problem?.field === 'code' ? problem : undefined)
    : nothing;
  return html`${initiator}${approve}${rejectForm(problem?.field === 'why' ? problem : undefined)}`;
}

function approveForm({ code, amis }: ApprovalSubject, problem: FormProblem | undefined): Html {
  const label =
    amis.length === 0
      ? html`To approve, type the version: <code>${code}</code>`
      : html`To approve, type the last ${code.length} characters of ${amis.length === 1 ? 'the AMI ID' : 'the first AMI ID'}: <code>${code}</code>`;
  return html`<form method="post">
<input type="hidden" name="decision" value="approve">
<label for="code">${label}</label>
${problemMessage(problem, 'code-problem')}
<input id="code" name="code" value="${problem?.typed ?? ''}" required maxlength="${MAX_REASON_LENGTH}" autocomplete="off" autocapitalize="none" spellcheck="false"${describedBy(problem, 'code-problem')}>
<label for="comment">Comment <span class="quiet">(optional)</span></label>
<textarea id="comment" name="comment" rows="1" maxlength="${MAX_REASON_LENGTH}">${problem?.comment ?? ''}</textarea>
<button>Approve</button>
</form>`;
}

function rejectForm(problem: FormProblem | undefined): Html {
  return html`<form method="post">
<input type="hidden" name="decision" value="reject">
<label for="why">To reject, type a reason</label>
${problemMessage(problem, 'why-problem')}
<textarea id="why" name="why" rows="2" required minlength="3" maxlength="${MAX_REASON_LENGTH}"${describedBy(problem, 'why-problem')}>${problem?.typed ?? ''}</textarea>
<button class="stop">Reject</button>
</form>`;
}

function problemMessage(problem: FormProblem | undefined, id: string): Html {
  return problem ? html`<p class="problem" id="${id}" role="alert">${problem.problem}</p>` : nothing;
}

function describedBy(problem: FormProblem | undefined, id: string): Html {
  return problem ? html` aria-invalid="true" aria-describedby="${id}"` : nothing;
}

function votes({ record, approver: viewer, subscriptions }: View): Html {
  const counted = votesOf(record);
  const missing = record.approvers
    .filter(({ isRevoked }) => !isRevoked)
    .map(({ address }) => address)
    .filter((address) => !counted.some(({ who }) => who === address));
  const isWaiting = record.status === 'pending' && missing.length > 0;
  if (counted.length === 0 && !isWaiting) return nothing;
  return html`<h2>Votes</h2>
<ul>${counted.map(
    ({ who, what, at, why }) =>
      html`<li>${who === viewer ? 'You' : who} ${what === 'approve' ? 'approved' : 'rejected'} it, ${formatTime(at)}${why === undefined ? nothing : html`: “${why}”`}</li>`,
  )}${isWaiting ? html`<li class="quiet">No vote yet: ${missing.map((who) => (who === viewer ? 'you' : `${who}${formatUnreachable(subscriptions, who)}`)).join(', ')}</li>` : nothing}</ul>`;
}

function buildDetails({ details, imageArn, workflowStep }: ApprovalSubject): Html {
  const step = workflowStep ? [['Step', workflowStep.name] as const] : [];
  const rows = [...details, ...step, ['Image', imageArn] as const];
  return html`<h2>About this build</h2>
${definitions(rows)}
<p class="links">${link(imageLink(imageArn), 'Open in Image Builder')}</p>`;
}

function definitions(rows: readonly (readonly [name: string, text: string])[]): Html {
  return html`<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function list(lines: readonly string[]): Html {
  return html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}
