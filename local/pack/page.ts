import { type Html, html } from '#shared/html.ts';
import type { Mail } from '../wiring/sns-topics.ts';

/** What the page shows. Times are milliseconds of the epoch, the newest entry last. */
export interface PageContent {
  readonly mails: readonly Mail[];
  readonly events: readonly {
    readonly at: number;
    readonly event: object;
    readonly rules: readonly string[];
  }[];
  readonly functions: readonly FunctionActivity[];
  readonly notes: readonly string[];
}

export interface FunctionActivity {
  readonly id: string;
  readonly runs: readonly {
    readonly at: number;
    readonly ms: number;
    readonly cold: boolean;
    readonly error?: string;
  }[];
  /** Its calls to AWS, as `action×n`. */
  readonly calls: string;
}

const shown = 20;

const style = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; overflow-wrap: anywhere; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .5rem 0; }
.error { color: light-dark(#a00, #f88); }
.quiet { opacity: .7; }
`;

/** The pack's own page: plain HTML that works without a script, in light and in dark. */
export function renderPage({ mails, events, functions, notes }: PageContent): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Groundcrew</title>
<style>${{ markup: style }}</style>
</head>
<body>
<h1>Groundcrew on this machine</h1>
<p>Send it an event with <code>npm run send -- event.json</code>, and load this page again to see what came of it.</p>
${notes.map((note) => html`<p class="quiet">${note}</p>`)}
<h2>Mails</h2>
${mails.length === 0 ? none : newestFirst(mails).map(renderMail)}
<h2>Functions</h2>
${renderTable(['Function', 'Last runs', 'Calls to AWS'], functions.map(renderFunction))}
<h2>Events</h2>
${renderTable(['Time', 'Event', 'Rules it matched'], newestFirst(events).map(renderEvent))}
</body>
</html>
`;
  return page.markup;
}

const none = html`<p class="quiet">None yet.</p>`;

function newestFirst<T>(items: readonly T[]): readonly T[] {
  return items.slice(-shown).reverse();
}

function renderMail({ to, subject, text }: Mail): Html {
  return html`<details><summary>${subject} <span class="quiet">to ${to}</span></summary><pre>${withLinks(text)}</pre></details>\n`;
}

/** A mail program makes links of addresses, too. */
function withLinks(text: string): readonly Html[] {
  return text
    .split(/(\bhttps?:\/\/[^\s<&]+)/)
    .map((part, i) => (i % 2 === 1 ? html`<a href="${part}">${part}</a>` : html`${part}`));
}

function renderFunction({ id, runs, calls }: FunctionActivity): readonly Html[] {
  const lines = runs.slice(-5).map(({ at, ms, cold, error }) => {
    const took = `${clockTime(at)}, ${Math.round(ms)} ms${cold ? ', cold' : ''}`;
    return error === undefined ? html`${took}<br>` : html`${took} <span class="error">${error}</span><br>`;
  });
  const notRunYet = html`<span class="quiet">not run yet</span>`;
  return [html`<code>${id}</code>`, html`${lines.length === 0 ? notRunYet : lines}`, html`${calls}`];
}

function renderEvent({ at, event, rules }: PageContent['events'][number]): readonly Html[] {
  const title = 'detail-type' in event ? String(event['detail-type']) : 'event';
  const json = JSON.stringify(event, null, 2);
  return [
    html`${clockTime(at)}`,
    html`<details><summary>${title}</summary><pre>${json}</pre></details>`,
    html`${rules.join(', ') || 'none'}`,
  ];
}

function renderTable(heads: readonly string[], rows: readonly (readonly Html[])[]): Html {
  if (rows.length === 0) return none;
  const head = heads.map((one) => html`<th>${one}</th>`);
  const body = rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>\n`);
  return html`<table><thead><tr>${head}</tr></thead><tbody>\n${body}</tbody></table>`;
}

function clockTime(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}
