import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { Side } from '../../experiment/compare/compare-results.js';
import { type HardwareInput, refuseMissingFlows } from '../../experiment/hardware/hardware-input.js';
import type { HardwareResult } from '../../experiment/hardware/run-hardware.js';
import { DEFAULT_REAL_SECONDS, type RealRun, realSpec, runPolicy } from '../../experiment/hardware/run-policy.js';
import { inputFiles, readSystem } from '../../experiment/plan/files.js';
import { planRuns } from '../../experiment/plan/plan.js';
import { DEFAULTS, policiesOrDefault } from '../../experiment/plan/run-settings.js';
import { runSampled } from '../../experiment/run/run-sampled.js';
import { sampledJson } from '../../experiment/run/sampled-json.js';
import { writeOutput } from '../../files/output-file.js';
import { hardwarePolicy } from '../../hw/dispatcher/hardware-policy.js';
import type { NetForm } from '../../hw/native/native.js';
import { dilationOf, type HardwareLive, showLive } from '../../hw/run/run-pair.js';
import { formatComparison } from '../../report/text/policies-table.js';
import { parsePolicy, type TypedPolicy } from '../../scheduler/policy-registry.js';
import { InputError } from '../../units/errors.js';
import { offeredLoad } from '../../workload/workload.js';
import { complain, EXIT, reportOutcomes, warnOfOverload } from '../failure.js';
import {
  addHardwareSettings,
  closingLines,
  hardwareDefaults,
  inputOf,
  onePolicy,
  parseDilation,
  pollOption,
  readHardwareConfig,
  SERVER_UNKNOWN,
  serverGone,
} from '../hardware-settings.js';
import { abortOnSignal } from '../interrupt.js';
import { parseList } from '../listed-settings.js';
import { checkFolder, checkOutputs, outputBeside, send, sendJson } from '../output.js';
import { showProgress } from '../progress.js';
import { type SimSettings, settingOf } from '../settings.js';
import { PICTURE_HELP, parsePicture, parseTolerance, showComparison } from './compare.js';
import { serve } from './serve.js';

interface RunOptions extends Omit<SimSettings, 'load'> {
  readonly hw?: true;
  readonly both?: true;
  readonly loads?: readonly number[];
  readonly system?: string;
  readonly samples?: true;
  readonly keep?: string;
  readonly tolerance?: number;
  readonly picture?: string;
  readonly config?: string;
  readonly role?: 'server' | 'client';
  readonly dilate: number | 'auto';
  readonly poll?: NetForm;
}

const EXAMPLES = `
Examples:
  psp run --hw --workload bimodal --policy darc --load 0.6
  psp run --hw --workload bimodal --policy c-fcfs,darc --duration 50ms
  psp run --both --workload bimodal --policy darc,c-fcfs --load 0.3,0.6,0.8
  psp run --hw --workload bimodal --policy darc --record run.events
  psp run --hw --config configs/c6420.yaml --role server --workload bimodal
  psp run --hw --config configs/c6420.yaml --role client --workload bimodal`;

export function defineRun(command: Command): void {
  command
    .description(
      'Runs the same policies for real, on DPDK, with a load generator that sends the same requests as psp sim. ' +
        'Without --config both ends run on this machine and share memory.',
    )
    .option('--hw', 'run on this machine')
    .option('--both', 'run on this machine, simulate the same requests, and compare');
  addHardwareSettings(
    command,
    ['workload', 'policy', 'rate', 'rate-scale', 'workers', 'requests', 'duration', 'seed', 'warmup', 'record', 'json'],
    {
      requests: `end after N requests, such as 20k (default: ${DEFAULT_REAL_SECONDS} s of real time)`,
      duration: 'end after this time, before it is stretched, such as 50ms',
    },
  );
  command
    .addOption(loadsOption())
    .option('--system <NAME|FILE>', 'with --both: costs for the simulator; see psp systems')
    .option('--tolerance <X%>', 'with --both: exit code 1 if a percentile differs by more', parseTolerance)
    .option('--picture <FILE>', `with --both: ${PICTURE_HELP}`, parsePicture)
    .option('--keep <DIR>', 'with --both: write sim.json and hw.json there, with every request')
    .option('--samples', 'keep every request in the JSON, for psp compare')
    .addOption(
      new Option('--dilate <K|auto>', 'stretch all times by K, so that many workers fit on few cores')
        .argParser(parseDilation)
        .default('auto' as const),
    )
    .addOption(pollOption())
    .option('--config <FILE>', 'devices, addresses and cores; see configs/')
    .addOption(new Option('--role <ROLE>', 'which end this machine is, with --config').choices(['server', 'client']))
    .addHelpText('after', EXAMPLES)
    .action(async (options: RunOptions) => {
      process.exitCode = await run(options);
    });
}

