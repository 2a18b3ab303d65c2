import { type Html, html, nothing } from '#shared/html.ts';
import { list, mapping, optionalText } from '../json.ts';
import { clockTime, empty, loadLink, withLinks } from '../scenario-kit/panel-parts.ts';
import type { Arrival } from '../wiring/arrival.ts';
import type { Chat, Mail } from '../wiring/sns-topics.ts';

const shown = 25;

export type ReceivedMail = Mail & Arrival;

/** The address of a mail on the page: its place in the mailbox. */
export function mailId(mail: ReceivedMail, mails: readonly ReceivedMail[]): string {
  return `mail-${mails.indexOf(mail) + 1}`;
}

export function renderMailbox(mails: readonly ReceivedMail[]): Html {
  if (mails.length === 0) return empty('No mail yet.');
  const newest = mails.slice(-shown).toReversed();
  return html`<div class="mails">${newest.map((mail, i) => renderMail(mail, mailId(mail, mails), i === 0))}</div>
${mails.length > shown ? empty(`${mails.length - shown} older not shown; all are files in .groundcrew/mailbox.`) : nothing}`;
}

/** Details with one name close each other: a list with one mail open, without a script. */
function renderMail(mail: ReceivedMail, id: string, isFirst: boolean): Html {
  const { at, to, subject } = mail;
  const open = isFirst ? html` open` : nothing;
  return html`<details class="mail" name="mail"${open}>
<summary><span class="subject">${subject}</span><span class="to">${to}</span><time>${clockTime(at)}</time></summary>
<div id="${id}">${isFirst ? renderMailText(mail) : loadLink(`mail/${id}`)}</div></details>`;
}

/** What an opened mail shows. */
export function renderMailText({ text }: ReceivedMail): Html {
  return html`<pre class="letter">${withLinks(text)}</pre>`;
}

/** What a channel of Slack or Teams shows through Amazon Q Developer. */
export function renderChat(chats: readonly (Chat & Arrival)[]): Html {
  if (chats.length === 0) return empty('No message yet.');
  return html`<ol class="chat">${chats.slice(-shown).toReversed().map(renderMessage)}</ol>`;
}

function renderMessage({ at, text }: Chat & Arrival): Html {
  const { title = '', description = '', nextSteps } = mapping(mapping(parse(text))['content']);
  return html`<li><span class="bot" aria-hidden="true">Q</span><div><p class="quiet">Amazon Q Developer, ${clockTime(at)}</p>
<p><b>${plain(title)}</b></p>${plain(description)
    .split('\n')
    .map((line) => html`<p>${withLinks(line)}</p>`)}
${list(nextSteps).map((step) => html`<p class="step">${withLinks(plain(step))}</p>`)}</div></li>`;
}

/** The service shows *bold*, :emoji: and <address|text> of a subset of Markdown; here they are plain. */
function plain(text: unknown): string {
  return (optionalText(text) ?? '')
    .replaceAll(/<(https?:[^|>]+)\|([^>]+)>/g, '$2: $1')
    .replaceAll(/\*([^*\n]+)\*/g, '$1')
    .replaceAll(/:[a-z_]+: ?/g, '');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
