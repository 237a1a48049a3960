import { type Command, Option } from 'commander';
import { parseSlo, type Slo } from '../../experiment/capacity/slo.js';
import { inputFiles } from '../../experiment/plan/files.js';
import { MOST_REPLICATIONS } from '../../experiment/plan/limits.js';
import { CANDIDATES, findBest, RACE_RUNS } from '../../experiment/tune/find-best.js';
import { parseRanges } from '../../experiment/tune/ranges.js';
import { renderChart } from '../../report/charts/render.js';
import { tuningChart } from '../../report/charts/tuning-chart.js';
import { formatTuning } from '../../report/text/tuning-table.js';
import type { Tuning } from '../../results/tuning-schema.js';
import { InputError } from '../../units/errors.js';
import { splitList } from '../../units/lists.js';
import { complain, EXIT, warnOfOverload } from '../failure.js';
import { abortOnSignal } from '../interrupt.js';
import { checkFolder, checkOutputs, outputBeside, sendJson, writePicture } from '../output.js';
import { withKnownFile } from '../policy-names.js';
import { showProgress } from '../progress.js';
import { addSettings, checkConflict, missingWorkload } from '../setting-options.js';
import type { SimSettings } from '../settings.js';
import { wholeNumber } from '../whole-number.js';
import { parsePicture } from './compare.js';

interface TuneCommandOptions extends Omit<SimSettings, 'policies'> {
  readonly policy?: string;
  readonly slo?: readonly Slo[];
  readonly candidates: number;
  readonly runs: number;
  readonly out: string;
  readonly picture?: string;
}

const KEYS = ['workload', 'system', 'load', 'rate', 'workers', 'requests', 'duration', 'seed', 'warmup', 'json'];
const HELPS = {
  system: 'a modelled system whose costs the policy has: one of `psp systems`, or your own .yaml',
  requests: 'length of each run (default: 1M)',
};
/** With fewer, chance decides. */
const LEAST_RUNS = 4;
const MOST_CANDIDATES = 10_000;

const EXAMPLES = `
A range is KEY=FROM..TO (durations on a log scale) or KEY=A|B|C. Parameters
without a range stay as they are. The best has the least room: the smallest
value of the objective that is nearest to its bound, or farthest beyond it.

Examples:
  psp tune --workload bimodal --policy 'sept:quantum=1us..50us:patience=2..8' \\
    --load 0.9 --slo 'p99.9 slowdown <= 10'
  psp tune --workload rocksdb --policy './keep.ts:keep=0..4' --rate 250k \\
    --slo 'p99 sojourn <= 50us for GET' --json best.json --picture best.svg

The same command resumes an interrupted search. psp policies NAME lists the
parameters of a policy.`;

export function defineTune(command: Command): void {
  command.description(
    'Searches for the values of parameters that keep the objectives best at one load. Candidates race on the same ' +
      'requests, those that are significantly worse are dropped, and the winner is confirmed on other seeds.',
  );
  addSettings(command, KEYS.slice(0, 1), HELPS);
  command
    .option('--policy <POLICY>', 'a policy with ranges, such as sept:quantum=1us..50us:patience=2..8')
    .addOption(
      new Option('--slo <OBJECTIVE>', "an objective, such as 'p99.9 slowdown <= 10 for every type'").argParser(
        (text: string, before: readonly Slo[] | undefined) => [...(before ?? []), parseSlo(text)],
      ),
    );
  addSettings(command, KEYS.slice(1), HELPS);
  command
    .addOption(
      new Option('--candidates <N>', 'sets of values that race')
        .argParser(wholeNumber('--candidates', 1, MOST_CANDIDATES))
        .default(CANDIDATES),
    )
    .addOption(
      new Option('--runs <N>', 'most runs of one candidate, and runs that confirm the winner')
        .argParser(wholeNumber('--runs', LEAST_RUNS, MOST_REPLICATIONS))
        .default(RACE_RUNS),
    )
    .option('--out <DIR>', 'folder that keeps every run', 'results/tune')
    .option('--picture <FILE>', 'draw how much each parameter matters, .svg, .png or .pdf', parsePicture)
    .addHelpText('after', EXAMPLES)
    .action(async (options: TuneCommandOptions) => {
      process.exitCode = await tune(options);
    });
}

async function tune({
  policy,
  slo: slos = [],
  candidates,
  runs: mostRuns,
  out,
  json,
  picture,
  workload,
  ...settings
}: TuneCommandOptions): Promise<number> {
  checkConflict(settings);
  if (workload === undefined) throw missingWorkload();
  if (policy === undefined) {
    throw new InputError(
      'expected a policy with ranges, found none: add --policy, such as sept:quantum=1us..50us:patience=2..8',
    );
  }
  const ranged = withKnownFiles(policy);
  parseRanges(ranged);
  const inputs = inputFiles({ ...settings, workload });
  checkOutputs({ '--json': json, '--picture': picture }, inputs);
  const { signal, undo } = abortOnSignal();
  // The number of runs is not known before, so progress has no percentage.
  const { hide, note } = showProgress(undefined, 'tune');
  let found: Tuning | undefined;
  try {
    found = await findBest({ ...settings, workload }, ranged, {
      slos,
      candidates,
      mostRuns,
      out,
      signal,
      onStep: note,
      onNote: complain,
      onPlanned: (load) => {
        warnOfOverload(load);
        checkFolder('--out', out, []);
      },
    });
  } finally {
    hide();
    undo();
  }
  if (!found) {
    complain('interrupted: the same command continues');
    return EXIT.interrupted;
  }
  const output = outputBeside(json);
  output.write(formatTuning(found, output));
  sendJson(json, found);
  if (picture !== undefined && found.sensitivity.length > 0) {
    await writePicture(picture, renderChart(tuningChart(found)));
  }
  return found.best?.judgement.verdict === 'holds' ? EXIT.ok : EXIT.no;
}

/** The policy with its file in place of a name that a configuration has made known. */
function withKnownFiles(text: string): string {
  const [name = '', ...rest] = splitList(text, ':');
  return [withKnownFile(name), ...rest].join(':');
}
