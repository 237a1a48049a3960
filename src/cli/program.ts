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
 * Reads the arguments and does what they say. Output goes to the process's streams; the exit code is left in `process.exitCode`.
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
    // Errors are written by reportFailure, in one place.
    .configureOutput({ outputError: () => {} })
    .addHelpText('after', '\nStart with: psp sim --workload bimodal');
  // Subcommands inherit what is set above.
  addSim(program);
  addSweep(program);
  addMerge(program);
  addReport(program);
  addFigure(program);
  addWorker(program);
  addValidate(program);
  addCapacity(program);
  addRun(program);
  addServe(program);
  addLoad(program);
  addCompare(program);
  addCalibrate(program);
  addReplay(program);
  addDoctor(program);
  addPolicies(program);
  addWorkloads(program);
  addSystems(program);
  return program;
}
