import { type Command, Option } from 'commander';
import { findCapacity } from '../../experiment/capacity/find-capacity.js';
import { parseSlo, type Slo } from '../../experiment/capacity/slo.js';
import { objectives } from '../../experiment/capacity/slo-file.js';
import { inputFiles } from '../../experiment/plan/files.js';
import { renderBars } from '../../report/charts/bars.js';
import { capacityBars } from '../../report/charts/capacity-bars.js';
import { formatCapacity } from '../../report/text/capacity-table.js';
import type { Capacity } from '../../results/capacity-schema.js';
import { complain, EXIT, tellNotes } from '../failure.js';
import { abortOnSignal } from '../interrupt.js';
import { checkOutputs, outputBeside, sendJson, writePicture } from '../output.js';
import { showProgress } from '../progress.js';
import { addSettings, checkConflict, missingWorkload } from '../setting-options.js';
import type { SimSettings } from '../settings.js';
import { parsePicture } from './compare.js';

interface CapacityCommandOptions extends SimSettings {
  readonly slo?: readonly Slo[];
  readonly sloFile?: string;
  readonly find: 'load' | 'workers';
  readonly picture?: string;
}

const KEYS = [
  'workload',
  'policy',
  'system',
  'rate',
  'workers',
  'requests',
  'duration',
  'unclassified',
  'seed',
  'warmup',
  'max-replications',
  'json',
];
const HELPS = {
  rate: 'with --find workers: requests per second, such as 3M',
  requests: 'length of each replication (default: 1M)',
  'max-replications': 'most runs of one load before it stays undecided (default: 8)',
};

const EXAMPLES = `
An objective is STATISTIC slowdown|sojourn <= BOUND, then optionally "for every
type", "for NAME" or "overall". The bound of a sojourn has a unit. Or: rate of
timeouts <= 0.1 % at 10ms.

Examples:
  psp capacity --workload extreme-bimodal --workers 16 \\
    --slo "p99.9 slowdown <= 10 for every type"
  psp capacity --workload rocksdb --policy darc,c-fcfs \\
    --slo "p99 sojourn <= 50us for GET" --slo "p99 slowdown <= 5 for SCAN"
  psp capacity --workload extreme-bimodal --find workers --rate 3M \\
    --slo "p99.9 slowdown <= 10"`;

export function defineCapacity(command: Command): void {
  command.description(
    'Finds for each policy the highest load that meets all objectives, or the fewest workers that meet them at ' +
      'a rate. Repeats runs until chance cannot decide.',
  );
  addSettings(command, KEYS, HELPS);
  command
    .addOption(
      new Option('--slo <OBJECTIVE>', "an objective, such as 'p99.9 slowdown <= 10 for every type'").argParser(
        (text: string, before: readonly Slo[] | undefined) => [...(before ?? []), parseSlo(text)],
      ),
    )
    .option('--slo-file <FILE>', 'a YAML list of objectives')
    .addOption(new Option('--find <WHAT>', 'what to find').choices(['load', 'workers']).default('load'))
    .option('--picture <FILE>', 'draw the result as bars, .svg, .png or .pdf', parsePicture)
    .addHelpText('after', EXAMPLES)
    .action(async (options: CapacityCommandOptions) => {
      process.exitCode = await capacity(options);
    });
}

async function capacity({
  slo = [],
  sloFile,
  find,
  json,
  maxReplications,
  workload,
  picture,
  ...settings
}: CapacityCommandOptions): Promise<number> {
  checkConflict(settings);
  if (workload === undefined) throw missingWorkload();
  const slos = objectives(slo, sloFile, workload);
  checkOutputs({ '--json': json, '--picture': picture }, inputFiles({ ...settings, workload }));
  const { signal, undo } = abortOnSignal();
  // The number of probes is not known before, so progress has no percentage.
  const { hide, note } = showProgress(undefined, 'capacity');
  let found: Capacity;
  try {
    found = await findCapacity(
      { ...settings, workload },
      {
        slos,
        find,
        signal,
        ...(maxReplications !== undefined && { mostReplications: maxReplications }),
        onNotes: tellNotes,
        onProbe: (contender, workers, load) => {
          note(`${contender} at load ${load.toFixed(2)} with ${workers} workers`);
        },
      },
    );
  } finally {
    hide();
    undo();
  }
  const output = outputBeside(json);
  if (signal.aborted) complain('interrupted: these are the policies that were finished');
  if (found.entries.length > 0) output.write(formatCapacity(found, output));
  sendJson(json, found);
  if (picture !== undefined && found.entries.length > 0) {
    await writePicture(picture, renderBars(capacityBars(found)));
  }
  if (signal.aborted) return EXIT.interrupted;
  return found.entries.some(({ holds }) => holds) ? EXIT.ok : EXIT.no;
}
