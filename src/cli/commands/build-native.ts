import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Command } from 'commander';
import { PACKAGE_ROOT } from '../../experiment/package-info.js';
import { EXIT } from '../failure.js';

export function defineBuildNative(command: Command): void {
  command
    .description(
      'Builds the DPDK addon, where psp is installed, with the compiler and the DPDK of this machine. Builds only ' +
        'what has changed. Names the packages that are missing.',
    )
    .option('--quiet', 'say nothing unless it fails')
    .action(async ({ quiet }: { quiet?: true }) => {
      process.exitCode = await build(quiet ? ['--quiet'] : []);
    });
}

/** Returns the exit code. The script is one of its own, because a checkout builds the addon before psp is built. */
function build(options: readonly string[]): Promise<number> {
  const script = join(PACKAGE_ROOT, 'scripts/build-native.mjs');
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...options], { stdio: 'inherit' });
    child.on('error', () => resolve(EXIT.environment));
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? EXIT.interrupted : EXIT.environment)));
  });
}
