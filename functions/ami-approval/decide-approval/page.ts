import { type Html, html, nothing } from '#shared/html.ts';
import { formatTime } from '#shared/time.ts';
import { type ApprovalRecord, type ShareResult, votesOf } from '../domain/approval-record.ts';
import type { Ami, ApprovalSubject } from '../domain/approval-subject.ts';
import { isInitiator } from '../domain/approval-transitions.ts';
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
  readonly now: number;
  readonly problem?: FormProblem;
}

/** The page behind a link: what needs approval, how the request stands, and two forms while a vote is possible. */
export function renderPage(view: View): string {
  const { record, approver } = view;
  const status = pageStatusOf(record, approver, view.now);
  return renderDocument(
    status.title,
    html`<h1>${status.title}</h1>
${earlierRounds(record)}
${status.lines.map((line, i) => (i === 0 ? html`<p class="state ${status.tone}" role="status">${line}</p>` : html`<p>${line}</p>`))}
${warnings(view)}
${consequence(record, status)}
${status.isOpen ? forms(view) : nothing}
${votes(record, approver)}
${buildDetails(record.subject)}
<p class="quiet foot">This link is personal: anyone who has it can vote as ${approver}. Opening it does not vote.</p>`,
  );
}

/** The same page for a forged link and for a replaced one, so that it reveals nothing. */
export function renderInvalidLinkPage(): string {
  return renderDocument(
    'This link is not valid',
    html`<h1>This link is not valid</h1>
<p>It may be incomplete, or a newer email replaced it. Open the full link in the latest email.</p>`,
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

function warnings({ record: { subject }, findings }: View): Html {
  const found = findings && formatFindings(findings);
  return html`${
    found === undefined || !findings
      ? nothing
      : html`<p class="warning"><strong>Known vulnerabilities:</strong> ${found}, as of ${formatTime(findings.at)}.</p>`
  }${
    subject.alreadyShared.length === 0
      ? nothing
      : html`<div class="warning"><strong>Already shared:</strong> without any approval, its distribution settings share it with:${list(subject.alreadyShared)}</div>`
  }${
    subject.foreignAmis.length === 0
      ? nothing
      : html`<div class="warning"><strong>Not included:</strong> these AMIs are in other accounts:${list(subject.foreignAmis)}</div>`
  }`;
}

function consequence({ subject, shares }: ApprovalRecord, { isOpen, recipientsHeading }: PageStatus): Html {
  const { workflowStep, amis, code, recipients } = subject;
  if (workflowStep)
    return recipients.length === 0 ? nothing : html`<h2>${recipientsHeading}</h2>${list(recipients)}`;
  return html`<h2>${recipientsHeading}</h2>
${list(recipients)}
<h2>${amis.length === 1 ? 'AMI' : 'AMIs'}</h2>
<ul>${amis.map((ami) => amiItem(ami, isOpen ? code : '', shares[ami.id]))}</ul>`;
}

/** Highlights the characters of the AMI ID that the approver types. */
function amiItem({ id, region, name }: Ami, code: string, share: ShareResult | undefined): Html {
  const isCode = code !== '' && id.endsWith(code);
  const shown = isCode ? html`${id.slice(0, -code.length)}<mark>${code}</mark>` : html`${id}`;
  const result = share ? html`: ${[share.result, ...share.remarks].join('; ')}` : nothing;
  return html`<li><code>${shown}</code> in ${region}${result}${name === '' ? nothing : html`<br><span class="quiet">${name}</span>`}</li>`;
}

function forms({ record: { subject }, approver, problem }: View): Html {
  const approve = isInitiator({ subject }, approver)
    ? html`<p class="warning"><strong>You started this build:</strong> you can reject it, but you cannot approve it.</p>`
    : approveForm(subject, problem?.field === 'code' ? problem : undefined);
  return html`${approve}${rejectForm(problem?.field === 'why' ? problem : undefined)}`;
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

function votes(record: ApprovalRecord, viewer: string): Html {
  const counted = votesOf(record);
  const missing = record.approvers
    .map(({ address }) => address)
    .filter((address) => !counted.some(({ who }) => who === address));
  const isWaiting = record.status === 'pending' && missing.length > 0;
  if (counted.length === 0 && !isWaiting) return nothing;
  return html`<h2>Votes</h2>
<ul>${counted.map(
    ({ who, what, at, why }) =>
      html`<li>${who === viewer ? 'You' : who} ${what === 'approve' ? 'approved' : 'rejected'} it, ${formatTime(at)}${why === undefined ? nothing : html`: “${why}”`}</li>`,
  )}${isWaiting ? html`<li class="quiet">No vote yet: ${missing.map((who) => (who === viewer ? 'you' : who)).join(', ')}</li>` : nothing}</ul>`;
}

function buildDetails({ details, imageArn, workflowStep }: ApprovalSubject): Html {
  const step = workflowStep ? [['Step', workflowStep.name] as const] : [];
  const rows = [...details, ...step, ['Image', imageArn] as const];
  return html`<h2>About this build</h2>
<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function list(lines: readonly string[]): Html {
  return html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}
