import type { Command } from 'commander';
import type { ReplayReport } from '../../events/replay.js';
import { replayFile } from '../../experiment/event-recording.js';
import { formatReplay } from '../../report/replay.js';
import { complain, EXIT } from '../failure.js';
import { outputTo } from '../output.js';

export function addReplay(program: Command): void {
  program
    .command('replay')
    .summary('take every decision of a recorded run again')
    .description(
      'Tells the policy of a recorded run what it was told then, and compares every decision. Ends with 1 at the first that differs.',
    )
    .argument('<FILE>', 'written by psp sim --record or psp run --hw --record')
    .option('--json', 'the report as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  psp sim --workload tpcc --policy darc --record run.events; psp replay run.events',
    )
    .action((file: string, { json }: { json?: true }) => {
      const { header, report } = replayFile(file);
      const output = outputTo(process.stdout);
      const { damage, ...rest } = report;
      if (json)
        output.write(`${JSON.stringify({ ...header, ...rest, ...(damage && { damage: damage.message }) }, null, 2)}\n`);
      else output.write(formatReplay(header, report));
      if (damage) complain(damage.message);
      process.exitCode = exitCode(report);
    });
}

function exitCode({ damage, difference, decisions }: ReplayReport): number {
  if (difference) return EXIT.no;
  if (damage) return EXIT.usage;
  // Nothing compared proves nothing.
  return decisions === 0 ? EXIT.no : EXIT.ok;
}
