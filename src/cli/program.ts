import { Command } from 'commander';
import { packageVersion } from '../experiment/package-info.js';
import { addCalibrate } from './commands/calibrate.js';
import { addCapacity } from './commands/capacity.js';
import { addCompare } from './commands/compare.js';
import { addDoctor } from './commands/doctor.js';
import { addFigure } from './commands/figure.js';
import { addLoad } from './commands/load.js';
import { addMerge } from './commands/merge.js';
import { addPolicies } from './commands/policies.js';
import { addReplay } from './commands/replay.js';
import { addReport } from './commands/report.js';
import { addRun } from './commands/run.js';
import { addServe } from './commands/serve.js';
import { addSim } from './commands/sim.js';
import { addSweep } from './commands/sweep.js';
import { addSystems } from './commands/systems.js';
import { addValidate } from './commands/validate.js';
import { addWorker } from './commands/worker.js';
import { addWorkloads } from './commands/workloads.js';
import { reportFailure } from './failure.js';

/**
 * Runs the command that the arguments name. Writes to the process's streams and leaves the exit code in `process.exitCode`.
 *
 * @param args without the names of node and of the script
 */
export async function runPsp(args: readonly string[]): Promise<void> {
  const program = createProgram();
  try {
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = reportFailure(error);
  }
}

function createProgram(): Command {
  const program = new Command('psp')
    .description('A laboratory and a runtime for microsecond-scale request scheduling.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .exitOverride()
    // reportFailure writes all errors.
    .configureOutput({ outputError: () => {} })
    .addHelpText('after', '\nStart with: psp sim --workload bimodal');
  // Subcommands inherit what is set above. Each belongs to the group that is named before it.
  program.commandsGroup('Simulate:');
  for (const add of [addSim, addSweep, addMerge, addReport, addCapacity, addFigure, addValidate, addWorker])
    add(program);
  program.commandsGroup('Run on real machines:');
  for (const add of [addRun, addServe, addLoad, addCalibrate, addDoctor]) add(program);
  program.commandsGroup('Compare and replay:');
  for (const add of [addCompare, addReplay]) add(program);
  program
    .commandsGroup('Look up:')
    .addHelpCommand(
      new Command('help').argument('[command]').description('show the help of a command').helpGroup('Look up:'),
    );
  for (const add of [addPolicies, addWorkloads, addSystems]) add(program);
  return program;
}
