import { type Html, html, nothing } from '#shared/html.ts';
import type { Call } from '../account/types.ts';
import { list } from '../json.ts';
import { badge, clockTime, count, empty, idLink, loadLink } from '../scenario-kit/panel-parts.ts';
import { type Chain, type ChainLink, describeDetail, isUneventful, isWrite } from './chains.ts';

const shown = 30;
const shownRuns = 8;

export interface HappenedView {
  readonly chains: readonly Chain[];
  /** Only chains that contain this text. */
  readonly filter: string;
  /** The address of a mail on the page. */
  readonly mailHref: (mail: ChainLink['mails'][number]) => string;
  /** The label of an action of a pipeline that asked with this job. */
  readonly jobName: (jobId: string) => string;
}

export function renderFilter(filter: string): Html {
  return html`
<form class="filter" method="get" action="/#happened" role="search">
<label>Only with <input name="q" value="${filter}" placeholder="an id or a word" autocomplete="off"></label>
<button>Filter</button>${filter === '' ? nothing : html` <a href="/#happened">Show all</a>`}
</form>`;
}

export function renderChains(view: HappenedView): Html {
  const { filter } = view;
  const matching = view.chains.filter((chain) => filter === '' || textOf(chain).includes(filter));
  const busy = matching.filter((chain) => !isUneventful(chain));
  const uneventful = matching.length - busy.length;
  return html`<div id="happened-chains">
${busy.length === 0 ? empty(filter === '' ? 'Nothing yet. Press a button above.' : `Nothing has ${filter} in it.`) : nothing}
<ol class="chains">${busy.slice(0, shown).map((chain) => renderChain(chain, view))}</ol>
${busy.length > shown ? empty(`${count(busy.length - shown, 'older chain')} not shown.`) : nothing}
${uneventful > 0 ? empty(`${count(uneventful, 'scheduled run or event', 'scheduled runs and events')} without an effect not shown.`) : nothing}
</div>`;
}

function textOf(chain: Chain): string {
  const { event, rules, links, name } = chain;
  const parts = links.map(({ run, mails }) => [run.function, ...mails.map(({ subject }) => subject)]);
  return JSON.stringify([event, rules, parts, name]);
}

function renderChain(chain: Chain, view: HappenedView): Html {
  const { at, event, links, rules } = chain;
  const isFailed = links.at(-1)?.run.invoked.ok === false;
  return html`<li class="chain${isFailed ? ' failed' : ''}">
<p class="head"><time>${clockTime(at)}</time> <strong>${titleOf(chain, view)}</strong>${factsOf(chain)}</p>
${rules.length === 0 && event !== undefined ? html`<p class="quiet">No rule matches it.</p>` : nothing}
${links.slice(0, shownRuns).map((link) => renderLink(link, rules, view))}
${links.length > shownRuns ? empty(`${count(links.length - shownRuns, 'more run')}.`) : nothing}
${renderDetails(chain)}
</li>`;
}

function titleOf({ event, events, kind, name }: Chain, { jobName }: HappenedView): string {
  const times = events > 1 ? ` ×${events.toLocaleString('en')}` : '';
  if (event) return `${String(event['detail-type']).replace(/^EC2 (?=[A-Z])/, '')}${times}`;
  if (kind === 'job') return `${jobName(name)} asks`;
  if (kind === 'http') return name.replace(/\{.*?\}/g, '…');
  if (kind === 'schedule') return `Schedule ${name}`;
  return kind === 'message' ? 'A message' : 'A direct call';
}

function factsOf({ event }: Chain): Html {
  if (!event) return nothing;
  const [resource = ''] = list(event['resources']).map(String);
  const id = /\b(?:i|ami|vol)-[0-9a-f]{8,17}\b/.exec(`${resource} ${JSON.stringify(event['detail'])}`)?.[0];
  const facts = describeDetail(event).filter((fact) => fact !== id);
  return html` ${id === undefined ? nothing : idLink(id)} <span class="quiet">${facts.join(' · ')}</span>`;
}

function renderLink(link: ChainLink, rules: readonly string[], view: HappenedView): Html {
  const { run, calls, mails, published, chats } = link;
  const [first] = rules;
  const how =
    run.trigger.kind === 'event' && first !== undefined
      ? html`<span class="quiet">${first} →</span> `
      : nothing;
  return html`<div class="run">
<p>${how}<b>${run.function}</b> <span class="quiet">${duration(run.endedAt - run.begunAt)}${run.cold ? ', cold' : ''}</span> ${outcomeOf(link)}</p>
${calls.length === 0 ? nothing : html`<p class="calls">${groupCalls(calls).map(renderCalls)}</p>`}
${run.invoked.ok ? nothing : html`<p class="error">${run.invoked.error.errorMessage.slice(0, 300)}</p>`}
${mails.map((mail) => html`<p class="caused">→ mail to ${mail.to}: <a href="${view.mailHref(mail)}">${mail.subject}</a></p>`)}
${chats > 0 ? html`<p class="caused">→ ${count(chats, 'message')} to the chat</p>` : nothing}
${published.length === 0 ? nothing : html`<p class="caused">→ ${formatPublished(published)}</p>`}
</div>`;
}

function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function outcomeOf({ run, failedItems }: ChainLink): Html {
  const again = run.trigger.deliveries > 1 ? ` (delivery ${run.trigger.deliveries})` : '';
  if (!run.invoked.ok) {
    const isKilled = run.invoked.error.errorType === 'Runtime.ExitError';
    return badge(`${isKilled ? 'killed' : 'failed'}${again}`, 'bad');
  }
  if (failedItems > 0)
    return badge(`${count(failedItems, 'message')} will be delivered again${again}`, 'warn');
  return badge(`ok${again}`, 'good');
}

interface CallGroup {
  readonly action: string;
  readonly service: string;
  readonly isWrite: boolean;
  readonly isFailed: boolean;
  times: number;
}

/** Calls of one kind in a row, as one. */
function groupCalls(calls: readonly Call[]): readonly CallGroup[] {
  const groups: CallGroup[] = [];
  for (const call of calls) {
    const { action, service, status } = call;
    const isFailed = status === 0 || status >= 400;
    const last = groups.at(-1);
    if (last?.action === action && last.service === service && last.isFailed === isFailed) last.times += 1;
    else groups.push({ action, service, isWrite: isWrite(call), isFailed, times: 1 });
  }
  return groups;
}

function renderCalls({ action, service, isWrite: writes, isFailed, times }: CallGroup): Html {
  const kind = `${writes ? ' write' : ''}${isFailed ? ' refused' : ''}`;
  const title = `${service}, ${writes ? 'changes something' : 'only reads'}${isFailed ? ', refused or lost' : ''}`;
  return html`<span class="call${kind}" title="${title}">${isFailed ? '✗ ' : ''}${action}${times > 1 ? ` ×${times}` : ''}</span> `;
}

function formatPublished(types: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const type of types) counts.set(type, (counts.get(type) ?? 0) + 1);
  const each = [...counts].map(([type, times]) => (times > 1 ? `${type} ×${times}` : type));
  return `${types.length === 1 ? 'event' : 'events'} ${each.join(', ')}`;
}

function renderDetails({ event, key }: Chain): Html {
  if (!event) return nothing;
  return html`<details id="event-${key}"><summary>the event</summary><div>${loadLink(`event/${encodeURIComponent(key)}`)}</div></details>`;
}

/** What an opened chain shows. */
export function renderEvent({ event }: Chain): Html {
  return html`<pre>${JSON.stringify(event, null, 2)}</pre>`;
}
