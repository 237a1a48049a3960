import { TYPE_COLORS, TYPE_COLORS_ON_DARK } from '../report/charts/palette.js';

const bars = (colors: readonly string[]) => colors.map((color, type) => `--bar-${type}: ${color};`).join(' ');

/** What the laboratory adds to the style of report pages. */
export const LAB_STYLE = `
:root { --string: #a04000; --type: #006b4f; --warn: #b3261e; ${bars(TYPE_COLORS)} }
@media (prefers-color-scheme: dark) {
  :root { --string: #f0b070; --type: #6fd0ae; --warn: #ff8a80; ${bars(TYPE_COLORS_ON_DARK)} }
}
main { max-width: 1500px; }
header { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline; }
h1 { margin: 0 0 6px; }
.hidden, .policy > .choice > label {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}
.bench { display: grid; grid-template-columns: 300px minmax(0, 1fr); gap: 14px; align-items: start; }
.view { min-width: 0; }
.controls { font-size: 14px; padding: 12px; position: sticky; top: 8px;
  max-height: calc(100vh - 16px); overflow: auto; }
.controls fieldset { display: block; margin: 0 0 14px; border-top: 1px solid var(--line); padding-top: 8px; }
.controls fieldset:first-child { border-top: 0; padding-top: 0; }
.controls fieldset fieldset { margin: 8px 0 0; width: 100%; }
.controls legend { font-weight: 600; color: var(--ink); }
.controls .choice { margin: 0 0 8px; }
.controls .policy .choices { gap: 4px 10px; }
.controls .policy .choices .choice { width: 118px; margin: 0; }
.controls .note { margin: 2px 0 6px; }
.controls .policy .series { align-self: end; min-height: 34px; width: 118px; }
input, textarea { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line);
  border-radius: 4px; padding: 4px 6px; max-width: 100%; min-width: 0; }
input[type="range"] { padding: 0; accent-color: var(--accent); }
input[type="checkbox"] { accent-color: var(--accent); }
input[aria-invalid] { border-color: var(--warn); }
.pair { display: flex; gap: 8px; align-items: center; }
.pair input[type="range"] { flex: 1; }
.pair input:not([type="range"]) { width: 74px; flex: none; }
textarea { width: 100%; font: 12px/1.4 ui-monospace, monospace; white-space: pre; }
summary { cursor: pointer; color: var(--soft); font-size: 13px; padding: 4px 0; }
.bar { display: flex; flex-wrap: wrap; gap: 6px 8px; align-items: center; margin: 0 0 8px; }
.bar .inline { display: inline-flex; gap: 6px; align-items: center; color: var(--soft); font-size: 13px; }
.bar .inline input { width: 110px; }
.speed { min-width: 9.5em; }
.where { margin-left: auto; color: var(--soft); font-size: 13px; font-variant-numeric: tabular-nums; }
button { min-height: 30px; padding: 4px 10px; }
#act, #next, #play { border-color: var(--accent); }
#act { background: var(--accent); color: #fff; }
@media (prefers-color-scheme: dark) { #act { color: #10202c; } }
.tour nav { display: flex; flex-wrap: wrap; gap: 4px; margin: 0 0 8px; }
.tour p { max-width: 110ch; }
.tour .bar { margin: 0; }
.step { min-width: 30px; }
.step[aria-current] { background: var(--chosen); border-color: var(--accent); font-weight: 600; }
canvas.timelines { display: block; width: 100%; touch-action: pan-y; cursor: grab; user-select: none; }
canvas.timelines:active { cursor: grabbing; }
.story { min-height: 2.9em; margin: 8px 0 0; font-size: 14px; }
.problem { color: var(--warn); font-size: 14px; }
.problem:empty { display: none; }
.takeaway { font-size: 16px; max-width: 78ch; }
.takeaway:empty { display: none; }
table.numbers { width: auto; }
table.numbers th[scope="row"] { color: var(--soft); white-space: nowrap; }
table.numbers thead th { color: var(--ink); font-weight: 600; white-space: normal; overflow-wrap: anywhere; }
table.numbers small { color: var(--soft); display: inline-block; min-width: 3em; }
.sample { width: 20px; height: 11px; flex: none; background: currentColor; }
.sample.pale { height: 4px; opacity: 0.6; }
.sample.hatched { background: repeating-linear-gradient(135deg, currentColor 0 1px, transparent 1px 4px); }
.sample.cut { background: linear-gradient(105deg, currentColor 43%, transparent 43% 57%, currentColor 57%); }
.dot { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 7px; }
.stale { opacity: 0.5; }
.charts { display: flex; flex-wrap: wrap; gap: 8px 16px; }
figure { margin: 0; }
figcaption { font-size: 14px; margin: 0 0 2px 8px; }
.editor { border: 1px solid var(--line); border-radius: 4px; }
.editor .cm-editor { max-height: 480px; font-size: 13px; background: var(--card); color: var(--ink); }
.editor .cm-scroller { font-family: ui-monospace, monospace; overflow: auto; }
.editor .cm-gutters { background: var(--paper); color: var(--soft); border-right: 1px solid var(--line); }
.editor .cm-content { caret-color: var(--ink); }
.editor .cm-cursor { border-left-color: var(--ink); }
.editor .cm-selectionBackground, .editor .cm-focused .cm-selectionBackground { background: var(--chosen) !important; }
.editor .cm-tooltip { background: var(--card); color: var(--ink); border: 1px solid var(--soft); }
.says { margin: 6px 0 0; font-size: 14px; color: var(--soft); }
.says.problem { color: var(--warn); }
#digests code { margin-right: 10px; }
@media (max-width: 900px) {
  .bench { grid-template-columns: minmax(0, 1fr); }
  .view { display: contents; }
  .controls { position: static; max-height: none; order: 1; }
  .view > :nth-child(n + 3) { order: 2; }
  form, section { padding: 12px; }
  table.numbers th, table.numbers td { padding: 4px 5px; }
  table.numbers th[scope="row"], table.numbers td.number { white-space: normal; }
  .where { margin-left: 0; }
}
@media (prefers-reduced-motion: reduce) { * { transition: none !important; animation: none !important; } }
`;
