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

/** The pack's own page: plain HTML that works without a script, in light and in dark. */
export function renderPage({ mails, events, functions, notes }: PageContent): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Groundcrew</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; overflow-wrap: anywhere; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .5rem 0; }
.error { color: light-dark(#a00, #f88); }
.quiet { opacity: .7; }
</style>
</head>
<body>
<h1>Groundcrew on this machine</h1>
<p>Send it an event with <code>npm run send -- event.json</code>, and load this page again to see what came of it.</p>
${notes.map((note) => `<p class="quiet">${escape(note)}</p>`).join('\n')}
<h2>Mails</h2>
${mails.length === 0 ? '<p class="quiet">None yet.</p>' : newestFirst(mails).map(renderMail).join('\n')}
<h2>Functions</h2>
${renderTable(['Function', 'Last runs', 'Calls to AWS'], functions.map(renderFunction))}
<h2>Events</h2>
${renderTable(['Time', 'Event', 'Rules it matched'], newestFirst(events).map(renderEvent))}
</body>
</html>
`;
}

function newestFirst<T>(items: readonly T[]): readonly T[] {
  return items.slice(-shown).reverse();
}

function renderMail({ to, subject, text }: Mail): string {
  return `<details><summary>${escape(subject)} <span class="quiet">to ${escape(to)}</span></summary><pre>${withLinks(escape(text))}</pre></details>`;
}

/** A mail program makes links of addresses, too. */
function withLinks(text: string): string {
  return text.replaceAll(/\bhttps?:\/\/[^\s<&]+/g, (url) => `<a href="${url}">${url}</a>`);
}

function renderFunction({ id, runs, calls }: FunctionActivity): readonly string[] {
  const lines = runs.slice(-5).map(({ at, ms, cold, error }) => {
    const took = `${clockTime(at)}, ${Math.round(ms)} ms${cold ? ', cold' : ''}`;
    return error === undefined ? took : `${took} <span class="error">${escape(error)}</span>`;
  });
  return [
    `<code>${escape(id)}</code>`,
    lines.join('<br>') || '<span class="quiet">not run yet</span>',
    escape(calls),
  ];
}

function renderEvent({ at, event, rules }: PageContent['events'][number]): readonly string[] {
  const title = 'detail-type' in event ? String(event['detail-type']) : 'event';
  const json = escape(JSON.stringify(event, null, 2));
  return [
    clockTime(at),
    `<details><summary>${escape(title)}</summary><pre>${json}</pre></details>`,
    escape(rules.join(', ') || 'none'),
  ];
}

function renderTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '<p class="quiet">None yet.</p>';
  const head = heads.map((one) => `<th>${one}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');
  return `<table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table>`;
}

function clockTime(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
