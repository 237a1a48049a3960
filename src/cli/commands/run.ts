import { type Command, Option } from 'commander';
import { describeEnvironment } from '../../experiment/environment.js';
import { InputError } from '../../experiment/errors.js';
import { DEFAULTS } from '../../experiment/plan.js';
import { type HardwareResult, hardwareResult } from '../../experiment/run-hardware.js';
import { runLoad } from '../../hw/load.js';
import { hardwarePolicy } from '../../hw/policy.js';
import { dilationOf, type HardwareRun, runHardware } from '../../hw/run.js';
import { formatComparison } from '../../report/comparison.js';
import { offeredRps, type Workload } from '../../workload/workload.js';
import { complain, EXIT } from '../failure.js';
import {
  abortOnSignal,
  addSettings,
  liveLine,
  offerOf,
  onePolicy,
  parseDilation,
  readHardwareConfig,
  workloadOf,
} from '../hardware-settings.js';
import { checkWritable, outputTo, writeFile } from '../output.js';
import type { SimSettings } from '../settings.js';
import { serve } from './serve.js';

interface RunOptions extends SimSettings {
  readonly hw?: true;
  readonly config?: string;
  readonly role?: 'server' | 'client';
  readonly dilate: number | 'auto';
}

const EXAMPLES = `
Examples:
  psp run --hw --workload bimodal --policy darc --load 0.6       this machine alone: two processes joined by memif
  psp run --hw --workload bimodal --policy c-fcfs,darc --duration 50ms --json hw.json
  psp run --hw --workload bimodal --policy darc --record run.events; psp replay run.events
  psp run --hw --config configs/c6420.yaml --role server --workload bimodal --policy darc
  psp run --hw --config configs/c6420.yaml --role client --workload bimodal --load 0.6`;

/** Real time a run takes when nobody says how long it should be. */
const DEFAULT_REAL_SECONDS = 10;

export function addRun(program: Command): void {
  const command = program
    .command('run')
    .summary('run policies on this machine, on DPDK')
    .description(
      'Runs policies for real: the same scheduler, on DPDK, with a load generator that plays the same requests as psp sim.',
    )
    .option('--hw', 'run on this machine (there is no other kind of run yet; psp sim simulates)');
  addSettings(
    command,
    ['workload', 'policy', 'load', 'rate', 'workers', 'requests', 'duration', 'seed', 'warmup', 'record', 'json'],
    {
      requests: `end after so many requests, such as 20k (default: ${DEFAULT_REAL_SECONDS} s of real time)`,
      duration: 'end after so much undilated time, such as 50ms',
    },
  );
  command
    .addOption(
      new Option('--dilate <K|auto>', 'stretch all times by K, so that many workers fit few cores')
        .argParser(parseDilation)
        .default('auto' as const),
    )
    .option(
      '--config <FILE>',
      'devices, addresses and cores: see configs/; default: both ends on this machine, over memif',
    )
    .addOption(new Option('--role <ROLE>', 'with --config: which end this machine is').choices(['server', 'client']))
    .addHelpText('after', EXAMPLES)
    .action(async (options: RunOptions) => {
      process.exitCode = await run(options);
    });
}

async function run(options: RunOptions): Promise<number> {
  if (!options.hw) throw new InputError('expected --hw: psp run runs on this machine, psp sim simulates');
  if ((options.config === undefined) !== (options.role === undefined)) {
    throw new InputError(
      'expected --config FILE and --role server|client together, or neither (both ends here, over memif)',
    );
  }
  if (options.role === 'server') return serve({ ...options, config: options.config! });
  if (options.json !== undefined && options.json !== '-') checkWritable(options.json);
  const workload = workloadOf(options);
  const policies = options.role === 'client' ? [onePolicy(options)] : (options.policies ?? DEFAULTS.policies);
  // Refused before anything runs.
  for (const policy of policies) hardwarePolicy(policy);
  if (options.record !== undefined) {
    if (options.role === 'client') throw new InputError('record: the scheduler is at the server: add --record there');
    if (policies.length !== 1) {
      throw new InputError(`record: an event file holds one run: expected one policy, found ${policies.join(', ')}`);
    }
    checkWritable(options.record);
  }

  const results: HardwareResult[] = [];
  const { signal, undo } = abortOnSignal();
  try {
    for (const policy of policies) {
      if (signal.aborted) break;
      results.push(await runOne(options, workload, policy, signal));
    }
  } finally {
    undo();
  }

  const output = outputTo(options.json === '-' ? process.stderr : process.stdout);
  output.write(formatComparison(results, { ...output, title: workload.title }));
  for (const result of results) {
    output.write(`${result.policy}: lost ${result.lost}, late ${result.late}. ${result.closingLine}\n`);
  }
  const text = `${JSON.stringify(results, null, 2)}\n`;
  if (options.json === '-') process.stdout.write(text);
  else if (options.json !== undefined) writeFile(options.json, text);
  return exitCode(results, signal);
}

async function runOne(
  options: RunOptions,
  workload: Workload,
  policy: string,
  signal: AbortSignal,
): Promise<HardwareResult> {
  const config = options.config === undefined ? undefined : readHardwareConfig(options.config);
  const workers = options.workers ?? config?.server?.workers ?? DEFAULTS.workers;
  const seed = options.seed ?? DEFAULTS.seed;
  const offer = offerOf(options, workers);
  const dilate = config && options.dilate === 'auto' ? 1 : options.dilate;
  const spec = {
    workload,
    policy,
    offer,
    workers,
    seed,
    dilate,
    ...lengthOf(options, workload, workers, dilate),
    ...(options.record !== undefined && { record: options.record }),
  };
  const live = liveLine(
    policy,
    workload.types.map((type) => type.name),
  );
  const hooks = { signal, onProgress: live.show, onNote: complain };
  const startedAt = new Date();
  const startedMs = performance.now();
  let finished: HardwareRun;
  try {
    finished = config
      ? await runLoad({ ...spec, config, dilation: dilate as number }, hooks)
      : await runHardware(spec, hooks);
  } finally {
    live.clear();
  }
  return hardwareResult(finished, {
    ...spec,
    warmup: options.warmup ?? DEFAULTS.warmup,
    startedAt,
    wallSeconds: Math.round(performance.now() - startedMs) / 1000,
    environment: describeEnvironment(),
  });
}

/** Where the trace ends: as asked for, else after ten seconds of real time. */
function lengthOf(
  options: RunOptions,
  workload: Workload,
  workers: number,
  dilate: number | 'auto',
): { requests?: number; durationNs?: number } {
  if (options.requests !== undefined) return { requests: options.requests };
  if (options.durationNs !== undefined) return { durationNs: options.durationNs };
  const offer = offerOf(options, workers);
  const { factor } = dilationOf({ workload, offer, workers, dilate });
  return { requests: Math.max(100, Math.round((offeredRps(workload, offer) / factor) * DEFAULT_REAL_SECONDS)) };
}

function exitCode(results: readonly HardwareResult[], signal: AbortSignal): number {
  for (const { policy, unreconciled } of results) {
    for (const line of unreconciled) complain(`${policy}: the counts do not add up: ${line}`);
  }
  const gone = results.find((result) => result.end === 'serverGone');
  if (gone)
    complain(`${gone.policy}: the server went away in mid-run; the figures are those of what it had answered by then`);
  if (gone || results.some((result) => result.unreconciled.length > 0)) return EXIT.environment;
  return signal.aborted ? EXIT.interrupted : EXIT.ok;
}
