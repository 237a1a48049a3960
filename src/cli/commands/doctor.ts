import type { Command } from 'commander';
import { type Check, examine, wouldFail } from '../../hw/doctor.js';
import { nativeIsBuilt } from '../../hw/native.js';
import { EXIT } from '../failure.js';
import { readHardwareConfig } from '../hardware-settings.js';

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .summary('look at what this machine has and lacks for a run')
    .description(
      'Looks at this machine, says what a run on DPDK lacks and which command mends it. Changes nothing. Exit 1 when a run would fail.',
    )
    .option('--config <FILE>', 'the configuration of the run; see configs/')
    .action(({ config }: { config?: string }) => {
      const checks = examine({
        addonBuilt: nativeIsBuilt(),
        ...(config !== undefined && { config: readHardwareConfig(config) }),
      });
      process.stdout.write(formatChecks(checks));
      process.exitCode = wouldFail(checks) ? EXIT.no : EXIT.ok;
    });
}

function formatChecks(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks
    .map(({ name, verdict, found, mend }) => {
      const line = `${verdict.padEnd(5)} ${name.padEnd(width)}  ${found}\n`;
      return verdict === 'ok' || mend === undefined ? line : `${line}${' '.repeat(width + 8)}→ ${mend}\n`;
    })
    .join('');
}
