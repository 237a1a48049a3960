import { cpus, hostname } from 'node:os';
import { dirname } from 'node:path';
import { type Command, Option } from 'commander';
import { calibrate, DEFAULT_LOAD, DISPATCHER } from '../../experiment/hardware/calibrate-system.js';
import { compareCalibration, systemYaml } from '../../experiment/hardware/calibration-file.js';
import { findWorkload, inputFiles, readSystem, readWorkload } from '../../experiment/plan/files.js';
import { policyFor } from '../../experiment/plan/policy-paths.js';
import { DEFAULTS } from '../../experiment/plan/run-settings.js';
import { writeOutput } from '../../files/output-file.js';
import { hardwarePolicy } from '../../hw/dispatcher/hardware-policy.js';
import type { NetForm } from '../../hw/native/native.js';
import { formatCalibration, formatMoved } from '../../report/text/calibration-table.js';
import { parsePolicy, policies, type TypedPolicy } from '../../scheduler/policy-registry.js';
import type { System } from '../../sim/parse-system.js';
import { InputError } from '../../units/errors.js';
import type { Workload } from '../../workload/workload.js';
import { complain, EXIT } from '../failure.js';
import { parseDilation, pollOption } from '../hardware-settings.js';
import { abortOnSignal } from '../interrupt.js';
import { checkOutputs, outputTo } from '../output.js';
import { showProgress } from '../progress.js';
import { parseSetting, settingOf } from '../settings.js';

interface CalibrateCliOptions {
  readonly poll?: NetForm;
  readonly name: string;
  readonly out?: string;
  readonly check?: string;
  readonly policy?: string;
  readonly workers?: number;
  readonly requests: number;
  readonly workload?: string;
  readonly load?: number;
  readonly dilate?: number | 'auto';
  readonly dispatchers?: string;
}

/** Name of the default workload of a calibration. */
const CALIBRATION = 'calibration';
/** This many give medians within a few percent, and take some seconds if times are stretched. */
const REQUESTS = 400;

export function defineCalibrate(command: Command): void {
  const setting = (key: string) => (text: string) => parseSetting(settingOf(key), text, `--${key}`);
  command
    .description(
      'Runs requests on this machine and measures the costs that the simulator charges for a system. ' +
        'Writes a file for psp sim --system.',
    )
    .option('--name <NAME>', 'name of the system', 'here')
    .option('--out <FILE>', 'where to write it (default: NAME.yaml)')
    .option(
      '--check <NAME|FILE>',
      'measure again and say what has changed; writes nothing; exit code 1 if something has',
    )
    .option('--policy <NAME>', 'the policy to run, one that does not preempt (default: c-fcfs)')
    .addOption(new Option('--workers <N>', 'cores that serve requests (default: 14)').argParser(setting('workers')))
    .addOption(
      new Option('--requests <N>', 'requests in each of the two runs').argParser(setting('requests')).default(REQUESTS),
    )
    .option('--workload <NAME|FILE>', 'the requests to run (default: half take 1us, half 20us)')
    .addOption(
      new Option(
        '--load <X>',
        `work offered (default: ${DEFAULT_LOAD}); an idle machine sleeps and is slower`,
      ).argParser(setting('load')),
    )
    .addOption(new Option('--dilate <K|auto>', 'stretch all times by K').argParser(parseDilation))
    .addOption(pollOption())
    .option(
      '--dispatchers <NAMES|none>',
      'policies whose dispatcher is also measured alone, two seconds each (default: all that run on hardware)',
    )
    .addHelpText(
      'after',
      `
Examples:
  psp calibrate --name here
  psp sim --workload bimodal --system here.yaml
  psp calibrate --check here.yaml`,
    )
    .action(async (options: CalibrateCliOptions) => {
      process.exitCode = await run(options);
    });
}

/** Reads a workload file. @throws InputError for a trace, whose rate cannot be chosen */
function generatedWorkload(name: string): Workload {
  const file = findWorkload(name);
  if (file.kind !== 'yaml') throw new InputError(`--workload: expected a workload file (.yaml), found ${name}`);
  return readWorkload(file);
}

