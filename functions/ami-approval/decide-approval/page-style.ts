import { createHash } from 'node:crypto';

export const style = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1a1d21, #e9ebee);
  --quiet: light-dark(#565d66, #a3abb5);
  --paper: light-dark(#ffffff, #15181c);
  --card: light-dark(#f4f5f7, #1e2329);
  --line: light-dark(#d5d9de, #363d45);
  --go: light-dark(#136c3a, #2f9e5f);
  --stop: light-dark(#a8201a, #f0716a);
  --warn: light-dark(#7a4d00, #f2bf5e);
  --warn-back: light-dark(#fff5e0, #2e2615);
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.5 system-ui, sans-serif; }
main { max-width: 40rem; margin: 0 auto; padding: 1.25rem 1rem 3rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .25rem 0 .75rem; }
h2 { font-size: 1.0625rem; margin: 1.75rem 0 .375rem; }
p { margin: .375rem 0; }
ul { margin: .375rem 0; padding-left: 1.25rem; }
code { font-family: ui-monospace, monospace; font-size: .95em; }
a { color: light-dark(#1b5fc1, #82b4ff); }
.links { margin: 0; }
.links a { display: inline-block; padding: .5rem 1.25rem .5rem 0; }
details { margin: .375rem 0; }
summary { cursor: pointer; padding: .5rem 0; color: light-dark(#1b5fc1, #82b4ff); }
mark { background: none; color: inherit; font-weight: 700; text-decoration: underline; text-underline-offset: .2em; }
.quiet { color: var(--quiet); }
.foot { margin-top: 1.75rem; }
.sign { color: var(--quiet); font-size: .9375rem; margin: 0; }
.state { border-left: .3rem solid var(--line); padding: .5rem .75rem; background: var(--card); }
.state + p { margin-top: .75rem; }
.state.good { border-color: var(--go); }
.state.bad { border-color: var(--stop); }
.warning { border-left: .3rem solid var(--warn); background: var(--warn-back); padding: .5rem .75rem; margin: 1rem 0; }
.warning strong { color: var(--warn); }
dl { margin: .375rem 0; display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { color: var(--quiet); }
dd { margin: 0; }
form { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; margin: 1rem 0; }
label { display: block; font-weight: 600; }
input, textarea, button { font: inherit; width: 100%; border-radius: .375rem; }
input, textarea { margin: .5rem 0 .75rem; padding: .625rem .75rem; border: 1px solid var(--quiet); background: var(--paper); color: var(--ink); }
input { font-family: ui-monospace, monospace; letter-spacing: .08em; }
textarea { resize: vertical; }
button { min-height: 3rem; border: 0; font-weight: 600; color: light-dark(#ffffff, #0c1013); background: var(--go); cursor: pointer; }
button.stop { color: var(--stop); background: transparent; border: 2px solid var(--stop); }
:focus-visible { outline: 3px solid light-dark(#1b5fc1, #82b4ff); outline-offset: 2px; }
.problem { color: var(--stop); font-weight: 600; }
@media (min-width: 40rem) {
  main { padding-top: 2.5rem; }
  button { width: auto; min-width: 10rem; padding: 0 1.5rem; }
  input { max-width: 20rem; display: block; }
}
@media (max-width: 25rem) {
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
  .short dl { grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
  .short dd { margin: 0; }
}
`;

const hash = createHash('sha256').update(style).digest('base64');

/** For every response: the page may use only this style sheet, run no script and send forms only to itself. */
export const pageHeaders = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  'cross-origin-opener-policy': 'same-origin',
};
