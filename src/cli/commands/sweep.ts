import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Command, Option } from 'commander';
import type { Testbed } from '../../experiment/hosts/read-testbed.js';
import { inputFiles } from '../../experiment/plan/files.js';
import type { Engine } from '../../experiment/sweep/engine.js';
import { hardwareEngine } from '../../experiment/sweep/hardware-engine.js';
import { hostsEngine } from '../../experiment/sweep/hosts-engine.js';
import { localEngine } from '../../experiment/sweep/local-engine.js';
import { type Block, type Lists, planSweep } from '../../experiment/sweep/plan-sweep.js';
import type { PlannedPoint } from '../../experiment/sweep/planned-point.js';
import { withQueuePackages } from '../../experiment/sweep/queue-packages.js';
import { parseRedisUrl } from '../../experiment/sweep/redis-url.js';
import { type SweepOutcome, TABLES } from '../../experiment/sweep/run-sweep.js';
import { gatherSources, type Sources } from '../../experiment/sweep/sources.js';
import { InputError } from '../../units/errors.js';
import { addWorldOptions, estimate, realPlanOf, type WorldOptions } from '../asked-world.js';
import { type Experiment, readExperiment } from '../experiment-file.js';
import { complain, EXIT, reportOutcomes, tellNotes } from '../failure.js';
import { checkFolder, outputTo } from '../output.js';
import { runPoints, runsIn } from '../run-points.js';
import { addLists, checkConflict, missingWorkload } from '../setting-options.js';

interface Shard {
  /** Counts from 1. */
  readonly index: number;
  readonly of: number;
}

interface SweepCommandOptions extends Lists, WorldOptions {
  readonly engine: 'local' | 'bullmq';
  readonly redis?: string;
  readonly out?: string;
  readonly shard?: Shard;
}

const EXAMPLES = `
Every option that says what to run may have several values: a,b or, for numbers,
from:to:step. Every combination is a point.

Examples:
  psp sweep --policy darc,c-fcfs --load .05:.95:.05 --workload bimodal \\
    --replications 8 --out results/bimodal
  psp sweep --workload tpcc --policy darc --workers 8:16:2 --rate 500k \\
    --out results/workers
  psp sweep experiment.yaml                     values from a file
  psp sweep experiment.yaml --both --repeat 3   also on this machine
  psp sweep experiment.yaml --hosts hosts.yaml  on a server and its clients
  psp sweep experiment.yaml --shard 2/8 --out part-2
  psp sweep experiment.yaml --engine bullmq --redis redis://host:6379

Policies and their parameters: psp policies, psp policies NAME.`;

export function defineSweep(command: Command): void {
  command
    .description(
      'Simulates every combination of the listed values, on all cores. Writes each point to a folder as soon ' +
        'as it is finished. The same command resumes an interrupted sweep; a larger one runs only what is new.',
    )
    .argument('[EXPERIMENT.yaml]', 'file with values, by the names of the options');
  addLists(command);
  command
    .option('--out <DIR>', 'folder of the results (default for a file: results/NAME)')
    .addOption(
      new Option('--shard <I/N>', 'run only part I of N, for batch systems; see psp merge').argParser((text: string) =>
        parseShard(text),
      ),
    )
    .addOption(
      new Option('--engine <ENGINE>', 'what runs the points: this machine, or every psp worker at one Redis')
        .choices(['local', 'bullmq'])
        .default('local'),
    )
    .option('--redis <URL>', 'address of Redis or Valkey, such as redis://host:6379', parseRedisUrl);
  addWorldOptions(command);
  command.addHelpText('after', EXAMPLES).action(async (file: string | undefined, options: SweepCommandOptions) => {
    process.exitCode = await sweep(file, options);
  });
}

