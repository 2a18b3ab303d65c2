import { formatTime } from '#shared/time.ts';
import { type Approval, type Share, votesOf } from '../domain/approval-record.ts';
import type { Ami, Subject } from '../domain/approval-subject.ts';
import { isBarred } from '../domain/approval-transitions.ts';
import { describeFindings, type Findings } from '../domain/scan-findings.ts';
import { LONGEST_WHY, type Problem } from './form.ts';
import { type Html, html, nothing } from './html.ts';
import { type Standing, standingOf } from './page-status.ts';
import { style } from './page-style.ts';

export interface View {
  readonly record: Approval;
  /** Whose link it is. */
  readonly who: string;
  readonly findings: Findings | undefined;
  readonly now: number;
  readonly problem?: Problem;
}

/** The page behind a link: what is asked, how it stands, and the two forms while a vote is open. */
export function renderPage(view: View): string {
  const { record, who } = view;
  const standing = standingOf(record, who, view.now);
  return page(
    standing.title,
    html`<h1>${standing.title}</h1>
${standing.lines.map((line, i) => (i === 0 ? html`<p class="state ${standing.tone}" role="status">${line}</p>` : html`<p>${line}</p>`))}
${warnings(view)}
${consequence(record, standing)}
${standing.isOpen ? forms(view) : nothing}
${votes(record, who)}
${facts(record.subject)}
<p class="quiet foot">This link is ${who}’s alone. Opening it decides nothing.</p>`,
  );
}

/** Says as little to a forged link as to one that has been replaced. */
export function renderUnknown(): string {
  return page(
    'This link leads nowhere',
    html`<h1>This link leads nowhere</h1>
<p>It is not complete, or a newer mail has replaced it. Open the link of the newest mail you got, all of it.</p>`,
  );
}

function page(title: string, content: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex, nofollow">
<title>${title}</title>
<style>${{ markup: style }}</style>
</head>
<body>
<main>
<p class="sign">Groundcrew · AMI approval</p>
${content}
</main>
</body>
</html>
`.markup;
}

function warnings({ record: { subject }, findings }: View): Html {
  const found = findings && describeFindings(findings);
  return html`${
    found === undefined || !findings
      ? nothing
      : html`<p class="warning"><strong>Known vulnerabilities:</strong> ${found}, as of ${formatTime(findings.at)}.</p>`
  }${
    subject.distributed.length === 0
      ? nothing
      : html`<div class="warning"><strong>Shared already.</strong> Its distribution settings give it, without any approval, to${items(subject.distributed)}</div>`
  }${
    subject.elsewhere.length === 0
      ? nothing
      : html`<div class="warning"><strong>Left alone,</strong> being in other accounts:${items(subject.elsewhere)}</div>`
  }`;
}

function consequence({ subject, shares }: Approval, { isOpen, recipients }: Standing): Html {
  const { gate, amis, code } = subject;
  if (gate)
    return subject.recipients.length === 0
      ? nothing
      : html`<h2>${recipients}</h2>${items(subject.recipients)}`;
  return html`<h2>${recipients}</h2>
${items(subject.recipients)}
<p>as</p>
<ul>${amis.map((ami) => amiItem(ami, isOpen ? code : '', shares[ami.id]))}</ul>`;
}

/** What has to be typed stands out where it is to be read. */
function amiItem({ id, region, name }: Ami, code: string, share: Share | undefined): Html {
  const isCode = code !== '' && id.endsWith(code);
  const shown = isCode ? html`${id.slice(0, -code.length)}<mark>${code}</mark>` : html`${id}`;
  const result = share ? html`: ${[share.result, ...share.remarks].join('; ')}` : nothing;
  return html`<li><code>${shown}</code> in ${region}${result}${name === '' ? nothing : html`<br><span class="quiet">${name}</span>`}</li>`;
}

function forms({ record: { subject }, who, problem }: View): Html {
  const approve = isBarred({ subject }, who)
    ? html`<p class="warning"><strong>You started this build:</strong> you may reject it, but not approve it.</p>`
    : approveForm(subject, problem?.field === 'code' ? problem : undefined);
  return html`${approve}${rejectForm(problem?.field === 'why' ? problem : undefined)}`;
}

function approveForm({ code, amis }: Subject, problem: Problem | undefined): Html {
  const what =
    amis.length === 0
      ? html`To approve, type the version: <code>${code}</code>`
      : html`To approve, type the last ${code.length} characters of the AMI id: <code>${code}</code>`;
  return html`<form method="post">
<input type="hidden" name="decision" value="approve">
<label for="code">${what}</label>
${problemOf(problem, 'code-problem')}
<input id="code" name="code" value="${problem?.typed ?? ''}" required maxlength="${LONGEST_WHY}" autocomplete="off" autocapitalize="none" spellcheck="false"${describedBy(problem, 'code-problem')}>
<button>Approve</button>
</form>`;
}

function rejectForm(problem: Problem | undefined): Html {
  return html`<form method="post">
<input type="hidden" name="decision" value="reject">
<label for="why">To reject, say why</label>
${problemOf(problem, 'why-problem')}
<textarea id="why" name="why" rows="2" required minlength="3" maxlength="${LONGEST_WHY}"${describedBy(problem, 'why-problem')}>${problem?.typed ?? ''}</textarea>
<button class="stop">Reject</button>
</form>`;
}

function problemOf(problem: Problem | undefined, id: string): Html {
  return problem ? html`<p class="problem" id="${id}" role="alert">${problem.problem}</p>` : nothing;
}

function describedBy(problem: Problem | undefined, id: string): Html {
  return problem ? html` aria-invalid="true" aria-describedby="${id}"` : nothing;
}

function votes(record: Approval, viewer: string): Html {
  const cast = votesOf(record);
  const silent = record.approvers
    .map(({ address }) => address)
    .filter((one) => !cast.some(({ who }) => who === one));
  const waiting = record.status === 'pending' && silent.length > 0;
  if (cast.length === 0 && !waiting) return nothing;
  return html`<h2>Votes</h2>
<ul>${cast.map(
    ({ who, what, at, why }) =>
      html`<li>${who === viewer ? 'You' : who} ${what === 'approve' ? 'approved' : 'rejected'} it, ${formatTime(at)}${why === undefined ? nothing : html`: “${why}”`}</li>`,
  )}${waiting ? html`<li class="quiet">Not yet: ${silent.map((who) => (who === viewer ? 'you' : who)).join(', ')}</li>` : nothing}</ul>`;
}

function facts({ facts, imageArn, gate }: Subject): Html {
  const rows = [...facts, ...(gate ? [['Step', gate.name] as const] : []), ['Image', imageArn] as const];
  return html`<h2>What was built</h2>
<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function items(lines: readonly string[]): Html {
  return html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}
