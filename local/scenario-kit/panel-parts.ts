import { type Html, html, nothing } from '#shared/html.ts';
import type { Tone } from './panel.ts';

// Pieces of the page. A style in an attribute would not pass its security policy.

/** A state in a word, and in a colour for those who see it. */
export function badge(text: string, tone: Tone): Html {
  return html`<span class="badge ${tone}">${text}</span>`;
}

export interface Countdown {
  readonly now: number;
  readonly until: number;
  /** With a beginning there is a bar that runs down. */
  readonly from?: number;
  /** Behind the time, such as `left`. */
  readonly words?: string;
}

/** The time that is left, which the script of the page counts down. */
export function countdown({ now, until, from, words = 'left' }: Countdown): Html {
  const left = Math.max(0, until - now);
  const text = html`<time data-until="${until}">${formatLeft(left)}</time> ${words}`;
  if (from === undefined) return html`<span class="left">${text}</span>`;
  const whole = until - from;
  return html`<span class="left"><progress data-until="${until}" max="${whole}" value="${left}"></progress>${text}</span>`;
}

/** `1:41`, `2 h 05 min`, `2 d 23 h`. The script of the page has a copy of it, so it uses nothing from outside. */
export function formatLeft(ms: number): string {
  const s = Math.max(0, Math.ceil(ms / 1000));
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0');
  if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)}`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${two((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

/** `14:03:12`, in UTC. */
export function clockTime(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}

/** `14:03` on the same day, else with the date: `30 Nov 14:03`. */
export function shortTime(at: number, now: number): string {
  const dayOf = (ms: number): string => new Date(ms).toUTCString().slice(5, 11);
  const time = clockTime(at).slice(0, 5);
  return dayOf(at) === dayOf(now) ? time : `${dayOf(at)} ${time}`;
}

/** A button that does one thing with one value. `action` is `<wing>.<name>`. */
export function button(action: string, label: string, value = '', title?: string): Html {
  const hint = title === undefined ? nothing : html` title="${title}"`;
  return html`<form method="post" action="/_groundcrew/do"><input type="hidden" name="value" value="${value}"><button name="action" value="${action}"${hint}>${label}</button></form>`;
}

/** The id of a resource; it filters what happened. */
export function idLink(id: string, shown = id): Html {
  return html`<a class="id" href="/?q=${encodeURIComponent(id)}#happened" title="What happened to ${id}">${shown}</a>`;
}

/** Stands for what is loaded when it is opened. Without a script it leads there. */
export function loadLink(name: string): Html {
  return html`<a data-load href="/_groundcrew/${name}">Show it</a>`;
}

export function empty(text: string): Html {
  return html`<p class="quiet">${text}</p>`;
}

/** A mail program makes links of addresses, too. */
export function withLinks(text: string): readonly Html[] {
  return text
    .split(/(\bhttps?:\/\/[^\s<&]+)/)
    .map((part, i) =>
      i % 2 === 1 ? html`<a href="${part}" rel="noreferrer">${shortenLink(part)}</a>` : html`${part}`,
    );
}

const longestLink = 64;

function shortenLink(link: string): string {
  return link.length > longestLink ? `${link.slice(0, longestLink)}…` : link;
}

/** `1 mail`, `2 mails`. */
export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? noun : plural}`;
}
