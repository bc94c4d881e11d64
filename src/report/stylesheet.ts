/**
 * The one stylesheet of the HTML report: light and dark by the reader's preference, printable, no
 * font and no image from anywhere else. Its hash is in the page's content security policy.
 */
import { PLOT_COLOURS } from './plots.js';

const [counted, moment, theorem] = PLOT_COLOURS.series;

/** Recolours the drawings, whose colours are presentation attributes, by attribute selectors. */
function recolour(drawn: string, variable: string): string {
  return [
    `svg.plot [fill="${drawn}"] { fill: var(${variable}); }`,
    `svg.plot [stroke="${drawn}"] { stroke: var(${variable}); }`,
  ].join('\n');
}

export const STYLESHEET = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1a2230; --quiet: #586274; --line: #d5dae2; --wash: #f4f6f9;
  --series-1: #1d5fbf; --series-2: #8a5a00; --series-3: #a03060;
  --right: #17703c; --wrong: #b3261e; --mixed: #8a5a00; --open: #586274;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181f; --ink: #e4e8ee; --quiet: #a0a9b8; --line: #333b48; --wash: #1c222c;
    --series-1: #7fb2ff; --series-2: #e3b04b; --series-3: #f08bb4;
    --right: #62c98a; --wrong: #ff8a80; --mixed: #e3b04b; --open: #a0a9b8;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.05rem; font-weight: 600; color: var(--quiet); margin: 0 0 .75rem; }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 3rem 0 .75rem; padding-top: .9rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.02rem; margin: 1.75rem 0 .4rem; }
p { margin: .6rem 0; max-width: 46rem; overflow-wrap: anywhere; }
ul { max-width: 48rem; padding-left: 1.25rem; margin: .6rem 0; }
li { margin: .35rem 0; overflow-wrap: anywhere; }
dl { max-width: 48rem; }
dt { font-weight: 600; margin-top: .7rem; }
dd { margin: 0; }
.verdict {
  font-size: 1.5rem; line-height: 1.35; font-weight: 500; margin: 0; max-width: none;
  padding: .2rem 0 .2rem 1.1rem; border-left: .35rem solid var(--open); overflow-wrap: anywhere;
}
.verdict.right { border-color: var(--right); }
.verdict.wrong { border-color: var(--wrong); }
.verdict.mixed { border-color: var(--mixed); }
code, pre, td.right, .number { font-family: ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace; }
code, .number { font-size: .9em; }
.verdict .number { font-size: .95em; }
.approximate { color: var(--quiet); white-space: nowrap; }
.wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
caption { caption-side: top; text-align: left; color: var(--quiet); padding: 0 0 .4rem; font-size: .88rem; }
th, td { padding: .32rem .8rem; text-align: left; vertical-align: baseline; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { padding-left: 0; }
thead th { font-weight: 600; border-bottom: 1.5px solid var(--quiet); white-space: nowrap; }
tbody th { font-weight: 400; white-space: nowrap; }
td .number { font-size: inherit; }
th.right, td.right { text-align: right; }
td.right { font-size: .86rem; white-space: nowrap; }
tr.marked th, tr.marked td { color: var(--wrong); font-weight: 600; }
pre { background: var(--wash); border-radius: .4rem; padding: .8rem 1rem; overflow-x: auto; font-size: .86rem; line-height: 1.5; margin: .6rem 0 1rem; }
figure { margin: 1.5rem 0; }
figcaption { color: var(--quiet); font-size: .88rem; margin-bottom: .4rem; }
figure > div { overflow-x: auto; }
svg.plot { max-width: 100%; height: auto; display: block; }
svg.plot text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
${recolour(counted, '--series-1')}
${recolour(moment, '--series-2')}
${recolour(theorem, '--series-3')}
${recolour(PLOT_COLOURS.ink, '--ink')}
${recolour(PLOT_COLOURS.faint, '--line')}
svg.plot [fill="${PLOT_COLOURS.background}"] { fill: var(--paper); }
a { color: inherit; text-decoration-color: var(--quiet); }
.long dt { font-weight: 400; color: var(--quiet); }
.long dd { overflow-wrap: anywhere; }
.long dd code { font-size: .78rem; }
:target { background: var(--wash); }
@media (max-width: 40rem) {
  main { padding-top: 1.5rem; }
  .verdict { font-size: 1.2rem; }
}
@media print {
  :root {
    color-scheme: light;
    --paper: #ffffff; --ink: #000000; --quiet: #444444; --line: #bbbbbb; --wash: #f4f4f4;
    --series-1: #1d5fbf; --series-2: #8a5a00; --series-3: #a03060;
    --right: #17703c; --wrong: #b3261e; --mixed: #8a5a00; --open: #586274;
  }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  h2, h3, caption { break-after: avoid; }
  tr, figure, pre, li { break-inside: avoid; }
  .wide, pre, figure > div { overflow: visible; }
  pre { white-space: pre-wrap; border: 1px solid var(--line); }
  th, td, tbody th, td.right { padding: .2rem .45rem; white-space: normal; overflow-wrap: anywhere; }
}
`;
