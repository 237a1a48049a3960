// Draws the lines that `npm run bench -- command --record FILE` appended: `npm run bench -- history FILE [--out SVG]`.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { renderChart } from '../dist/report/charts/render.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string', default: 'bench-history.svg' } },
});
const [file] = positionals;
if (positionals.length !== 1) {
  console.error('bench: expected one file of records; usage: npm run bench -- history FILE [--out SVG]');
  process.exit(2);
}
const entries = readFileSync(file, 'utf8').split('\n').filter(Boolean).map(read);
if (entries.length === 0) fail(1, 'nothing');

/** A point of each record that has the figure, by the number of its line. */
function series(of) {
  const names = [...new Set(entries.flatMap(({ policy, figures }) => figures.map(({ what }) => `${policy}: ${what}`)))];
  return names
    .map((name) => ({
      name,
      points: entries.flatMap(({ policy, figures }, i) => {
        const y = of(figures.find(({ what }) => `${policy}: ${what}` === name));
        return y === undefined ? [] : [{ x: i + 1, y }];
      }),
    }))
    .filter(({ points }) => points.length > 0);
}

const x = { label: 'record', scale: 'linear' };
const panel = (title, label, target, of) => ({
  title,
  x,
  y: { label, scale: 'linear' },
  series: series(of),
  lines: [{ axis: 'y', at: target, label: 'target' }],
});
const chart = {
  title: 'What psp sim takes, record by record',
  panels: [
    panel('short run', 'processor time, s', 0.25, (figure) =>
      figure && figure.nsPerRequest === undefined ? figure.cpuSeconds : undefined,
    ),
    panel('a request, over the loop', 'ratio of processor time', 1.1, (figure) => figure?.cpuRatio),
    panel('a request, over the loop', 'ratio of wall time', 1.1, (figure) => figure?.wallRatio),
  ],
};
entries.forEach(({ at, commit, machine, policy }, i) => {
  const where = `${machine.cpu}, ${machine.cores} cores, load ${machine.load.toFixed(1)}`;
  console.log(`${i + 1}  ${at}  ${commit ?? 'no commit'}  ${policy}  ${where}`);
});
writeFileSync(values.out, renderChart(chart));
console.log(`wrote ${values.out}`);

function read(line, i) {
  try {
    const entry = JSON.parse(line);
    if (entry.schema === 'psp.bench/1') return entry;
  } catch {
    // Said below.
  }
  return fail(i + 1, 'something else');
}

function fail(line, found) {
  console.error(`bench: ${file}:${line}: expected a record of psp.bench/1, found ${found}`);
  process.exit(2);
}
