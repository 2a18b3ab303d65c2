import { type Html, html } from '#shared/html.ts';
import { script } from './script.ts';
import type { Section } from './sections.ts';
import { stylePath } from './style.ts';

const refreshSeconds = 5;

/** The whole page. Without a script it loads itself again every few seconds. */
export function renderPage(sections: readonly Section[], nonce: string): string {
  const inColumn = (column: Section['column']): readonly Html[] =>
    sections.filter((one) => one.column === column).map(({ markup }) => markup);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Groundcrew</title>
<noscript><meta http-equiv="refresh" content="${refreshSeconds}"></noscript>
<link rel="stylesheet" href="${stylePath}" nonce="${nonce}">
</head>
<body>
${inColumn('top')}
<main><div class="column" id="left">${inColumn('left')}</div><div class="column" id="right">${inColumn('right')}</div></main>
${inColumn('foot')}
<script type="module" nonce="${nonce}">${{ markup: script }}</script>
</body>
</html>
`.markup;
}
