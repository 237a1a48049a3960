import { type Command, Option } from 'commander';
import { advise } from '../../experiment/capacity/advise.js';
import { parseSlo, type Slo } from '../../experiment/capacity/slo.js';
import { objectives } from '../../experiment/capacity/slo-file.js';
import { inputFiles } from '../../experiment/plan/files.js';
import { planRuns } from '../../experiment/plan/plan.js';
import { advicePage } from '../../report/html/advice-page.js';
import { formatAdvice } from '../../report/text/advice-text.js';
import { InputError } from '../../units/errors.js';
import { complain, EXIT, tellNotes } from '../failure.js';
import { abortOnSignal } from '../interrupt.js';
import { checkOutputs, outputBeside, send, sendJson, withEnding } from '../output.js';
import { showProgress } from '../progress.js';
import { addSettings } from '../setting-options.js';
import { parseShare, type SimSettings } from '../settings.js';
import { wholeNumber } from '../whole-number.js';

interface AdviseCliOptions extends Omit<SimSettings, 'unclassified'> {
  readonly slo?: readonly Slo[];
  readonly sloFile?: string;
  readonly growth: number;
  readonly unclassifiedShares: readonly number[];
  readonly workersMax: number;
  readonly out?: string;
}

const KEYS = ['policy', 'rate', 'workers', 'requests', 'seed', 'warmup', 'max-replications', 'json'];
const HELPS = {
  rate: 'the present rate, such as 11.6k (default: that of the trace)',
  workers: 'the present number of workers: how much may the rate grow?',
  requests: 'length of each run (default: 1M, or the whole trace)',
  'max-replications': 'most runs of a number of workers before it stays undecided (default: 8)',
};

const EXAMPLES = `
Objectives are those of psp capacity. Without any, the slo: of the workload's
types count: a p99 sojourn of at most that.

Examples:
  psp advise shop/workload.yaml --rate 50k --slo "p99 latency < 2ms" \\
    --policy c-fcfs,darc --growth 30% --unclassified 5%,100% --workers 4
  psp advise shop/trace.csv.gz --slo-file slo.yaml --out advice.html`;

export function defineAdvise(command: Command): void {
  command
    .description(
      'Says which policy meets the objectives with the fewest workers: today, with growth, and when some requests ' +
        'cannot be classified.',
    )
    .argument('<WORKLOAD>', 'a workload by name, or a file: .yaml, .csv or .csv.gz');
  addSettings(command, KEYS, HELPS);
  command
    .addOption(
      new Option('--slo <OBJECTIVE>', "an objective, such as 'p99 latency < 2ms for GET'").argParser(
        (text: string, before: readonly Slo[] | undefined) => [...(before ?? []), parseSlo(text)],
      ),
    )
    .option('--slo-file <FILE>', 'a YAML list of objectives')
    .addOption(
      new Option('--growth <X%>', 'also at a rate that is higher by this').argParser(parseGrowth).default(0, 'none'),
    )
    .addOption(sharesOption())
    .addOption(
      new Option('--workers-max <N>', 'most workers that are tried')
        .argParser(wholeNumber('--workers-max', 1, 65_536))
        .default(256, '256'),
    )
    .option('--out <FILE>', 'also write a page, .html')
    .addHelpText('after', EXAMPLES)
    .action(async (workload: string, options: AdviseCliOptions) => {
      process.exitCode = await adviseOn(workload, options);
    });
}

function sharesOption(): Option {
  const option = new Option('--unclassified <X%,…>', 'also when this share of the requests cannot be classified');
  option.attributeName = () => 'unclassifiedShares';
  return option.argParser(parseShares).default([], 'none');
}

function parseGrowth(text: string): number {
  const value = Number(/^\+?([\d.]+)\s*%$/.exec(text)?.[1] ?? Number.NaN) / 100;
  if (value >= 0 && value <= 1000) return value;
  throw new InputError(`--growth: expected a share such as 30%, found '${text}'`);
}

/** Nothing unclassified is what is found anyway. */
function parseShares(text: string): number[] {
  return text
    .split(',')
    .map((each) => {
      const share = parseShare(each.trim());
      if (share !== undefined) return share;
      throw new InputError(`--unclassified: expected shares from 0% to 100%, such as 5%,100%, found '${each}'`);
    })
    .filter((share) => share > 0);
}

async function adviseOn(workload: string, options: AdviseCliOptions): Promise<number> {
  const {
    slo = [],
    sloFile,
    growth,
    unclassifiedShares,
    workersMax,
    out,
    json,
    maxReplications,
    workers,
    ...rest
  } = options;
  const slos = objectives(slo, sloFile, workload);
  if (out !== undefined) withEnding('--out', out, ['html']);
  checkOutputs({ '--json': json, '--out': out }, [
    ...inputFiles({ workload }),
    ...(sloFile === undefined ? [] : [sloFile]),
  ]);
  const rateRps = rest.rateRps ?? (await rateOf(workload));
  const { signal, undo } = abortOnSignal();
  const { hide, note } = showProgress(undefined, 'advise');
  const settings = { ...rest, workload, rateRps };
  const advice = await advise(settings, {
    slos,
    growth,
    unclassified: unclassifiedShares,
    mostWorkers: workersMax,
    signal,
    ...(workers !== undefined && { workers }),
    ...(maxReplications !== undefined && { mostReplications: maxReplications }),
    onNotes: tellNotes,
    onSearch: (policy, what) => note(`${policy}: ${what}`),
  }).finally(() => {
    hide();
    undo();
  });
  if (signal.aborted) complain('interrupted: these are the policies that were finished');
  if (!advice || advice.entries.length === 0) return signal.aborted ? EXIT.interrupted : EXIT.no;
  const output = outputBeside(json);
  output.write(formatAdvice(advice, output));
  sendJson(json, advice);
  if (out !== undefined) send(out, advicePage(advice));
  if (signal.aborted) return EXIT.interrupted;
  return advice.entries.some(({ today }) => today.holds) ? EXIT.ok : EXIT.no;
}

/** A trace has a rate of its own. */
async function rateOf(workload: string): Promise<number> {
  const { workload: opened, specs } = await planRuns({ workload, policies: ['c-fcfs'] });
  if (specs[0]!.workload.kind === 'trace') return opened.offeredRps;
  throw new InputError(`expected --rate beside a workload file, such as --rate 11.6k: ${workload} has none of its own`);
}
