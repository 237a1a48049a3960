import { type Command, Option } from 'commander';
import { configOfRole } from '../../hw/machine/config.js';
import { examine, type MachineCheck, wouldFail } from '../../hw/machine/examine.js';
import { builtNative } from '../../hw/native/native.js';
import { wrap } from '../../report/text/table.js';
import { InputError } from '../../units/errors.js';
import { EXIT } from '../failure.js';
import { readHardwareConfig } from '../hardware-settings.js';
import { type Output, outputTo } from '../output.js';

export function defineDoctor(command: Command): void {
  command
    .description(
      'Checks this machine for a run on DPDK and names the command that mends each fault. Changes nothing. ' +
        'Exit code 1 if a run would fail.',
    )
    .option('--config <FILE>', 'the configuration of the run; see configs/')
    .addOption(
      new Option('--role <ROLE>', 'which end this machine is, when the configuration has both').choices([
        'server',
        'client',
      ]),
    )
    .action(({ config, role }: { config?: string; role?: 'server' | 'client' }) => {
      if (role !== undefined && config === undefined) throw new InputError('--role: expected --config FILE beside it');
      const checks = examine({
        addon: builtNative(),
        ...(config !== undefined && { config: configOfRole(readHardwareConfig(config), role) }),
      });
      const output = outputTo(process.stdout);
      output.write(formatChecks(checks, output));
      process.exitCode = wouldFail(checks) ? EXIT.no : EXIT.ok;
    });
}

/**
 * A line per check, and below it the command that mends a fault. Commands stay on one line, so that they can be
 * copied.
 */
function formatChecks(checks: readonly MachineCheck[], { width }: Pick<Output, 'width'>): string {
  const indent = Math.max(...checks.map(({ name }) => name.length)) + 8;
  return checks
    .map(({ name, verdict, found, mend }) => {
      const texts = wrap(found, width - indent);
      const lines = texts.map(
        (text, i) => `${(i === 0 ? `${verdict.padEnd(5)} ${name}` : '').padEnd(indent)}${text}\n`,
      );
      return verdict === 'ok' || mend === undefined ? lines.join('') : `${lines.join('')}      → ${mend}\n`;
    })
    .join('');
}