async function run(options: RunOptions): Promise<number> {
  if (!options.hw && !options.both) {
    throw new InputError('expected --hw or --both: psp run runs on this machine, psp sim simulates');
  }
  checkTogether(options);
  if ((options.config === undefined) !== (options.role === undefined)) {
    throw new InputError(
      'expected --config FILE and --role server|client together, or neither (both ends here, over memif)',
    );
  }
  if (options.role === 'client' && options.poll) {
    throw new InputError('--poll is for the server: expected none with --role client');
  }
  if (options.role === 'server') return serve({ ...options, config: options.config! });
  const inputs = inputFiles({ ...options, systems: options.system === undefined ? [] : [options.system] });
  checkOutputs({ '--json': options.json, '--picture': options.picture, '--record': options.record }, inputs);
  const input = await inputOf(options);
  const { workload } = input;
  const policies =
    options.role === 'client' ? [onePolicy(options)] : policiesOrDefault(options)!.map((text) => parsePolicy(text));
  // Refuse mistakes before anything runs.
  for (const policy of policies) {
    hardwarePolicy(policy);
    refuseMissingFlows(policy, input);
  }
  if (options.record !== undefined) {
    if (options.role === 'client') throw new InputError('record: the scheduler is at the server: add --record there');
    if (policies.length !== 1) {
      const found = policies.map(({ text }) => text).join(', ');
      throw new InputError(`record: an event file holds one run: expected one policy, found ${found}`);
    }
    if (options.loads && options.loads.length > 1) {
      throw new InputError(`record: an event file holds one run: expected one load, found ${options.loads.join(', ')}`);
    }
  }
  if (options.keep !== undefined) checkFolder('--keep', options.keep, ['sim.json', 'hw.json'], inputs);

  const { signal, undo } = abortOnSignal();
  const real: RealRun[] = [];
  const simulated: Side[] = [];
  try {
    for (const load of options.loads ?? [undefined]) {
      for (const policy of policies) {
        if (signal.aborted) break;
        const run = await runOne(options, input, policy, load, signal);
        real.push(run);
        if (options.both && !signal.aborted) simulated.push(await simulateSame(options, policy, run));
      }
    }
  } finally {
    undo();
  }
  const results = real.map(({ result }) => result);
  const code = exitCode(results, signal);
  if (options.both && options.keep !== undefined) {
    writeOutput(join(options.keep, 'sim.json'), sampledJson(simulated));
    writeOutput(join(options.keep, 'hw.json'), sampledJson(real));
  }
  if (options.both && (code === EXIT.ok || code === EXIT.no)) {
    return Math.max(
      code,
      await showComparison(
        () => simulated,
        () => real,
        options,
      ),
    );
  }

  const output = outputBeside(options.json);
  output.write(formatComparison(results, { ...output, title: workload.title }));
  for (const result of results) output.write(closingLines(result, output.width, `${result.policy}: `));
  if (options.role === 'client') output.write(SERVER_UNKNOWN);
  if (options.samples) send(options.json!, sampledJson(real));
  else sendJson(options.json, results);
  return code;
}

/**
 * Refuses a system that works in another way than psp's own runtime, or of another dilation: costs are real time, so
 * the dilation changes them.
 *
 * @throws InputError
 */
function refuseOtherSystem(name: string, factor: number): void {
  const { costs, measured: conditions } = readSystem(name);
  if (costs.pollNs || costs.parkNs) {
    const what = costs.pollNs ? 'its dispatcher runs requests itself' : 'its workers park';
    throw new InputError(`--system ${name}: ${what}, which psp's own runtime does not: expected one that does not`);
  }
  const measured = conditions?.dilation;
  if (measured !== undefined && measured !== factor) {
    throw new InputError(
      `--system ${name}: measured with times stretched ${measured} times, while this run stretches them ` +
        `${factor} times: expected --dilate ${measured}, or psp calibrate --dilate ${factor}`,
    );
  }
}

