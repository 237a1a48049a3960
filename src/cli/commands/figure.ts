import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, type Command, Option } from 'commander';
import type { Testbed } from '../../experiment/hosts/read-testbed.js';
import { PACKAGE_ROOT } from '../../experiment/package-info.js';
import { hardwareEngine } from '../../experiment/sweep/hardware-engine.js';
import { hostsEngine } from '../../experiment/sweep/hosts-engine.js';
import { planSweep } from '../../experiment/sweep/plan-sweep.js';
import { gatherSources } from '../../experiment/sweep/sources.js';
import { writeOutput } from '../../files/output-file.js';
import { chartCsv } from '../../report/charts/chart-csv.js';
import type { Claim, Figure } from '../../report/figures/claims.js';
import { figures } from '../../report/figures/index.js';
import { plotChart } from '../../report/plot/plot-chart.js';
import type { PlotSpec } from '../../report/plot/plot-spec.js';
import { wrap } from '../../report/text/table.js';
import type { Point } from '../../results/point.js';
import type { Result } from '../../results/result.js';
import { InputError } from '../../units/errors.js';
import { estimate, hostsOption } from '../asked-world.js';
import { readExperiment } from '../experiment-file.js';
import { complain, EXIT, tellNotes } from '../failure.js';
import { parseDilation } from '../hardware-settings.js';
import { withMeasured } from '../measured-figure.js';
import { checkFolder, outputTo, writePicture } from '../output.js';
import { drawPlot, plotText, readPlotFile } from '../plot-file.js';
import { runPoints } from '../run-points.js';

const ENDINGS = ['.svg', '.png', '.csv', '.plot.yaml'];

interface FigureOptions {
  readonly quick?: true;
  readonly full?: true;
  readonly out: string;
  readonly check?: true;
  readonly experiments?: string;
  readonly hw?: true;
  readonly minutes?: number;
  readonly hosts?: Testbed;
  readonly dilate?: number | 'auto';
}

