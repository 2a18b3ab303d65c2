import { createHash } from 'node:crypto';

/** Both widths, light and dark. State is said in words; colour only repeats it. */
export const style = `
:root { color-scheme: light dark;
  --ground: light-dark(#f3f5f8, #0d1117); --card: light-dark(#ffffff, #151b23); --sunk: light-dark(#f3f5f8, #0f141b);
  --line: light-dark(#d8dee6, #2b3440); --text: light-dark(#17202b, #e6edf3); --quiet: light-dark(#566374, #9aa7b6);
  --blue: light-dark(#0b57d0, #7db2ff); --blue-ground: light-dark(#e8f0fe, #14243d);
  --good: light-dark(#0f6b3f, #56d495); --good-ground: light-dark(#e2f5ea, #10291d);
  --warn: light-dark(#855000, #f2b84b); --warn-ground: light-dark(#fdf0d5, #33260c);
  --bad: light-dark(#b3201a, #ff8a80); --bad-ground: light-dark(#fde7e5, #3a1614);
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
* { box-sizing: border-box; }
html { scroll-padding-top: 4.5rem; }
body { margin: 0; background: var(--ground); color: var(--text); font: 14px/1.45 system-ui, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums; }
p, ul, ol, pre, h1, h2, h3, fieldset, dl, dd { margin: 0; padding: 0; border: 0; list-style: none; }
a { color: var(--blue); text-underline-offset: 2px; }
a:not(:hover) { text-decoration: none; }
:focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
code, .id, pre { font-family: var(--mono); font-size: .92em; }
.quiet, .wing { color: var(--quiet); }
.wing { font-size: 12px; }
.error { color: var(--bad); overflow-wrap: anywhere; }
button { font: inherit; color: var(--text); background: var(--card); border: 1px solid var(--line); border-radius: 7px; padding: .32rem .65rem; cursor: pointer; }
button:hover { border-color: var(--blue); color: var(--blue); }
button:disabled { opacity: .55; cursor: progress; }
form { display: contents; }

#bar { position: sticky; top: 0; z-index: 2; display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1.1rem; padding: .55rem 1.25rem; background: var(--card); border-bottom: 1px solid var(--line); }
#bar h1 { font-size: 17px; letter-spacing: -.01em; }
#bar h1 a { display: flex; align-items: center; gap: .45rem; color: inherit; text-decoration: none; }
#bar svg { width: 20px; fill: light-dark(#e8590c, #ff9d5c); stroke: var(--text); stroke-width: 1.8; stroke-linecap: round; }
#bar svg circle { stroke: none; }
.clock b { font-size: 17px; }
.turn { display: flex; flex-wrap: wrap; gap: .35rem; }
.turn button { padding: .2rem .55rem; font-size: 13px; }
.counts { display: flex; gap: 1rem; margin-left: auto; }
.counts a { color: inherit; }
.counts .alarm { background: var(--bad-ground); color: var(--bad); border-radius: 6px; padding: 0 .45rem; }
.reset button { font-size: 13px; padding: .2rem .55rem; }

.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .8rem 1rem .95rem; min-width: 0; }
.card > header { display: flex; align-items: baseline; gap: .6rem; margin-bottom: .6rem; }
.card h2 { font-size: 15px; letter-spacing: -.005em; }
.card .summary { margin-left: auto; color: var(--quiet); font-size: 13px; text-align: right; }
main { display: grid; grid-template-columns: minmax(0, 1.22fr) minmax(0, 1fr); gap: 1rem; padding: 0 1.25rem; align-items: start; }
.column { display: grid; gap: 1rem; min-width: 0; grid-template-columns: minmax(0, 1fr); }
#left { grid-template-columns: repeat(2, minmax(0, 1fr)); }
#left > .card { grid-column: 1 / -1; }
#left > .narrow { grid-column: auto; } .narrow .wing { display: none; } .card h2 { white-space: nowrap; }
main button { padding: .1rem .5rem; font-size: 13px; }
#try { margin: 1rem 1.25rem; }
#machinery { margin: 1rem 1.25rem 2rem; font-size: 13px; }

.actions { display: flex; flex-wrap: wrap; gap: .65rem 1.3rem; }
.actions fieldset, .faults fieldset { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem; min-width: 0; }
legend { float: left; padding: 0; margin-right: .15rem; color: var(--quiet); font-size: 12.5px; }
.faults { margin-top: .65rem; }
.faults label { display: inline-flex; align-items: center; gap: .35rem; padding: .15rem .6rem; border: 1px dashed var(--line); border-radius: 99px; font-size: 13px; cursor: pointer; }
.faults label:has(:checked) { border: 1px solid var(--warn); background: var(--warn-ground); color: var(--warn); }
.faults input { margin: 0; accent-color: var(--warn); }
.result { margin-top: .65rem; font-size: 13px; }

.badge { display: inline-block; border-radius: 99px; padding: .02rem .55rem; font-size: 12.5px; font-weight: 600; white-space: nowrap; }
.badge.quiet { background: var(--sunk); color: var(--quiet); font-weight: 500; }
.badge.good { background: var(--good-ground); color: var(--good); }
.badge.warn { background: var(--warn-ground); color: var(--warn); }
.badge.bad { background: var(--bad-ground); color: var(--bad); }
.left { display: inline-flex; align-items: center; gap: .4rem; white-space: nowrap; }
progress { appearance: none; width: 100%; min-width: 3rem; height: 7px; border: 0; border-radius: 4px; background: var(--line); overflow: hidden; }
progress::-webkit-progress-bar { background: var(--line); }
progress::-webkit-progress-value { background: var(--warn); transition: width 1s linear; }
progress::-moz-progress-bar { background: var(--warn); }

.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .6rem; }
.tile.wide { grid-column: 1 / -1; } .tile.wide progress { flex: 1; } .tile.wide p + p, .tile .line + .line { margin: 0; }
.group { display: flex; align-items: baseline; gap: .5rem; margin: .2rem 0 .45rem; font-size: 13px; }
.group:not(:first-of-type) { margin-top: .8rem; }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: .5rem .65rem .6rem; background: var(--sunk); min-width: 0; font-size: 13px; }
.tile.bad { border-color: var(--bad); background: var(--bad-ground); }
.tile.warn { border-color: var(--warn); background: var(--warn-ground); }
.tile.bad .badge.bad, .tile.warn .badge.warn { background: var(--card); }
.tile p { overflow-wrap: anywhere; }
.tile .left { display: flex; margin: .45rem 0 .35rem; }
.tile .id { white-space: nowrap; }
.tile progress::-webkit-progress-value { background: currentColor; }
.tile.bad .left { color: var(--bad); } .tile.warn .left { color: var(--warn); }
.tile.new { border-style: dashed; border-color: var(--good); }

.line { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem .55rem; }
.line + .rows { margin-top: .55rem; }
.rows > li + li { border-top: 1px solid var(--line); margin-top: .7rem; padding-top: .7rem; }
.rows .name { font-weight: 600; }
.flow { display: flex; flex-wrap: wrap; align-items: center; margin: .45rem 0; }
.flow li { display: flex; align-items: center; }
.flow li + li::before { content: ""; width: 1.1rem; height: 2px; background: var(--line); }
.step { border: 1px solid var(--line); border-radius: 7px; padding: .18rem .6rem; font-size: 13px; background: var(--sunk); }
.step.good { border-color: var(--good); color: var(--good); background: var(--good-ground); }
.step.warn { border-color: var(--warn); color: var(--warn); background: var(--warn-ground); }
.step.bad { border-color: var(--bad); color: var(--bad); background: var(--bad-ground); }
.step.gate { border-radius: 3px; border-width: 2px; clip-path: polygon(9px 0, calc(100% - 9px) 0, 100% 50%, calc(100% - 9px) 100%, 9px 100%, 0 50%); padding: .18rem 1.1rem; border: 0; font-weight: 600; background: var(--line); }
.step.gate.good { background: var(--good-ground); } .step.gate.warn { background: var(--warn-ground); } .step.gate.bad { background: var(--bad-ground); }

.disks { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: .5rem .8rem; align-items: center; font-size: 13px; }
.disks > li { display: contents; }
.disks .mount { min-width: 0; } .disks .badge { justify-self: end; }
.disks svg { width: 100%; height: 22px; display: block; }
.disks .track { fill: var(--line); } .disks .used { fill: var(--good); }
.disks .warn .used { fill: var(--warn); } .disks .bad .used { fill: var(--bad); } .disks .quiet .used { fill: var(--quiet); }
.disks .tick { stroke: var(--text); stroke-width: 2; } .disks .tick.second { stroke: var(--bad); }
.disks .words { color: var(--quiet); font-size: 12.5px; }
.dots { display: flex; flex-wrap: wrap; gap: .15rem .7rem; margin-top: .25rem; font-size: 12.5px; color: var(--quiet); }
.dots li { display: flex; align-items: center; gap: .3rem; } .dots li:last-child { color: var(--text); }
.dot { width: 9px; height: 9px; border-radius: 50%; background: var(--line); display: inline-block; }
.dot.good { background: var(--good); } .dot.bad { background: var(--bad); } .dot.warn { background: none; border: 2px solid var(--warn); }
dl.facts { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .1rem .7rem; font-size: 13px; margin-top: .3rem; }
dl.facts dt { color: var(--quiet); }

.pulse::before { content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 50%; background: var(--good); margin-right: .35rem; }
body:not(.live) .pulse { visibility: hidden; }
.filter { display: flex; align-items: center; gap: .45rem; margin-bottom: .5rem; font-size: 13px; color: var(--quiet); }
.filter input { font: inherit; color: var(--text); background: var(--sunk); border: 1px solid var(--line); border-radius: 6px; padding: .15rem .5rem; width: 13rem; max-width: 45vw; }
.filter button { padding: .12rem .5rem; }
.chains { max-height: 44rem; overflow-y: auto; overscroll-behavior: contain; margin: 0 -1rem; padding: 0 1rem; }
.chain { padding: .5rem 0 .55rem; border-top: 1px solid var(--line); font-size: 13px; overflow-wrap: anywhere; }
.chain .head { line-height: 1.4; } .chain .head time { color: var(--quiet); margin-right: .25rem; }
.run { border-left: 3px solid var(--line); margin: .35rem 0 .1rem .15rem; padding-left: .65rem; }
.chain.failed .run:last-of-type { border-left-color: var(--bad); }
.calls { margin-top: .2rem; line-height: 1.75; }
.call { border: 1px solid var(--line); border-radius: 5px; padding: .03rem .38rem; font-size: 12px; color: var(--quiet); white-space: nowrap; }
.call.write { color: var(--text); font-weight: 650; border-color: var(--quiet); }
.call.refused { color: var(--bad); border-color: var(--bad); }
.caused { margin-top: .15rem; }
details > summary { cursor: pointer; color: var(--quiet); }
.chain details { margin-top: .25rem; font-size: 12.5px; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.chain pre { background: var(--sunk); border-radius: 6px; padding: .5rem .65rem; margin-top: .3rem; max-height: 20rem; overflow: auto; }
.mails { border-top: 1px solid var(--line); max-height: 34rem; overflow-y: auto; overscroll-behavior: contain; margin: 0 -1rem; padding: 0 1rem; }
.mail { border-bottom: 1px solid var(--line); }
.mail summary { display: flex; gap: .6rem; align-items: baseline; padding: .42rem 0; font-size: 13px; list-style: none; color: inherit; }
.mail summary::-webkit-details-marker { display: none; }
.mail .subject { flex: 1 1 auto; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.mail[open] .subject { white-space: normal; font-weight: 600; }
.mail .to, .mail time { color: var(--quiet); font-size: 12.5px; white-space: nowrap; }
.letter { font: inherit; font-size: 13.5px; background: var(--sunk); border-radius: 8px; padding: .75rem .9rem; margin-bottom: .6rem; max-height: 18rem; overflow: auto; }
.chat { max-height: 25rem; overflow-y: auto; overscroll-behavior: contain; margin: 0 -1rem; padding: 0 1rem; }
.chat li:first-child { border-top: 0; padding-top: 0; }
.chat li { display: flex; gap: .6rem; padding: .5rem 0; border-top: 1px solid var(--line); font-size: 13px; overflow-wrap: anywhere; }
.bot { flex: none; width: 28px; height: 28px; border-radius: 6px; background: var(--blue-ground); color: var(--blue); font-weight: 700; display: grid; place-items: center; }
.chat p.step { border: 0; background: none; padding: 0; color: var(--quiet); }

#machinery details + details { margin-top: .35rem; }
#machinery > p { margin-top: .6rem; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 .8rem; }
th { text-align: left; font-weight: 500; color: var(--quiet); }
th, td { padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
td button { padding: .05rem .5rem; font-size: 12.5px; }

@media (max-width: 900px) {
  body { font-size: 15px; }
  #bar { padding: .5rem .8rem; gap: .4rem .7rem; } #bar h1, .clock b { font-size: 15px; } .clock .quiet, .counts li:first-child { display: none; }
  .counts { font-size: 13px; gap: .7rem; } .turn { order: 1; flex: 1 1 70%; min-width: 0; flex-wrap: nowrap; overflow-x: auto; scrollbar-width: none; } .turn button { white-space: nowrap; } .reset { order: 2; }
  #try button { padding: .22rem .55rem; font-size: 13.5px; }
  main { display: flex; flex-direction: column; align-items: stretch; padding: 0 .7rem; gap: .7rem; } .column { display: contents; }
  #happened { order: 1; } #mailbox { order: 2; } #chat { order: 3; }
  #try, #machinery { margin: .7rem; } .card { padding: .7rem .8rem .8rem; }
  #left > .narrow { grid-column: 1 / -1; }
  .actions { gap: .45rem; } .actions fieldset { gap: .3rem; } legend { float: none; width: 100%; margin: 0; }
  .disks { grid-template-columns: minmax(0, 1fr) auto; grid-auto-flow: dense; } .disks .gauge { grid-column: 1 / -1; margin-bottom: .4rem; }
  .mail summary { flex-wrap: wrap; gap: 0 .6rem; } .mail .subject { flex-basis: 100%; white-space: normal; }
  .chains, .mails, .chat { max-height: none; margin: 0; padding: 0; }
  html { scroll-padding-top: 5.5rem; } .tiles { grid-template-columns: 1fr 1fr; }
}
@media (prefers-reduced-motion: reduce) { progress::-webkit-progress-value { transition: none; } }
`;

/** The name changes with the content, so that a browser loads each version once. */
export const stylePath = `/_groundcrew/${createHash('sha256').update(style).digest('hex').slice(0, 12)}.css`;
