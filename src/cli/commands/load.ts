import { type Command, Option } from 'commander';
import { hardwareOffer } from '../../experiment/hardware/hardware-input.js';
import { loadPhases } from '../../experiment/hardware/load-parts.js';
import { hardwareResult, hardwareSamples } from '../../experiment/hardware/run-hardware.js';
import { checkSlices } from '../../experiment/plan/check-run.js';
import { inputFiles } from '../../experiment/plan/files.js';
import { sampledJson } from '../../experiment/run/sampled-json.js';
import { runLoad } from '../../hw/client/run-load.js';
import { defaultClassifier } from '../../hw/machine/classifier-config.js';
import { type Address, DEFAULT_UDP_PORT, type HardwareConfig } from '../../hw/machine/config.js';
import type { FrameFormat } from '../../hw/native/native.js';
import { showLive } from '../../hw/run/run-pair.js';
import { formatComparison } from '../../report/text/policies-table.js';
import { wrap } from '../../report/text/table.js';
import type { LoadPhase } from '../../results/hardware-fields.js';
import { formatDuration } from '../../units/duration.js';
import { EnvironmentError, InputError } from '../../units/errors.js';
import { formatRate } from '../../units/rate.js';
import { offeredRps } from '../../workload/workload.js';
import { complain, EXIT } from '../failure.js';
import {
  addHardwareSettings,
  closingLines,
  hardwareDefaults,
  inputOf,
  parseDilation,
  readHardwareConfig,
  SERVER_UNKNOWN,
  serverGone,
} from '../hardware-settings.js';
import { abortOnSignal } from '../interrupt.js';
import { checkOutputs, outputBeside, send, sendJson } from '../output.js';
import { showProgress } from '../progress.js';
import type { SimSettings } from '../settings.js';

interface LoadOptions extends SimSettings {
  readonly config: string;
  readonly to?: string;
  readonly frame?: FrameFormat;
  readonly dilate: number | 'auto';
  readonly samples?: true;
  readonly concurrency?: number;
}

export function defineLoad(command: Command): void {
  command
    .description(
      'Sends the requests of a workload to any server that speaks PSP_MB or IX frames over UDP, ' +
        'and reports the sojourns.',
    )
    .requiredOption('--config <FILE>', 'a configuration with a client: section (device, address, cores); see configs/')
    .option('--to <IP[:PORT]>', 'the server, instead of the configured one')
    .addOption(
      new Option('--frame <FORMAT>', 'psp has time stamps of the server; psp-mb and ix are for other servers').choices([
        'psp',
        'psp-mb',
        'ix',
      ]),
    );
  addHardwareSettings(command, [
    'workload',
    'load',
    'rate',
    'rate-scale',
    'workers',
    'requests',
    'duration',
    'seed',
    'warmup',
    'slice',
    'json',
  ]);
  command
    .option('--samples', 'keep every request in the JSON, for psp compare')
    .option('--concurrency <N>', 'skip arrivals while N requests are unanswered', parseConcurrency)
    .addOption(
      new Option('--dilate <K>', 'stretch all times by K; give the server the same K')
        .argParser(parseDilation)
        .default(1),
    )
    .action(async (options: LoadOptions) => {
      process.exitCode = await load(options);
    });
}

