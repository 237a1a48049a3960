import { type Command, Option } from 'commander';
import { DEFAULTS } from '../../experiment/plan.js';
import { reconcileServer } from '../../hw/counts.js';
import { startServer } from '../../hw/server.js';
import { StartupError } from '../../hw/startup-error.js';
import { complain, EXIT } from '../failure.js';
import { addSettings, inputOf, onePolicy, parseDilation, readHardwareConfig } from '../hardware-settings.js';
import { abortOnSignal } from '../interrupt.js';
import { checkWritable } from '../output.js';
import type { SimSettings } from '../settings.js';

export interface ServeOptions extends SimSettings {
  readonly config: string;
  readonly dilate: number | 'auto';
}

export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .summary('serve requests over DPDK until interrupted')
    .description('Runs the server alone: it serves whoever asks, psp or not, until Ctrl-C.')
    .requiredOption('--config <FILE>', 'a configuration with a server: section; see configs/');
  addSettings(command, ['workload', 'policy', 'seed', 'record'], {
    workload: 'names the request types, their codes and deadlines; one of `psp workloads`, or your own .yaml',
    policy: 'the policy that decides (default: c-fcfs)',
  });
  command
    .addOption(
      new Option('--dilate <K>', 'what the clients stretch their times by').argParser(parseDilation).default(1),
    )
    .action(async (options: ServeOptions) => {
      process.exitCode = await serve(options);
    });
}

/** Serves until a signal; says on stderr what it counted. */
export async function serve(options: ServeOptions): Promise<number> {
  const { frame, classifier, server: config } = readHardwareConfig(options.config);
  if (!config) throw new StartupError(`${options.config}: the configuration has no server: section`);
  if (options.record !== undefined) checkWritable(options.record);
  const { signal, undo } = abortOnSignal();
  const policy = onePolicy(options);
  const { workload } = await inputOf(options);
  const server = await startServer({
    config,
    frame,
    classifier,
    workload,
    policy,
    seed: options.seed ?? DEFAULTS.seed,
    dilation: options.dilate === 'auto' ? 1 : options.dilate,
    ...(options.record !== undefined && { record: options.record }),
  });
  complain(
    `serving ${config.address.ip}:${config.address.port} (${server.mac}) with ${config.workers} workers under ${policy}`,
  );
  try {
    await Promise.race([
      server.ended,
      new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      }),
    ]);
  } finally {
    const counts = await server.stop();
    undo();
    const drops = counts.droppedNoSlot + counts.droppedArrivalsFull + counts.droppedStopping + counts.dropped;
    complain(
      `received ${counts.requests} requests (${counts.unknownType} of unknown type), completed ${counts.completed}, dropped ${drops}, ` +
        `replies sent ${counts.repliesSent}, not sent ${counts.repliesDropped}; other frames: ${counts.foreign} foreign, ` +
        `${counts.malformed + counts.truncated + counts.oversized + counts.badChecksum} broken, ${counts.arpAnswered} ARP; missed by the device ${counts.deviceMissed}`,
    );
    for (const line of reconcileServer(counts)) complain(`the counts do not add up: ${line}`);
  }
  return EXIT.ok;
}
