import { formatLeft } from '../scenario-kit/panel-parts.ts';

/** The whole script of the page. Without it everything is readable and every button works; with it the page is live. */
export const script = `'use strict';
const left = ${formatLeft.toString()};
const $ = (selector) => [...document.querySelectorAll(selector)];
let skew = 0;
const sync = () => { skew = Number($('[data-now]')[0].dataset.now) - Date.now(); };
const tick = () => {
  const now = Date.now() + skew;
  for (const e of $('[data-until]')) {
    const rest = Math.max(0, e.dataset.until - now);
    if (e.localName === 'progress') e.value = rest; else e.textContent = left(rest);
  }
  for (const e of $('[data-clock]')) e.textContent = new Date(now).toISOString().slice(11, 19);
};
const swap = async (id) => {
  const old = document.getElementById(id);
  const response = await fetch('/_groundcrew/section/' + id + location.search);
  if (!old || !response.ok) return;
  const open = new Map($('#' + id + ' details[id]').map((e) => [e.id, e.open]));
  const fields = () => $('#' + id + ' input:not([type=hidden])');
  const kept = fields().map((e) => [e.checked, e.value, e === document.activeElement]);
  old.outerHTML = await response.text();
  for (const e of $('#' + id + ' details[id]')) if (open.has(e.id)) e.open = open.get(e.id);
  fields().forEach((e, i) => {
    [e.checked, e.value] = kept[i] ?? [e.checked, e.value];
    if (kept[i]?.[2]) e.focus();
  });
  if (id === 'bar') sync();
  tick();
};
document.addEventListener('submit', async (event) => {
  if (event.target.method !== 'post') return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(event.target, event.submitter));
  event.submitter.disabled = true;
  await fetch('/_groundcrew/do', { method: 'POST', body, redirect: 'manual' }).catch(() => {});
  event.submitter.disabled = false;
});
const stream = new EventSource('/_groundcrew/stream');
stream.addEventListener('changed', (event) => event.data.split(' ').forEach(swap));
stream.onopen = () => document.body.classList.add('live');
stream.onerror = () => document.body.classList.remove('live');
sync();
setInterval(tick, 1000);
`;
