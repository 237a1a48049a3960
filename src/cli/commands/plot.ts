import { type Command, Option } from 'commander';
import { filesOf, readSweep } from '../../experiment/sweep/store.js';
import { writeOutput } from '../../files/output-file.js';
import { chartCsv } from '../../report/charts/chart-csv.js';
import { STATISTICS } from '../../report/charts/charted-results.js';
import { renderChart } from '../../report/charts/render.js';
import { type Drawn, type PlotSpec, plotChart } from '../../report/plot/plot-chart.js';
import type { Statistic } from '../../results/result.js';
import { InputError } from '../../units/errors.js';
import { splitList, unquoted } from '../../units/lists.js';
import { complain, EXIT } from '../failure.js';
import { checkOutputs, endingOf, outputTo, PICTURES, withEnding, writePicture } from '../output.js';

interface PlotOptions {
  readonly x: string;
  readonly y: Drawn;
  readonly series: string;
  readonly panel?: string;
  readonly where: readonly (readonly [string, readonly string[]])[];
  readonly title: string | boolean;
  readonly caption?: string;
  readonly width?: number;
  readonly columns?: number;
  readonly scale: PlotSpec['scale'];
  readonly out: string;
}

const EXAMPLES = `
A key is workload, policy, system, world, workers, load, rate, throughput, seed,
replications, or a parameter of the policies, such as quantum; a panel may also
be of a request type. Where both worlds are in the folder, measured points are
dots over the simulated curves.

Examples:
  psp plot results/bimodal --out bimodal.svg
  psp plot results/bimodal --y 'p99 sojourn' --panel type --width 7in \\
    --no-title --out figure.pdf
  psp plot results/bimodal --y ccdf --where load=0.9 --where type=SHORT \\
    --out tails.pdf
  psp plot results/quanta --x quantum --series workload --out quanta.png`;

export function definePlot(command: Command): void {
  command
    .description('Draws the points of a sweep, such as a figure for a paper.')
    .argument('<DIR>', 'folder that psp sweep has written')
    .option('--x <KEY>', 'what lies along the horizontal axis', 'load')
    .addOption(
      new Option('--y <WHAT>', "what is drawn: 'p99 sojourn', ccdf, 'ccdf sojourn', throughput, utilisation")
        .argParser(parseDrawn)
        .default({ kind: 'quantile', quantity: { metric: 'slowdown', statistic: 'p99_9' } }, 'p99.9 slowdown'),
    )
    .option('--series <KEY>', 'what tells the curves apart', 'policy')
    .option('--panel <KEY>', 'a panel for each value of this; type: for each request type')
    .addOption(
      new Option('--where <KEY=VALUE[,…]>', 'only points with these values; may be repeated')
        .argParser((text: string, before: PlotOptions['where']) => [...before, parseWhere(text)])
        .default([], 'all'),
    )
    .addOption(new Option('--scale <SCALE>', 'of the vertical axis').choices(['log', 'linear']).default('log'))
    .option('--width <SIZE>', 'of the picture, such as 3.3in, 84mm or 600px', parseWidth)
    .option('--columns <N>', 'panels side by side', parseColumns)
    .option('--title <TEXT>', 'above the picture (default: the folder)')
    .option('--no-title', 'leave it out')
    .requiredOption('--out <FILE>', 'the picture (.svg, .pdf, .png), or its data (.csv)', (file: string) =>
      withEnding('--out', file, [...PICTURES, 'csv']),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (folder: string, options: PlotOptions) => {
      process.exitCode = await plot(folder, options);
    });
}

async function plot(folder: string, options: PlotOptions): Promise<number> {
  const { points, leftOut } = readSweep(folder);
  checkOutputs({ '--out': options.out }, filesOf(folder));
  for (const line of leftOut) complain(line);
  if (points.length === 0) throw new InputError(`${folder}: has no points yet`);
  const { x, y, series, panel, scale, width, columns, out } = options;
  const chart = plotChart(points, {
    ...{ x, y, series, scale },
    ...(panel !== undefined && { panel }),
    ...(columns !== undefined && { columns }),
    where: new Map(options.where),
    title: typeof options.title === 'string' ? options.title : folder,
  });
  if (endingOf(out) === 'csv') writeOutput(out, chartCsv(chart));
  else {
    const size = width === undefined ? {} : { width };
    await writePicture(out, renderChart(chart, { ...size, title: options.title !== false }));
  }
  const curves = new Set(chart.panels.flatMap((each) => each.series.map(({ name }) => name))).size;
  outputTo(process.stdout).write(`${out}: ${numberOf(chart.panels.length, 'panel')}, ${numberOf(curves, 'curve')}\n`);
  return EXIT.ok;
}

function numberOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function parseDrawn(text: string): Drawn {
  const words = text.trim().toLowerCase();
  if (words === 'throughput' || words === 'utilisation') return { kind: 'field', field: words };
  const metricOf = (word: string | undefined): 'slowdown' | 'sojournNs' =>
    word === undefined || word === 'slowdown' ? 'slowdown' : 'sojournNs';
  const ccdf = /^ccdf(?: (slowdown|sojourn|latency))?$/.exec(words);
  if (ccdf) return { kind: 'ccdf', metric: metricOf(ccdf[1]) };
  const [, name, metric] = /^(\S+) (slowdown|sojourn|latency)$/.exec(words) ?? [];
  const statistic = Object.entries(STATISTICS).find(([, each]) => each === name)?.[0] as Statistic | undefined;
  if (statistic) return { kind: 'quantile', quantity: { metric: metricOf(metric), statistic } };
  throw new InputError(
    `--y: expected a statistic and what of it, such as 'p99.9 slowdown' or 'mean sojourn' ` +
      `(${Object.values(STATISTICS).join(', ')}), or ccdf, throughput, utilisation, found '${text}'`,
  );
}

function parseWhere(text: string): [string, string[]] {
  const at = text.indexOf('=');
  if (at < 1) throw new InputError(`--where: expected KEY=VALUE, found '${text}'`);
  return [text.slice(0, at), splitList(text.slice(at + 1), ',').map((value) => unquoted(value))];
}

/** Of CSS: an inch has 96 px. */
const PIXELS: Readonly<Record<string, number>> = { in: 96, cm: 96 / 2.54, mm: 96 / 25.4, px: 1 };

function parseWidth(text: string): number {
  const [, number, unit] = /^([\d.]+)\s*(in|cm|mm|px)$/.exec(text.trim()) ?? [];
  const width = Number(number) * PIXELS[unit ?? '']!;
  if (width >= 100 && width <= 10_000) return Math.round(width * 100) / 100;
  throw new InputError(`--width: expected a size from 100px on, such as 3.3in, 84mm or 600px, found '${text}'`);
}

function parseColumns(text: string): number {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new InputError(`--columns: expected a whole number from 1 to 99, found '${text}'`);
}
