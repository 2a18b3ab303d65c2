import { formatLeft } from '../scenario-kit/panel-parts.ts';

const left = formatLeft.toString().replaceAll(/\n\s*/g, ' ');

/**
 * The whole script of the page, a module. Without it everything is readable and every button works; with it the page is
 * live, and what is loaded when it is opened appears in place.
 */
export const script = `
const left = ${left};
const all = (selector) => [...document.querySelectorAll(selector)];
const tick = () => {
  const [bar] = all('[data-now]');
  const now = Date.now() + (bar.skew ??= bar.dataset.now - Date.now());
  for (const e of all('progress[data-until]')) e.value = Math.max(0, e.dataset.until - now);
  for (const e of all('time[data-until]')) e.textContent = left(e.dataset.until - now);
  for (const e of all('[data-clock]')) e.textContent = new Date(now).toISOString().slice(11, 19);
};
const swap = async (id) => {
  const response = await fetch('/_groundcrew/section/' + id + location.search);
  const open = all('#' + id + ' details[id][open]').map((e) => e.id);
  if (response.ok) document.getElementById(id).outerHTML = await response.text();
  for (const name of open) document.getElementById(name)?.setAttribute('open', '');
};
document.addEventListener('submit', async (event) => {
  if (event.target.method === 'post') event.preventDefault(); else return;
  const body = new URLSearchParams(new FormData(event.target, event.submitter));
  event.submitter.disabled = true;
  await fetch('/_groundcrew/do', { method: 'POST', body, redirect: 'manual' }).catch(() => {});
  event.submitter.disabled = false;
});
document.addEventListener('toggle', async ({ target }) => {
  const link = target.open && target.querySelector('a[data-load]');
  if (link) link.parentElement.innerHTML = await (await fetch(link.href)).text();
}, true);
const stream = new EventSource('/_groundcrew/stream');
stream.addEventListener('changed', ({ data }) => data.split(' ').forEach(swap));
stream.onopen = stream.onerror = ({ type }) => document.body.classList.toggle('live', type === 'open');
setInterval(tick, 1000);
`.trim();
