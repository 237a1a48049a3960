import { type Command, Option } from 'commander';
import { inputFiles } from '../../experiment/plan/files.js';
import {
  droppedByServer,
  dropsByReason,
  lostByPolicy,
  reconcileServer,
  serverClosingLine,
  serverHints,
} from '../../hw/memory/counts.js';
import type { NetForm } from '../../hw/native/native.js';
import { type RunningServer, startServer } from '../../hw/server/server.js';
import type { ServerCounts, ServerReport } from '../../results/server-schema.js';
import { EnvironmentError } from '../../units/errors.js';
import { formatRate } from '../../units/rate.js';
import { UNKNOWN } from '../../units/unknown.js';
import { complain, EXIT } from '../failure.js';
import {
  addHardwareSettings,
  hardwareDefaults,
  inputOf,
  onePolicy,
  parseDilation,
  pollOption,
  readHardwareConfig,
} from '../hardware-settings.js';
import { abortOnSignal } from '../interrupt.js';
import { checkOutputs, sendJson } from '../output.js';
import { showProgress } from '../progress.js';
import type { SimSettings } from '../settings.js';

const SHOW_EVERY_MS = 1000;

export interface ServeOptions extends SimSettings {
  readonly config: string;
  readonly poll?: NetForm;
  readonly dilate: number | 'auto';
}

export function defineServe(command: Command): void {
  command
    .description('Runs the server alone. It serves any client, psp or another, until Ctrl-C.')
    .requiredOption('--config <FILE>', 'a configuration with a server: section; see configs/');
  addHardwareSettings(command, ['workload', 'policy', 'seed', 'record', 'json'], {
    workload: 'the request types, their codes and deadlines: a name from psp workloads, or your own .yaml',
    policy: 'the policy to run (default: c-fcfs)',
    json: 'write the counts as JSON, - for stdout',
  });
  command
    .addOption(
      new Option('--dilate <K>', 'the factor by which clients stretch all times').argParser(parseDilation).default(1),
    )
    .addOption(pollOption())
    .action(async (options: ServeOptions) => {
      process.exitCode = await serve(options);
    });
}

/** Serves until a signal, then writes the counts to stderr. */
export async function serve(options: ServeOptions): Promise<number> {
  const { frame, classifier, server: config } = readHardwareConfig(options.config);
  if (!config) throw new EnvironmentError(`${options.config}: the configuration has no server: section`);
  checkOutputs({ '--record': options.record, '--json': options.json }, inputFiles(options));
  const { signal, undo } = abortOnSignal();
  const policy = onePolicy(options);
  const { workload } = await inputOf(options);
  const { seed } = hardwareDefaults(options);
  const dilation = options.dilate === 'auto' ? 1 : options.dilate;
  const server = await startServer({
    config: { ...config, ...(options.poll && { net: options.poll }) },
    frame,
    classifier,
    workload,
    policy,
    seed,
    dilation,
    ...(options.record !== undefined && { record: options.record }),
  });
  complain(
    `serving ${config.address.ip}:${config.address.port || '*'} (${server.mac}) ` +
      `with ${config.workers} workers under ${policy.text}, poll: ${server.net}`,
  );
  const startedMs = performance.now();
  const names = workload.types.map((type) => type.name);
  const live = showProgress(undefined, policy.text);
  let before = server.counts().completed;
  const showing = setInterval(() => {
    const counts = server.counts();
    live.note(showServing(counts, counts.completed - before, names, server.reservedWorkers()));
    before = counts.completed;
  }, SHOW_EVERY_MS);
  try {
    await Promise.race([
      server.ended,
      new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      }),
    ]);
  } finally {
    clearInterval(showing);
    live.hide();
    const counts = await server.stop();
    undo();
    complain(serverClosingLine(counts));
    for (const line of serverHints(counts, frame)) complain(line);
    for (const line of reconcileServer(counts)) complain(`the counts do not add up: ${line}`);
    if (options.json !== undefined) {
      const report = serverReport(counts, {
        ...{ names, server, frame, policy: policy.text, workload: workload.name, workers: config.workers },
        seed: String(seed),
        dilation,
        durationNs: Math.round((performance.now() - startedMs) * 1e6),
      });
      sendJson(options.json, report);
    }
  }
  const failure = server.failure();
  if (failure) throw failure;
  const counts = await server.stop();
  const lost = lostByPolicy(counts, counts.running === 0);
  if (lost === 0) return EXIT.ok;
  complain(`lost: ${policy.text}: The policy never finished ${lost} of ${counts.arrived} requests.`);
  return EXIT.no;
}

/** What `--json` says beside the counts. */
interface Served
  extends Pick<ServerReport, 'frame' | 'policy' | 'workload' | 'workers' | 'seed' | 'dilation' | 'durationNs'> {
  readonly names: readonly string[];
  readonly server: Pick<RunningServer, 'net' | 'reservations'>;
}

function serverReport(counts: ServerCounts, { names, server, ...served }: Served): ServerReport {
  const sum = (numbers: readonly number[]) => numbers.reduce((all, each) => all + each, 0);
  const known = counts.completedByType.length - 1;
  const { reservations } = server;
  return {
    schema: 'psp.server/1',
    ...served,
    poll: server.net,
    types: counts.completedByType.map((byWorker, type) => ({
      name: type < known ? names[type]! : UNKNOWN,
      completed: sum(byWorker),
      dropped: sum(counts.droppedByType[type]!),
      byWorker,
    })),
    windows: reservations.map(({ atNs, reservation, completed }, id) => ({
      id,
      fromNs: Math.round(atNs),
      toNs: Math.round(reservations[id + 1]?.atNs ?? served.durationNs),
      completed: (reservations[id + 1] ?? counts).completed - completed,
      queued: (reservations[id + 1] ?? counts).queued,
      updated: id + 1 < reservations.length,
      groups: reservation.groups.map(({ types, workers, stealable }) => ({
        types: types.map((type) => names[type]!),
        reserved: workers,
        stealable,
      })),
    })),
    dropped: dropsByReason(counts),
    counts,
  };
}

/** The live figures of a server, in one line. Rates are per second of real time. */
function showServing(
  counts: ServerCounts,
  completedPerSecond: number,
  typeNames: readonly string[],
  reservedWorkers?: readonly number[],
): string {
  const reserved = reservedWorkers?.map((n, type) => `${typeNames[type]} ${n}`).join(' ');
  const drops = droppedByServer(counts);
  return (
    `${formatRate(completedPerSecond)}, ${counts.running} running, ${counts.queued} queued, ` +
    `${counts.completed} completed${drops > 0 ? `, ${drops} dropped` : ''}` +
    `${reserved === undefined ? '' : `, reserved ${reserved}`}`
  );
}
