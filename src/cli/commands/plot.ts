import { type Command, Option } from 'commander';
import { filesOf, readSweep } from '../../experiment/sweep/store.js';
import { writeOutput } from '../../files/output-file.js';
import { chartCsv } from '../../report/charts/chart-csv.js';
import { plotChart } from '../../report/plot/plot-chart.js';
import {
  columnsOf,
  drawnOf,
  PLOT_DEFAULTS,
  type PlotSpec,
  pictureWidth,
  SCALES,
  type Where,
  withOptions,
} from '../../report/plot/plot-spec.js';
import { InputError } from '../../units/errors.js';
import { splitList, unquoted } from '../../units/lists.js';
import { complain, EXIT } from '../failure.js';
import { checkOutputs, endingOf, outputTo, PICTURES, withEnding, writePicture } from '../output.js';
import { drawPlot, plotText, readPlotFile } from '../plot-file.js';
import { asInput } from '../settings.js';

interface PlotOptions extends Omit<PlotSpec, 'caption' | 'lines' | 'curves' | 'panels'> {
  readonly spec?: PlotSpec;
  readonly saveSpec?: string;
  readonly out: string;
}

const EXAMPLES = `
A key is workload, policy, system, world, workers, load, rate, throughput, seed,
replications, cores:TYPE (those reserved for a type), or a parameter of the
policies, such as quantum; --x time draws slices; curves and panels may also be
of a request type. Where both worlds are in the folder, measured points are dots
over the simulated curves.

A specification is YAML with these options as keys. It may also have panels that
differ, names of curves, and lines: docs/report.md.

Examples:
  psp plot results/bimodal --out bimodal.svg
  psp plot results/bimodal --y 'p99 sojourn' --panel type --width 7in \\
    --no-title --out figure.pdf
  psp plot results/bimodal --y ccdf --where load=0.9 --where type=SHORT \\
    --out tails.pdf
  psp plot results/quanta --x quantum --series workload --out quanta.png
  psp plot results/mine --spec figure-3 --save-spec mine.yaml --out mine.svg`;

export function definePlot(command: Command): void {
  const { x, y, series, scale } = PLOT_DEFAULTS;
  command
    .description('Draws the points of a sweep, such as a figure for a paper.')
    .argument('<DIR>', 'folder that psp sweep has written')
    .option('--spec <FILE|NAME>', 'what is drawn, as YAML, or that of a figure of psp: figure-3', readPlotFile)
    .option('--x <KEY>', `what lies along the horizontal axis (default: ${x})`)
    .option(
      '--y <WHAT>',
      `what is drawn: 'p99 sojourn', ccdf, 'ccdf sojourn', throughput, utilisation, cores (default: ${y})`,
      checked('--y', drawnOf),
    )
    .option('--series <KEY>', `what tells the curves apart (default: ${series})`)
    .option('--panel <KEY>', 'a panel for each value of this; type: for each request type')
    .option('--where <KEY=VALUE[,…]>', 'only points with these values; may be repeated (default: all)', addWhere)
    .addOption(new Option('--scale <SCALE>', `of the vertical axis (default: ${scale})`).choices(SCALES))
    .option('--width <SIZE>', 'of the picture, such as 3.3in, 84mm or 600px', checked('--width', pictureWidth))
    .option('--columns <N>', 'panels side by side', checked('--columns', columnsOf))
    .option('--title <TEXT>', 'above the picture (default: the folder)')
    .option('--no-title', 'leave it out')
    .option('--save-spec <FILE>', 'write what was drawn, for --spec', (file: string) =>
      withEnding('--save-spec', file, ['yaml', 'yml']),
    )
    .requiredOption('--out <FILE>', 'the picture (.svg, .pdf, .png), or its data (.csv)', (file: string) =>
      withEnding('--out', file, [...PICTURES, 'csv']),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (folder: string, options: PlotOptions) => {
      process.exitCode = await plot(folder, options);
    });
}

async function plot(folder: string, { out, saveSpec, spec: file = {}, ...options }: PlotOptions): Promise<number> {
  const { points, leftOut } = readSweep(folder);
  checkOutputs({ '--out': out, '--save-spec': saveSpec }, filesOf(folder));
  for (const line of leftOut) complain(line);
  if (points.length === 0) throw new InputError(`${folder}: has no points yet`);
  const spec = withOptions(file, options);
  const chart = plotChart(points, spec, folder);
  if (endingOf(out) === 'csv') writeOutput(out, chartCsv(chart));
  else await writePicture(out, drawPlot(chart, spec));
  if (saveSpec !== undefined) writeOutput(saveSpec, plotText({ ...PLOT_DEFAULTS, ...spec }));
  const curves = new Set(chart.panels.flatMap((each) => each.series.map(({ name }) => name))).size;
  outputTo(process.stdout).write(`${out}: ${numberOf(chart.panels.length, 'panel')}, ${numberOf(curves, 'curve')}\n`);
  return EXIT.ok;
}

function numberOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** The text itself, once it is known to be right. */
function checked(option: string, parse: (text: string) => unknown): (text: string) => string {
  return (text) => {
    asInput(option, () => parse(text));
    return text;
  };
}

function addWhere(text: string, before: Where = {}): Where {
  const at = text.indexOf('=');
  if (at < 1) throw new InputError(`--where: expected KEY=VALUE, found '${text}'`);
  const values = asInput('--where', () => splitList(text.slice(at + 1), ',')).map((value) => unquoted(value));
  return { ...before, [text.slice(0, at)]: values };
}
