import { join } from 'node:path';
import { Argument, type Command } from 'commander';
import { PACKAGE_ROOT } from '../../experiment/package-info.js';
import { type Block, planSweep } from '../../experiment/sweep/plan-sweep.js';
import type { PlannedPoint } from '../../experiment/sweep/planned-point.js';
import { runSweep, type SweepOutcome, type SweepProgress } from '../../experiment/sweep/run-sweep.js';
import { createStore } from '../../experiment/sweep/store.js';
import { writeOutput } from '../../files/output-file.js';
import type { Chart } from '../../report/charts/chart.js';
import { chartCsv } from '../../report/charts/chart-csv.js';
import { renderChart } from '../../report/charts/render.js';
import type { Claim } from '../../report/figures/claims.js';
import { figures } from '../../report/figures/index.js';
import type { Figure } from '../../report/figures/paper-figure.js';
import { wrap } from '../../report/text/table.js';
import type { Result } from '../../results/result.js';
import { InputError } from '../../units/errors.js';
import { readExperiment } from '../experiment-file.js';
import { complain, EXIT } from '../failure.js';
import { abortOnSignal } from '../interrupt.js';
import { checkFolder, outputTo, writePicture } from '../output.js';
import { showProgress } from '../progress.js';

const ENDINGS = ['.svg', '.png', '.csv'];

interface FigureOptions {
  readonly quick?: true;
  readonly full?: true;
  readonly out: string;
  readonly check?: true;
  readonly experiments?: string;
}

const EXAMPLES = `
Each figure is an experiment file: experiments/figure-NAME.yaml in the folder of
psp, and a quick form in experiments/quick. The results are figure-NAME.svg,
.png and .csv, and the simulated points.

Examples:
  psp figure 3
  psp figure all --full --out results/figures
  psp figure 4a --check      exit code 1 if a claim of the paper does not hold`;

export function defineFigure(command: Command): void {
  const names = figures.map(({ name }) => name);
  command
    .description(
      "Simulates an experiment of Perséphone's paper (SOSP 2021), draws its figure as SVG and PNG, writes the " +
        'data as CSV, and says whether each claim of the paper holds.',
    )
    .addArgument(new Argument('<FIGURE...>', 'figures to draw').choices([...names, 'all']))
    .option('--quick', 'fewer loads, requests and replications; wider intervals (the default)')
    .option('--full', 'the intervals of docs/figures.md; takes some minutes')
    .option('--check', 'exit code 1 if a claim does not hold')
    .option('--out <DIR>', 'folder of the figures; points that are in it are not run again', 'results/figures')
    .option('--experiments <DIR>', "folder with figure-NAME.yaml files, instead of psp's own")
    .addHelpText('after', EXAMPLES)
    .action(async (asked: string[], options: FigureOptions) => {
      process.exitCode = await draw(asked, options);
    });
}

async function draw(asked: readonly string[], options: FigureOptions): Promise<number> {
  const { quick, full, out, check } = options;
  if (quick && full) throw new InputError('expected only one of --quick and --full, found both');
  const wanted = figures.filter(({ name }) => asked.includes(name) || asked.includes('all'));
  const folder = options.experiments ?? join(PACKAGE_ROOT, 'experiments', full ? '' : 'quick');
  const plans = await Promise.all(
    wanted.map(async (figure) => ({ figure, planned: await planSweep(blocksOf(folder, figure.name)) })),
  );
  checkFolder(
    '--out',
    out,
    wanted.flatMap(({ name }) => ENDINGS.map((ending) => `figure-${name}${ending}`)),
  );
  createStore(out);
  // Figures share points: each point runs once. The last figure has the longest runs, so they come first, and no core
  // waits for one at the end.
  const all = new Map(plans.toReversed().flatMap(({ planned }) => planned.map((point) => [point.key, point])));
  const outcome = await run([...all.values()], out);
  for (const { planned, message } of outcome.failures) complain(`failed: ${planned.command}: ${message}`);
  if (outcome.left > 0) {
    complain(`interrupted: ${outcome.left} of ${all.size} points are left; the same command continues`);
    return EXIT.interrupted;
  }
  const found = new Map(outcome.points.map((point) => [point.key, point.result]));
  let disagrees = false;
  for (const { figure, planned } of plans) {
    const results = planned.flatMap(({ key }) => found.get(key) ?? []);
    const claims = figure.claims(results);
    await show(figure.name, chartOf(figure, results, full === true), claims, out);
    disagrees ||= claims.some(({ agrees }) => agrees === false);
  }
  return outcome.failures.length > 0 || (check && disagrees) ? EXIT.no : EXIT.ok;
}

function blocksOf(folder: string, name: string): readonly Block[] {
  return readExperiment(join(folder, `figure-${name}.yaml`)).blocks;
}

async function run(planned: readonly PlannedPoint[], out: string): Promise<SweepOutcome> {
  const { signal, undo } = abortOnSignal();
  let progress: SweepProgress | undefined;
  const { hide, note } = showProgress({ done: () => progress?.done ?? 0 }, 'figures');
  try {
    return await runSweep(planned, {
      out,
      signal,
      onNote: complain,
      onProgress: (now) => {
        progress = now;
        note(`${now.points}/${now.total} points`);
      },
    });
  } finally {
    hide();
    undo();
  }
}

/** Adds a note to a chart that was made with --quick. */
function chartOf({ chart }: Figure, results: readonly Result[], isFull: boolean): Chart {
  const { caption = '', ...drawn } = chart(results);
  return { ...drawn, caption: isFull ? caption : `${caption} Made with --quick: fewer loads, wider intervals.` };
}

/** Where the text of a claim begins. */
const CLAIM_INDENT = 13;

async function show(name: string, chart: Chart, claims: readonly Claim[], out: string): Promise<void> {
  const base = join(out, `figure-${name}`);
  const svg = renderChart(chart);
  for (const ending of ['svg', 'png']) await writePicture(`${base}.${ending}`, svg);
  writeOutput(`${base}.csv`, chartCsv(chart));
  const { write, style, width } = outputTo(process.stdout);
  write(`${style.heading(chart.title)}\n${base}.svg, .png, .csv\n`);
  for (const { claim, found, agrees } of claims) {
    const verdict = agrees === undefined ? 'finding' : agrees ? 'agrees' : 'DISAGREES';
    const texts = [claim, found].flatMap((text) => wrap(text, width - CLAIM_INDENT));
    write(texts.map((text, i) => `  ${(i === 0 ? verdict : '').padEnd(CLAIM_INDENT - 2)}${text}\n`).join(''));
  }
  write('\n');
}
