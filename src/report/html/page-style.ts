import { BLUE_ON_DARK } from '../charts/palette.js';

/**
 * The style sheet of a report page. Pictures have the colours of `charts/`, which are for white paper; in
 * dark mode all colours but those of data change.
 */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ink: #222; --soft: #5c5c5c; --paper: #f6f6f4; --card: #fff; --line: #d9d9d6; --accent: #0072b2; --chosen: #e8f1f7;
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e4e1; --soft: #a5a5a0; --paper: #161618; --card: #202023; --line: #3a3a3e; --accent: #6db6e3;
    --chosen: #233240; }
  .plot [stroke="#ddd"] { stroke: #3a3a3e; }
  .plot [stroke="#f1f1f1"] { stroke: #2a2a2d; }
  .plot [stroke="#555"], .plot [stroke="#777"] { stroke: #8a8a86; }
  .plot [fill="#f4f4f4"] { fill: #2a2a2d; }
  .plot [fill="#555"] { fill: #a5a5a0; }
  svg [stroke="#444444"] { stroke: #cfcfca; }
  svg [fill="#444444"] { fill: #cfcfca; }
  svg [stroke="#0072b2"] { stroke: ${BLUE_ON_DARK}; }
  svg [fill="#0072b2"] { fill: ${BLUE_ON_DARK}; }
  svg [stroke="#fff"] { stroke: #202023; }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
main { max-width: 1100px; margin: 0 auto; padding: 20px 16px 48px; }
h1 { font-size: 24px; line-height: 1.2; margin: 0 0 10px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 0 0 8px; overflow-wrap: anywhere; }
h3 { font-size: 15px; margin: 14px 0 4px; }
p { margin: 0 0 8px; overflow-wrap: anywhere; }
dl { display: flex; flex-wrap: wrap; gap: 8px 28px; margin: 0 0 16px; }
dt { color: var(--soft); font-size: 13px; }
dd { margin: 0; overflow-wrap: anywhere; }
form, section { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 16px;
  margin: 0 0 14px; }
.choices { display: flex; flex-wrap: wrap; gap: 10px 14px; }
.choice { display: flex; flex-direction: column; min-width: 0; max-width: 100%; }
.choice label, legend { color: var(--soft); font-size: 13px; padding: 0; }
select, button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line);
  border-radius: 4px; padding: 4px 8px; max-width: 100%; }
select { min-height: 34px; }
button { cursor: pointer; font-size: 13px; }
select:hover, button:hover { border-color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
fieldset { border: 0; margin: 12px 0 0; padding: 0; min-width: 0; display: flex; flex-wrap: wrap; gap: 4px 16px;
  align-items: center; }
.series { display: inline-flex; align-items: center; gap: 6px; overflow-wrap: anywhere; min-height: 28px; }
.series svg, button svg { flex: none; }
.legend { display: flex; flex-wrap: wrap; gap: 0 18px; font-size: 13px; }
.plot { position: relative; }
svg { display: block; fill: var(--ink); font-family: system-ui, sans-serif; }
.plot svg { touch-action: pan-y; }
.plot .chosen { stroke: var(--ink); stroke-width: 1.5; pointer-events: none; }
.tip { position: absolute; z-index: 1; pointer-events: none; white-space: pre-line; font-size: 13px;
  background: var(--card); border: 1px solid var(--soft);
  border-radius: 4px; padding: 5px 9px; max-width: 75%; box-shadow: 0 2px 8px #0003; overflow-wrap: anywhere; }
.note { color: var(--soft); font-size: 13px; }
.downloads { display: flex; flex-wrap: wrap; gap: 8px; margin: 10px 0 0; }
.command { display: inline-flex; gap: 8px; align-items: center; }
.command button { flex: none; }
code { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.more { margin: 8px 12px; }
.failed-points { padding: 16px 0 4px; }
.failed-points > h2, .failed-points > p { margin-left: 16px; margin-right: 16px; }
.values { overflow-x: auto; padding: 4px 0; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; font-weight: normal; padding: 4px 12px; border-bottom: 1px solid var(--line);
  vertical-align: middle; }
thead th { color: var(--soft); font-size: 13px; white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
td.number { white-space: nowrap; font-variant-numeric: tabular-nums; }
td.failed { color: var(--soft); min-width: 14em; }
code span { display: inline-block; max-width: 100%; }
td .command { min-width: 26em; display: flex; justify-content: space-between; }
tr.chosen { background: var(--chosen); }
button.plain { display: inline-flex; gap: 8px; align-items: center; border: 0; background: none; padding: 2px;
  font-size: 14px; text-align: left; white-space: nowrap; }
button.plain:hover { text-decoration: underline; }
`;