const EXAMPLES = `
Each figure is an experiment file and the specification of a plot:
experiments/figure-NAME.yaml (a quick form in experiments/quick) and
experiments/plots/figure-NAME.yaml in the folder of psp. The results are
figure-NAME.svg, .png and .csv, figure-NAME.plot.yaml for psp plot --spec, and
the simulated points.

Examples:
  psp figure 3
  psp figure all --full --out results/figures
  psp figure 3 --hw --minutes 5
  psp figure 3 --hosts configs/cloudlab.yaml
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
    .option('--hw', 'also run it on this machine: measured points over the simulated curves')
    .option('--minutes <M>', 'with --hw: about how long all runs may take (default: 15)', parseMinutes)
    .addOption(hostsOption())
    .addOption(
      new Option(
        '--dilate <K|auto>',
        'with --hw or --hosts: stretch all times by K (default: from the number of cores; 1 with --hosts)',
      ).argParser(parseDilation),
    )
    .option('--experiments <DIR>', "folder with figure-NAME.yaml files, and plots/, instead of psp's own")
    .addHelpText('after', EXAMPLES)
    .action(async (asked: string[], options: FigureOptions) => {
      process.exitCode = await draw(asked, options);
    });
}

async function draw(asked: readonly string[], options: FigureOptions): Promise<number> {
  const { quick, full, out, check, hosts } = options;
  const isMeasured = options.hw || hosts !== undefined;
  if (quick && full) throw new InputError('expected only one of --quick and --full, found both');
  const wanted = figures.filter(({ name }) => asked.includes(name) || asked.includes('all'));
  const alone = (['minutes', 'dilate'] as const).find((key) => options[key] !== undefined);
  if (alone && !isMeasured) throw new InputError(`--${alone}: expected --hw or --hosts beside it`);
  const notes = new Set<string>();
  const experiments = wanted.map(({ name }) => readFigure(name, options));
  const sources = gatherSources(
    {
      experiments: options.experiments === undefined ? [] : experiments.flatMap(({ files }) => files),
      hosts,
      policies: experiments.flatMap(({ policyFiles }) => policyFiles),
    },
    experiments.flatMap(({ blocks }) => blocks),
    notes,
  );
  const simulated = await Promise.all(
    wanted.map(async (figure, i) => {
      const { blocks, plot } = experiments[i]!;
      return { figure, plot, blocks, planned: await planSweep(blocks, undefined, undefined, sources) };
    }),
  );
  checkFolder(
    '--out',
    out,
    wanted.flatMap(({ name }) => ENDINGS.map((ending) => `${baseOf(name, isMeasured)}${ending}`)),
  );
  const plans = isMeasured ? await withMeasured(simulated, notes, { ...options, sources }) : simulated;
  tellNotes([...notes]);
  // Figures share points: each point runs once. The last figure has the longest runs, so they come first, and no core
  // waits for one at the end.
  const all = new Map(plans.toReversed().flatMap(({ planned }) => planned.map((point) => [point.key, point])));
  const long = estimate([...all.values()], hosts);
  if (long !== undefined) complain(long);
  const engine = hosts ? hostsEngine(hosts, out) : isMeasured ? hardwareEngine() : undefined;
  const outcome = await runPoints([...all.values()], { out, sources, ...(engine && { engine }) }, 'figures');
  if (outcome.left > 0) return EXIT.interrupted;
  const found = new Map(outcome.points.map((point) => [point.key, point]));
  let isWrong = false;
  for (const { figure, plot, planned } of plans) {
    const points = planned.flatMap(({ key }) => found.get(key) ?? []);
    const spec = { ...plot, caption: captionOf(plot, points, full === true, hosts) };
    const claims = claimsOf(
      figure,
      points.map(({ result }) => result),
    );
    const isDrawn = await show(baseOf(figure.name, isMeasured), points, spec, claims, out);
    isWrong ||= !isDrawn || (check === true && claims.some(({ agrees }) => agrees === false));
  }
  return outcome.failures.length > 0 || isWrong ? EXIT.no : EXIT.ok;
}

/** The experiment of a figure, how it is drawn, and the files of both. */
function readFigure(name: string, { experiments, full }: FigureOptions) {
  const folder = experiments ?? join(PACKAGE_ROOT, 'experiments', full ? '' : 'quick');
  const file = join(folder, `figure-${name}.yaml`);
  const own = join(folder, 'plots', `figure-${name}.yaml`);
  return { ...readExperiment(file), plot: readPlotFile(existsSync(own) ? own : `figure-${name}`), files: [file, own] };
}

/** Says also how the points came about. */
function captionOf({ caption = '' }: PlotSpec, points: readonly Point[], isFull: boolean, hosts?: Testbed): string {
  const measured = points.some(({ result }) => result.world === 'hw') ? measuredCaption(hosts) : '';
  return `${caption}${measured}${isFull ? '' : ' Made with --quick: fewer loads, wider intervals.'}`;
}

/** What a reader must know of the dots. */
function measuredCaption(hosts: Testbed | undefined): string {
  const where = hosts
    ? `measured on a server and ${hosts.clients.length} clients`
    : 'measured on a machine, both ends on it, times stretched where cores were short';
  return ` Dots: ${where}; systems run as their policies, and DARC profiles short windows.`;
}

/** The claims of the paper, on each world that there is. */
function claimsOf(figure: Figure, results: readonly Result[]): Claim[] {
  const of = (world: Result['world']) => results.filter((result) => result.world === world);
  const measured = of('hw');
  if (measured.length === 0) return figure.claims(results);
  return [
    ...figure.claims(of('sim')),
    ...figure.claims(measured).map((claim) => ({ ...claim, claim: `measured: ${claim.claim}` })),
  ];
}

function baseOf(name: string, isMeasured: boolean): string {
  return `figure-${name}${isMeasured ? '-hw' : ''}`;
}

function parseMinutes(text: string): number {
  const minutes = Number(text);
  if (minutes > 0 && minutes <= 24 * 60) return minutes;
  throw new InputError(`--minutes: expected a number above 0, found '${text}'`);
}

/** Where the text of a claim begins. */
const CLAIM_INDENT = 13;

/** Draws a figure and says what became of its claims. @returns is it drawn? */
async function show(
  name: string,
  points: readonly Point[],
  spec: PlotSpec,
  claims: readonly Claim[],
  out: string,
): Promise<boolean> {
  const base = join(out, name);
  const { write, style, width } = outputTo(process.stdout);
  const title = spec.title || name;
  let isDrawn = true;
  try {
    const chart = plotChart(points, spec, name);
    const svg = drawPlot(chart, spec);
    for (const ending of ['svg', 'png']) await writePicture(`${base}.${ending}`, svg);
    writeOutput(`${base}.csv`, chartCsv(chart));
    writeOutput(`${base}.plot.yaml`, plotText(spec));
    write(`${style.heading(title)}\n${base}.svg, .png, .csv, .plot.yaml\n`);
  } catch (error) {
    // Points are missing, or are not those that the specification names.
    if (!(error instanceof InputError)) throw error;
    isDrawn = false;
    complain(`${title}: not drawn: ${error.message}`);
  }
  for (const { claim, found, agrees } of claims) {
    const verdict = agrees === undefined ? 'finding' : agrees ? 'agrees' : 'DISAGREES';
    const texts = [claim, found].flatMap((text) => wrap(text, width - CLAIM_INDENT));
    write(texts.map((text, i) => `  ${(i === 0 ? verdict : '').padEnd(CLAIM_INDENT - 2)}${text}\n`).join(''));
  }
  write('\n');
  return isDrawn;
}
