import type { Command } from 'commander';
import { inputFiles } from '../../experiment/plan/files.js';
import { planRuns } from '../../experiment/plan/plan.js';
import type { Plan } from '../../experiment/plan/plan-input.js';
import { sendSpec } from '../../experiment/plan/run-spec.js';
import { controlFor, type Precision, precisionOf } from '../../experiment/run/replicate.js';
import { runReplicated } from '../../experiment/run/run-replicated.js';
import type { SampledResult } from '../../experiment/run/run-sampled.js';
import type { WatchedRun } from '../../experiment/run/run-watched.js';
import { formatShare } from '../../report/text/numbers.js';
import { formatComparison } from '../../report/text/policies-table.js';
import { failureOf } from '../../results/outcome-schema.js';
import type { Result } from '../../results/result.js';
import { policyLabel } from '../../scheduler/policy-label.js';
import { InputError } from '../../units/errors.js';
import { readConfigFile } from '../config-file.js';
import { complain, EXIT, reportOutcomes, tellNotes, warnOfOverload } from '../failure.js';
import { stopOnInterrupt } from '../interrupt.js';
import { checkOutputs, outputBeside, send, sendJson } from '../output.js';
import { showProgress } from '../progress.js';
import { addSettings, checkConflict, missingWorkload } from '../setting-options.js';
import { override, type SimSettings } from '../settings.js';
import { planTimelines, writeTimelines } from '../timelines.js';

const EXAMPLES = `
Examples:
  psp sim --workload bimodal                        compare the usual policies
  psp sim --workload tpcc --policy darc --load 0.9  one policy, near its limit
  psp sim --workload bimodal --policy ts:quantum=5us,ts:quantum=20us:cost=0.5us
  psp sim --workload bimodal --policy darc --timeline out.svg --from worst:SHORT
  psp sim --workload bursty --duration 5s --json results.json
  psp sim --workload bimodal --replications 8       reliable intervals
  psp sim --workload my-trace.csv.gz --rate-scale 1.5
  psp sim --workload tpcc --policy darc --record run.events
  psp sim --config configs/sim.yaml --seed 2        options from a file

Policies and their parameters: psp policies, psp policies NAME.`;

export function defineSim(command: Command): void {
  command.description('Simulates one or more policies on the same requests and compares them.');
  addSettings(command);
  command
    .option('--config <FILE>', 'read options from a YAML file, by the same names; the command line wins')
    .option('--samples', 'keep every request in the JSON, for psp compare')
    .option('--referee', 'hold every decision to what the policy promises; slower. Exit code 1 if one breaks a promise')
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments()
    .action(async ({ config, samples, referee, ...given }: SimSettings & Extras) => {
      if (command.args.length > 0) {
        throw new InputError(`expected options only, found '${command.args[0]}': a workload follows --workload`);
      }
      process.exitCode = await sim(given, { config, samples, referee });
    });
}

/** Options of this command only. */
interface Extras {
  readonly config?: string | undefined;
  readonly samples?: true | undefined;
  readonly referee?: true | undefined;
}

async function sim(given: SimSettings, { config, samples, referee }: Extras): Promise<number> {
  checkConflict(given);
  const { json, ...settings } = config === undefined ? given : override(readConfigFile(config), given);
  const { workload } = settings;
  if (workload === undefined) {
    throw missingWorkload();
  }
  if (samples && json === undefined)
    throw new InputError('samples are kept in the JSON: expected --json FILE beside --samples');
  if (samples && referee) throw new InputError('expected only one of --samples and --referee, found both');
  const plan = await planRuns({ ...settings, workload });
  const timelines = planTimelines(settings, plan);
  checkOutputs(
    { json, record: settings.record, timeline: timelines.map(({ path }) => path) },
    inputFiles(
      { ...settings, config },
      plan.specs.map((spec) => sendSpec(spec).workload),
    ),
  );
  tellNotes(plan.workload.notes);
  const { load, rateRps, rateScale } = settings;
  const isScaled = load !== undefined || rateRps !== undefined || rateScale !== undefined;
  warnOfOverload(plan.workload.load, plan.specs[0]!.workload.kind === 'trace' && !isScaled);
  await writeTimelines(timelines, settings, plan, (line) => outputBeside(json).write(`${line}\n`));
  const sides = samples ? await runKeepingSamples(plan) : undefined;
  const watched = referee && (await runUnderReferee(plan));
  const alone = sides ?? watched;
  const { results, interrupted } = alone
    ? { results: alone.flatMap(({ result }) => result ?? []), interrupted: false }
    : await run(plan);

  const output = outputBeside(json);
  if (results.length > 0) {
    output.write(`${formatComparison(results, { ...output, title: plan.workload.title })}`);
  }
  if (sides) {
    const { sampledJson } = await import('../../experiment/run/sampled-json.js');
    send(json!, sampledJson(sides));
  } else sendJson(json, results);
  if (interrupted) return EXIT.interrupted;
  const code = reportOutcomes(results);
  return watched && results.length < watched.length ? EXIT.no : code;
}

