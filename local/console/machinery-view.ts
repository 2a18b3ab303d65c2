import { type Html, html } from '#shared/html.ts';
import { summarizeCalls } from '../scenario-kit/calls.ts';
import { button, clockTime, count, loadLink } from '../scenario-kit/panel-parts.ts';
import { maxBatchWindowMs } from '../wiring/run-live.ts';
import type { ShownPack } from './shown-pack.ts';
import type { Snapshot } from './snapshot.ts';

/** Functions, schedules and routes: what is behind the panels. */
export function renderMachinery({ functions, wiring }: ShownPack): Html {
  const runs = functions.ids.reduce((sum, id) => sum + functions.pool(id).finished.length, 0);
  return html`<section id="machinery" class="card">
<details id="machinery-functions"><summary>Functions <span class="quiet">${functions.ids.length}, ${count(runs, 'run')}</span></summary><div>${loadLink('machinery/functions')}</div></details>
<details id="machinery-schedules"><summary>Schedules <span class="quiet">${wiring.schedules.length}</span></summary><div>${loadLink('machinery/schedules')}</div></details>
<details id="machinery-routes"><summary>HTTP routes <span class="quiet">${wiring.http.routes.length}</span></summary>
<ul>${wiring.http.routes.map((route) => html`<li><code>${route}</code></li>`)}</ul></details>
<p class="quiet">Send an event from a terminal: <code>npm run send -- --now event.json</code>. A queue's batching window lasts ${maxBatchWindowMs / 1000} seconds at most here.</p>
</section>`;
}

function renderFunctions({ functions }: ShownPack, { calls }: Snapshot): Html {
  return html`<table><thead><tr><th>Function</th><th>Runs</th><th>Last run</th><th>Calls to AWS</th></tr></thead><tbody>
${functions.ids.map((id) => {
  const { finished } = functions.pool(id);
  const last = finished.at(-1);
  const when = last ? `${clockTime(last.at)}, ${Math.round(last.endedAt - last.begunAt)} ms` : 'not run yet';
  return html`<tr><td><code>${id}</code></td><td>${finished.length}</td><td>${when}</td><td>${summarizeCalls(calls.filter((call) => call.function === id))}</td></tr>`;
})}</tbody></table>`;
}

function renderSchedules({ wiring }: ShownPack): Html {
  return html`<table><thead><tr><th>Schedule</th><th>When</th><th></th></tr></thead><tbody>
${wiring.schedules.map(
  ({ id, expression, intervalMs }) =>
    html`<tr><td><code>${id}</code></td><td>${expression}${intervalMs ? '' : ', not run here'}</td><td>${button('console.fire', 'Run now', id)}</td></tr>`,
)}</tbody></table>`;
}

/** What an opened part shows. */
export function renderMachineryPart(name: string, pack: ShownPack, snapshot: Snapshot): Html | undefined {
  if (name === 'functions') return renderFunctions(pack, snapshot);
  return name === 'schedules' ? renderSchedules(pack) : undefined;
}