async function runOne(
  options: RunOptions,
  input: HardwareInput,
  policy: TypedPolicy,
  load: number | undefined,
  signal: AbortSignal,
): Promise<RealRun> {
  const config = options.config === undefined ? undefined : readHardwareConfig(options.config);
  const { workers, seed, warmup } = hardwareDefaults(options, config);
  const dilate = config && options.dilate === 'auto' ? 1 : options.dilate;
  const spec = realSpec(input, policy, {
    ...options,
    workers,
    seed,
    dilate,
    ...(load !== undefined && { load }),
    ...(options.poll && { net: options.poll }),
  });
  warnOfOverload(offeredLoad(spec.workload, spec.offer, workers));
  if (options.system !== undefined) refuseOtherSystem(options.system, dilationOf(spec).factor);
  const live = showProgress(undefined, policy.text);
  const names = input.workload.types.map((type) => type.name);
  // A client knows the server's policy only from the command line.
  const isPolicyKnown = options.role !== 'client' || options.policies !== undefined;
  try {
    return await runPolicy(
      spec,
      { warmup, isPolicyKnown, ...(config && { config }) },
      { signal, onProgress: (figures: HardwareLive) => live.note(showLive(figures, names)), onNote: complain },
    );
  } finally {
    live.hide();
  }
}

/** The same requests in the simulator, with the costs of a system if one is named. */
async function simulateSame(
  options: RunOptions,
  policy: TypedPolicy,
  { result, samples, offer, trace }: RealRun,
): Promise<Side> {
  const plan = await planRuns({
    workload: options.workload!,
    policies: [policy],
    workers: result.workers,
    ...(trace
      ? { rateScale: trace.rateScale }
      : 'rateRps' in offer
        ? { rateRps: offer.rateRps }
        : { load: offer.load }),
    requests: samples.type.length,
    seed: result.seed,
    warmup: result.warmup,
    ...(options.system !== undefined && { systems: [options.system] }),
  });
  return runSampled(plan.specs[0]!);
}

/** @throws InputError */
function checkTogether(options: RunOptions): void {
  const { both, loads = [] } = options;
  if (both && options.config !== undefined) throw new InputError('--both runs both ends here: expected no --config');
  if (!both && loads.length > 1)
    throw new InputError(`--load: expected one load without --both, found ${loads.length}`);
  const other = options.rateRps !== undefined ? 'rate' : options.rateScale !== undefined ? 'rate-scale' : undefined;
  if (options.loads && other) throw new InputError(`expected only one of --load and --${other}, found both`);
  const alone = (['system', 'tolerance', 'picture', 'keep'] as const).find((key) => options[key] !== undefined);
  if (!both && alone) throw new InputError(`--${alone} is for --both`);
  if (both && options.samples) {
    throw new InputError(
      '--samples: the JSON of --both is the comparison: expected --keep DIR, for both results with every request',
    );
  }
  if (!both && options.samples && options.json === undefined) {
    throw new InputError('samples are kept in the JSON: expected --json FILE beside --samples');
  }
}

/** The option for several loads; psp sim takes one. */
function loadsOption(): Option {
  const help = `work offered, as a share of what the workers can do; several with --both (default: ${DEFAULTS.load})`;
  const option = new Option('--load <X[,X…]>', help).argParser((text) => parseList(settingOf('load'), text, '--load'));
  option.attributeName = () => 'loads';
  return option;
}

function exitCode(results: readonly HardwareResult[], signal: AbortSignal): number {
  for (const { policy, unreconciled } of results) {
    for (const line of unreconciled) complain(`${policy}: the counts do not add up: ${line}`);
  }
  const failed = results.find((result) => result.end === 'policyFailed');
  if (failed) complain(`${failed.failure}; the figures cover what was answered by then`);
  const gone = results.find((result) => result.end === 'serverGone');
  if (gone) complain(`${gone.policy}: ${serverGone(gone)}`);
  if (gone || results.some((result) => result.unreconciled.length > 0)) return EXIT.environment;
  if (failed) return EXIT.no;
  return signal.aborted ? EXIT.interrupted : reportOutcomes(results);
}
