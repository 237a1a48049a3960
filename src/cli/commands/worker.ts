import type { Command } from 'commander';
import { withQueuePackages } from '../../experiment/sweep/queue-packages.js';
import { parseRedisUrl, shownUrl } from '../../experiment/sweep/redis-url.js';
import { complain } from '../failure.js';
import { abortOnSignal } from '../interrupt.js';
import { outputTo } from '../output.js';
import { showProgress } from '../progress.js';

/** Time for the last output of a worker that ends. */
const END_MS = 2000;

export function defineWorker(command: Command): void {
  command
    .description(
      'Takes points of `psp sweep --engine bullmq` from Redis or Valkey and runs them on all cores. It reads ' +
        'and writes no files. Ctrl-C ends it when its points are finished; a second Ctrl-C ends it at once, and ' +
        'another worker runs these points again.',
    )
    .requiredOption('--redis <URL>', 'address of Redis or Valkey, such as redis://host:6379', parseRedisUrl)
    .option(
      '--allow-policies',
      'also run points whose policy is from a file: their code comes from Redis and may do anything that you may',
    )
    .action(async ({ redis, allowPolicies = false }: { redis: string; allowPolicies?: boolean }) => {
      // Loaded only here, because it is large.
      const { runQueueWorker } = await withQueuePackages(import('../../experiment/sweep/queue-worker.js'));
      const output = outputTo(process.stdout);
      const { signal, undo } = abortOnSignal();
      const { note, hide } = showProgress(undefined, 'worker');
      let finished = 0;
      note('0 points finished');
      try {
        await runQueueWorker({
          url: redis,
          signal,
          allowPolicies,
          onReady: (cores) => output.write(`${shownUrl(redis)}: waiting for points, ${cores} at a time\n`),
          onPoint: (point) => {
            finished++;
            note(`${finished} ${finished === 1 ? 'point' : 'points'} finished`);
            output.write(`finished: ${point}\n`);
          },
          onFailure: (point, message, again) =>
            complain(`failed${again ? ', will be tried again' : ''}: ${point}: ${message}`),
          onNote: complain,
        });
      } finally {
        hide();
        undo();
        // BullMQ may hold timers of a connection that is gone. They must not keep the process alive.
        setTimeout(() => process.exit(), END_MS).unref();
      }
    });
}