async function run({ specs, replications }: Plan): Promise<{ results: Result[]; interrupted: boolean }> {
  const control = controlFor(specs, replications);
  const undo = stopOnInterrupt(control);
  const { hide, note } = showProgress(control, specs.length === 1 ? specs[0]!.policy.text : `${specs.length} policies`);
  const { precision } = replications;
  try {
    const all = await runReplicated(specs, replications, {
      control,
      onPrecision: (reached) => note(`${precisionReached(reached, precision!)}`),
    });
    const notBegun = all.filter(({ result }) => !result).map(({ spec }) => spec.policy.text);
    const results = all.flatMap(({ result }) => result ?? []);
    hide();
    if (precision && !control.stopped) complainOfPrecision(results, precision);
    if (control.stopped) {
      const rest = notBegun.length > 0 ? `; not begun: ${notBegun.join(', ')}` : '';
      complain(`interrupted: these are the results so far${rest}`);
    }
    return { results, interrupted: control.stopped };
  } finally {
    hide();
    undo();
  }
}

/** Runs policies one after the other in this thread, because the samples of one are as large as the trace. */
async function runKeepingSamples({ specs, replications }: Plan): Promise<SampledResult[]> {
  if (replications.first > 1 || replications.precision) {
    throw new InputError('samples are those of one run: expected no replications beside --samples');
  }
  const { runSampled } = await import('../../experiment/run/run-sampled.js');
  const sampled: SampledResult[] = [];
  for (const spec of specs) sampled.push(await runSampled(spec));
  return sampled;
}

/** Says which policies broke a promise. */
async function runUnderReferee({ specs, replications }: Plan): Promise<WatchedRun[]> {
  if (replications.first > 1 || replications.precision)
    throw new InputError('a referee watches one run: expected no replications beside --referee');
  const { runWatched } = await import('../../experiment/run/run-watched.js');
  const watched = await runWatched(specs);
  for (const { spec, violation } of watched) {
    const { text, policy } = spec.policy;
    if (violation)
      complain(`${policy.name} breaks a promise (${violation.property}): ${violation.story}: psp check ${text}`);
  }
  return watched;
}

/** ±7 % of ±5 % */
export function precisionReached(reached: number | undefined, { relative }: Precision): string {
  return reached === undefined ? 'precision not known yet' : `±${formatShare(reached)} of ±${formatShare(relative)}`;
}

/** Reports the policies that did not reach the precision. */
function complainOfPrecision(results: readonly Result[], precision: Precision): void {
  for (const result of results) {
    const failed = failureOf(result);
    if (failed) {
      complain(`warning: ${policyLabel(result)} is ${failed}: it has no precision to reach`);
      continue;
    }
    const reached = precisionOf(result, precision);
    if (reached <= precision.relative) continue;
    const within = Number.isFinite(reached) ? `±${formatShare(reached)}` : 'no bound';
    complain(
      `warning: ${policyLabel(result)} stopped at ${result.replications} replications with ${within}, not ` +
        `±${formatShare(precision.relative)}: use more --max-replications or --requests`,
    );
  }
}