async function load(options: LoadOptions): Promise<number> {
  checkOutputs({ '--json': options.json }, inputFiles(options));
  const input = await inputOf(options);
  const { workload } = input;
  if (options.requests === undefined && options.durationNs === undefined) {
    throw new InputError('expected --requests N or --duration TIME, found neither');
  }
  if (options.samples && options.json === undefined) {
    throw new InputError('samples are kept in the JSON: expected --json FILE beside --samples');
  }
  const config = configOf(options);
  const { workers, seed, warmup } = hardwareDefaults(options);
  const { offer, trace } = hardwareOffer(input, options, workers);
  const dilation = options.dilate === 'auto' ? 1 : options.dilate;
  const end = options.requests === undefined ? { durationNs: options.durationNs! } : { requests: options.requests };
  checkSlices(options.sliceNs, { end, offeredRps: offeredRps(workload, offer) });
  const { signal, undo } = abortOnSignal();
  const live = showProgress(undefined, 'load');
  const names = workload.types.map((type) => type.name);
  const startedAt = new Date();
  const startedMs = performance.now();
  try {
    const run = await runLoad(
      {
        config,
        workload,
        offer,
        seed,
        dilation,
        ...(trace && { trace }),
        ...(options.requests !== undefined && { requests: options.requests }),
        ...(options.durationNs !== undefined && { durationNs: options.durationNs }),
      },
      { signal, onProgress: (figures) => live.note(showLive(figures, names)) },
    );
    live.hide();
    const measured = hardwareResult(run, {
      workload,
      ...(trace && { trace }),
      offer,
      workers,
      seed,
      warmup,
      ...(options.sliceNs !== undefined && { sliceNs: options.sliceNs }),
      startedAt,
      wallSeconds: Math.round(performance.now() - startedMs) / 1000,
    });
    const phases = loadPhases(run, workload);
    const result = { ...measured, phases };
    const output = outputBeside(options.json);
    output.write(formatComparison([result], { ...output, title: workload.title }));
    output.write(SERVER_UNKNOWN);
    output.write(closingLines(result, output.width));
    for (const line of phaseLines(phases)) output.write(`${wrap(line, output.width).join('\n')}\n`);
    if (options.samples)
      send(options.json!, sampledJson([{ result, samples: hardwareSamples(run, workload, warmup) }]));
    else sendJson(options.json, [result]);
    if (run.end === 'serverGone') complain(serverGone(result));
    return run.end === 'serverGone' ? EXIT.environment : signal.aborted ? EXIT.interrupted : EXIT.ok;
  } finally {
    live.hide();
    undo();
  }
}

/** More lines say less than the JSON does. */
const MOST_LINES = 12;

/** What was offered and achieved, a line for each phase. */
function phaseLines(phases: readonly LoadPhase[]): string[] {
  const lines = phases.slice(0, MOST_LINES).map(({ fromNs, toNs, offeredRps: offered, achievedRps, unanswered }, i) => {
    const which = phases.length > 1 ? `phase ${i + 1}, ${formatDuration(fromNs)} … ${formatDuration(toNs)}: ` : '';
    return `${which}offered ${formatRate(offered)}, achieved ${formatRate(achievedRps)}, ${unanswered} unanswered`;
  });
  const more = phases.length - lines.length;
  return more > 0 ? [...lines, `and ${more} phases more, which are in the JSON`] : lines;
}

function configOf(options: LoadOptions): HardwareConfig {
  const config = readHardwareConfig(options.config);
  if (!config.client) throw new EnvironmentError(`${options.config}: the configuration has no client: section`);
  const frame = options.frame ?? config.frame;
  const server = options.to === undefined ? config.client.server : addressOf(options.to, config.client.server);
  return {
    ...config,
    frame,
    classifier: frame === config.frame ? config.classifier : { ...config.classifier, ...defaultClassifier(frame) },
    client: {
      ...config.client,
      server,
      ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
    },
  };
}

function parseConcurrency(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InputError(`--concurrency: expected a whole number above 0, found '${text}'`);
}

/** The configured server keeps its MAC, which it may be known by alone: not every server answers ARP. */
export function addressOf(text: string, configured: Address): Address {
  const match = /^(\d{1,3}(?:\.\d{1,3}){3})(?::(\d{1,5}))?$/.exec(text);
  const port = match?.[2] === undefined ? DEFAULT_UDP_PORT : Number(match[2]);
  if (!match || match[1]!.split('.').some((part) => Number(part) > 255) || port < 1 || port > 65535) {
    throw new InputError(`--to: expected an address such as 192.168.10.10:6789, found '${text}'`);
  }
  if (match[1] !== configured.ip) return { ip: match[1]!, port };
  return match[2] === undefined ? configured : { ...configured, port };
}