async function sweep(
  file: string | undefined,
  { out: asked, shard, engine: name, redis, hw, both, hosts, dilate, repeat, retries, ...lists }: SweepCommandOptions,
): Promise<number> {
  const { blocks, real: fromFile } = askedOf(file, lists);
  const worlds = { hw, both, hosts, dilate, repeat, retries } as WorldOptions;
  const notes = new Set<string>();
  const sources = sourcesOf(file, lists, hosts, notes);
  const plan = realPlanOf(worlds, fromFile, sources);
  if (plan && name === 'bullmq')
    throw new InputError('--engine bullmq simulates: expected no --hw, --both, --hosts or world:');
  const out = asked ?? (file === undefined ? undefined : join('results', basename(file).replace(/\.\w+$/, '')));
  if (out === undefined) throw new InputError('expected a folder for the results, found none: add --out DIR');
  const tries = retries === undefined ? {} : { retries };
  const real = hosts ? hostsEngine(hosts, out, tries) : hardwareEngine(tries);
  const engine = plan ? real : await engineOf(name, redis);
  const all = await planSweep(blocks, notes, plan, sources);
  tellNotes([...notes]);
  checkFolder('--out', out, TABLES, inputsOf(file, blocks, all));
  const planned = shard ? all.filter((_, i) => i % shard.of === shard.index - 1) : all;
  const long = estimate(planned, hosts);
  if (long !== undefined) complain(long);
  const outcome = await runPoints(planned, { out, engine, sources }, 'sweep');
  tell(outcome, planned, out);
  const { points } = outcome;
  const pointsCode = reportOutcomes(
    points.map(({ result }) => result),
    (_, i) => `${runsIn({ out, sources })}${points[i]!.command}`,
  );
  if (outcome.left > 0) return EXIT.interrupted;
  return outcome.failures.length > 0 ? EXIT.no : pointsCode;
}

/** The files that the experiment, its systems and its workloads are read from. */
function inputsOf(file: string | undefined, blocks: readonly Block[], planned: readonly PlannedPoint[]): string[] {
  return inputFiles(
    { config: file, systems: blocks.flatMap(({ lists }) => lists.systems ?? []) },
    planned.map(({ spec }) => spec.workload),
  );
}

/** @throws InputError */
async function engineOf(name: SweepCommandOptions['engine'], redis: string | undefined): Promise<Engine> {
  if ((name === 'bullmq') !== (redis !== undefined)) {
    throw new InputError('expected --engine bullmq and --redis URL together, or neither (the points run here)');
  }
  if (redis === undefined) return localEngine();
  // Loaded only here, because it is large.
  const { bullmqEngine } = await withQueuePackages(import('../../experiment/sweep/bullmq-engine.js'));
  return bullmqEngine(redis);
}

function askedOf(file: string | undefined, lists: Lists): Pick<Experiment, 'blocks' | 'real'> {
  checkConflict(lists);
  const asked = file === undefined ? { blocks: [{ lists }], real: {} } : readExperiment(file, lists);
  if (asked.blocks.some((block) => block.lists.workload === undefined)) {
    throw missingWorkload();
  }
  return asked;
}

/** The files that the sweep names, with those that its experiment names beside what the command line replaces. */
function sourcesOf(
  file: string | undefined,
  lists: Lists,
  hosts: Testbed | undefined,
  notes: Set<string>,
): Sources | undefined {
  const given = [{ lists }];
  // A pipe can be read only once.
  if (file === undefined || !statSync(file).isFile()) return gatherSources({ hosts }, given, notes);
  const { blocks, policyFiles } = readExperiment(file);
  return gatherSources({ experiments: [file], hosts, policies: policyFiles }, [...blocks, ...given], notes);
}

function tell({ ran, present, failures, left }: SweepOutcome, planned: readonly PlannedPoint[], out: string): void {
  const counts = [
    `${ran} run`,
    ...(present > 0 ? [`${present} were there already`] : []),
    ...(failures.length > 0 ? [`${failures.length} failed`] : []),
    ...(left > 0 ? [`${left} left`] : []),
  ];
  outputTo(process.stdout).write(
    `${planned.length} ${planned.length === 1 ? 'point' : 'points'}: ${counts.join(', ')}\nresults: ` +
      `${join(out, 'results.csv')}, ${join(out, 'results.parquet')}, ${join(out, 'points')}/\n`,
  );
}

function parseShard(text: string): Shard {
  const [, index, of] = /^(\d+)\/(\d+)$/.exec(text.trim()) ?? [];
  const shard = { index: Number(index), of: Number(of) };
  if (!(shard.index >= 1 && shard.index <= shard.of)) {
    throw new InputError(`--shard: expected I/N with I from 1 to N, such as 2/8, found '${text}'`);
  }
  return shard;
}
