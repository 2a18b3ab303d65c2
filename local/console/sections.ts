import { type Html, html, nothing } from '#shared/html.ts';
import type { Action } from '../scenario-kit/panel.ts';
import { badge, button, clockTime, count, formatLeft } from '../scenario-kit/panel-parts.ts';
import { renderChains, renderFilter } from './chain-view.ts';
import { faultChoices } from './faults.ts';
import { renderMachinery } from './machinery-view.ts';
import { mailId, type ReceivedMail, renderChat, renderMailbox } from './mail-view.ts';
import type { ShownPack } from './shown-pack.ts';
import type { LookedPanel, Snapshot } from './snapshot.ts';

/** A part of the page that is rendered and replaced on its own. */
export interface Section {
  readonly id: string;
  /** Undefined for a part of another section. */
  readonly column?: 'top' | 'left' | 'right' | 'foot';
  readonly markup: Html;
  /** It stays as it is, with what somebody chose and typed in it; its part is replaced. */
  readonly isFixed?: boolean;
}

export interface SectionOptions {
  readonly pack: ShownPack;
  readonly snapshot: Snapshot;
  readonly filter: string;
  /** What the last button did, or why it could not. */
  readonly result: ActionResult | undefined;
  readonly jobName: (jobId: string) => string;
  readonly canReset: boolean;
}

export interface ActionResult {
  readonly text: string;
  readonly isError: boolean;
}

export function renderSections(options: SectionOptions): readonly Section[] {
  const { pack, snapshot, filter, jobName } = options;
  const { mails, chats } = pack.mailbox;
  const mailHref = (mail: ReceivedMail): string => `#${mailId(mail, mails)}`;
  const chains = renderChains({ chains: snapshot.chains, filter, mailHref, jobName });
  const happened = html`${renderFilter(filter)}${chains}`;
  const result = renderResult(options.result);
  const chat = card('chat', 'Chat', html`${count(chats.length, 'message')}`, renderChat(chats));
  return [
    { id: 'bar', column: 'top', markup: renderBar(options) },
    { id: 'try', column: 'top', markup: renderTry(options, result), isFixed: true },
    { id: 'result', markup: result },
    ...snapshot.panels.map((one): Section => ({ id: one.wing, column: 'left', markup: renderPanel(one) })),
    ...(chats.length > 0 ? [{ ...chat, column: 'left' as const }] : []),
    {
      ...card('happened', 'What happened', html`<span class="pulse">live</span>`, happened),
      isFixed: true,
    },
    { id: 'happened-chains', markup: chains },
    card('mailbox', 'Mailbox', html`${count(mails.length, 'mail')}`, renderMailbox(mails)),
    { id: 'machinery', column: 'foot', markup: renderMachinery(pack) },
  ];
}

function card(id: string, title: string, summary: Html, body: Html): Section {
  const markup = html`<section id="${id}" class="card"><header><h2>${title}</h2><span class="summary">${summary}</span></header>${body}</section>`;
  return { id, column: 'right', markup };
}

function renderPanel({ wing, panel, view }: LookedPanel): Html {
  return html`<section id="${wing}" class="card${panel.isNarrow ? ' narrow' : ''}">
<header><h2>${panel.title}</h2><span class="wing">${wing}</span><span class="summary">${badge(view.summary, view.tone)}</span></header>
${view.body}</section>`;
}

function renderBar({ pack, snapshot, canReset }: SectionOptions): Html {
  const { now, calls, deadLetters, nextDeadline } = snapshot;
  const { mails } = pack.mailbox;
  const date = new Date(now).toUTCString().slice(0, 16);
  return html`<section id="bar" data-now="${now}" aria-label="The local account">
<h1><a href="/"><svg viewBox="0 0 20 20" aria-hidden="true"><path d="M3 17 9 8M17 17 11 8"/><circle cx="7.5" cy="5" r="2.5"/><circle cx="12.5" cy="5" r="2.5"/></svg>Groundcrew</a></h1>
<p class="clock"><b data-clock>${clockTime(now)}</b> <span class="quiet">UTC, ${date}</span></p>
<div class="turn" role="group" aria-label="Turn the clock">${clockButton('1 min', 60_000)}${clockButton('15 min', 900_000)}${clockButton('1 h', 3_600_000)}${nextDeadline ? deadlineButton(nextDeadline, now) : nothing}</div>
<ul class="counts"><li><a href="#happened"><b>${calls.length.toLocaleString('en')}</b> calls</a></li><li><a href="#mailbox"><b>${mails.length}</b> mails</a></li>
<li${deadLetters > 0 ? html` class="alarm"` : nothing}><b>${deadLetters}</b> dead letters</li></ul>
${canReset ? html`<span class="reset">${button('console.reset', 'Reset')}</span>` : nothing}
</section>`;
}

function clockButton(label: string, ms: number): Html {
  return button('console.wait', `+${label}`, String(ms));
}

function deadlineButton({ at, what }: { readonly at: number; readonly what: string }, now: number): Html {
  const title = `${what} in ${formatLeft(at - now)}`;
  return button('console.wait', `until ${what}`, String(at - now + 1000), title);
}

function renderTry({ snapshot }: SectionOptions, result: Html): Html {
  const wings = snapshot.panels.filter(({ panel }) => panel.actions.some(isForEverybody));
  return html`<section id="try" class="card" aria-label="Try it"><form method="post" action="/_groundcrew/do">
<div class="actions">${wings.map(({ wing, panel }) => html`<fieldset><legend>${panel.title}</legend>${panel.actions.filter(isForEverybody).map((action) => actionButton(wing, action))}</fieldset>`)}</div>
<div class="faults"><fieldset><legend>and then</legend>${faultChoices.map(({ name, label, effect }) => html`<label title="${effect}"><input type="checkbox" name="fault" value="${name}">${label}</label>`)}</fieldset></div>
</form>
${result}
</section>`;
}

function renderResult(result: ActionResult | undefined): Html {
  if (!result)
    return html`<p id="result" class="result quiet" role="status">Each button does what AWS or a person does. The functions answer as they do in an account.</p>`;
  return html`<p id="result" class="result${result.isError ? ' error' : ''}" role="status">${result.text}</p>`;
}

function isForEverybody({ isInPanel }: Action): boolean {
  return isInPanel !== true;
}

function actionButton(wing: string, { effect, label, name }: Action): Html {
  return html`<button name="action" value="${wing}.${name}" title="${effect}">${label}</button>`;
}