/** The workload to run: the given one, that of the checked file, or the default. */
function workloadOf({ workload, check }: CalibrateCliOptions, before: System | undefined): Workload | undefined {
  if (workload !== undefined) return generatedWorkload(workload);
  const then = before?.measured?.workload;
  if (then === undefined || then === CALIBRATION) return undefined;
  try {
    return generatedWorkload(then);
  } catch (error) {
    throw new InputError(
      `${check}: measured with the workload ${then}: ${(error as Error).message}; ` +
        'if it is a file of your own, name it again with --workload FILE',
    );
  }
}

const NONE = 'none';

/**
 * Policies whose dispatcher is measured alone: the given ones, those of the checked file, or all possible ones. The
 * policy of the run comes first.
 */
function dispatchersOf(
  { dispatchers }: CalibrateCliOptions,
  policy: TypedPolicy,
  before: System | undefined,
): TypedPolicy[] {
  if (dispatchers === NONE) return [];
  const then = Object.keys(before?.measured?.work ?? {}).filter((name) => name.startsWith(DISPATCHER));
  const named =
    dispatchers?.split(',') ??
    (before ? then.map((name) => name.slice(DISPATCHER.length)) : [policy.text, ...hardwarePolicies()]);
  const chosen = [...new Set(named)].map((name) => parsePolicy(name));
  for (const each of chosen) hardwarePolicy(each);
  return chosen;
}

function hardwarePolicies(): string[] {
  return policies.filter(({ clairvoyant }) => !clairvoyant).map(({ name }) => name);
}

async function run(options: CalibrateCliOptions): Promise<number> {
  const { name, check } = options;
  if (!/^[A-Za-z0-9_.-]+$/.test(name))
    throw new InputError(`--name: expected letters, digits, - or _, found '${name}'`);
  const out = options.out ?? `${name}.yaml`;
  if (check !== undefined && options.out !== undefined)
    throw new InputError('--check writes nothing: expected no --out');
  // Refuse mistakes before anything runs.
  const before = check === undefined ? undefined : readSystem(check);
  const then = before?.measured;
  const policy = parsePolicy(options.policy ?? then?.policy ?? 'c-fcfs');
  hardwarePolicy(policy);
  if (policy.policy.preemptive) {
    throw new InputError(
      `--policy: expected one that does not preempt, such as c-fcfs, found ${policy.text}: the time that a preempted ` +
        'request waits would count as a cost',
    );
  }
  const workload = workloadOf(options, before);
  const conditions = {
    policy,
    workers: options.workers ?? then?.workers ?? DEFAULTS.workers,
    dilate: options.dilate ?? then?.dilation ?? ('auto' as const),
    requests: options.requests,
    ...(options.poll && { net: options.poll }),
    ...(workload && { workload }),
    load: options.load ?? then?.load ?? DEFAULT_LOAD,
    dispatchers: dispatchersOf(options, policy, before),
  };
  if (!before) checkOutputs({ '--out': out }, inputFiles(options));
  const { signal, undo } = abortOnSignal();
  const { hide } = showProgress(undefined, 'calibrate');
  try {
    const calibration = await calibrate({ ...conditions, signal, onNote: complain });
    hide();
    const output = outputTo(process.stdout);
    if (before) {
      const moved = compareCalibration(before, calibration);
      output.write(formatMoved(moved, before, output));
      return moved.some((each) => each.moved && each.charged) ? EXIT.no : EXIT.ok;
    }
    const machine = `${hostname()}, ${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown processor'}`;
    const written = policyFor(dirname(out), policy.text);
    writeOutput(
      out,
      systemYaml({ name, policy: written, machine, date: new Date().toISOString().slice(0, 10) }, calibration),
    );
    output.write(formatCalibration(calibration, output));
    output.write(`\nwritten to ${out}: psp sim --system ${out}\n`);
    return EXIT.ok;
  } catch (error) {
    if (signal.aborted) return EXIT.interrupted;
    throw error;
  } finally {
    hide();
    undo();
  }
}
