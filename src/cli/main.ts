#!/usr/bin/env node
import { Command } from 'commander';
import { packageVersion } from '../experiment/package-info.js';
import { addDoctor } from './commands/doctor.js';
import { addLoad } from './commands/load.js';
import { addPolicies } from './commands/policies.js';
import { addReplay } from './commands/replay.js';
import { addRun } from './commands/run.js';
import { addServe } from './commands/serve.js';
import { addSim } from './commands/sim.js';
import { addSystems } from './commands/systems.js';
import { addWorkloads } from './commands/workloads.js';
import { EXIT, reportFailure } from './failure.js';

// A reader that has seen enough (psp … | head) is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
    throw error;
  });
}

const program = new Command('psp')
  .description('A laboratory and a runtime for microsecond-scale request scheduling.')
  .version(packageVersion(), '-V, --version', 'print the version')
  .exitOverride()
  // Errors are written by reportFailure, in one place.
  .configureOutput({ outputError: () => {} })
  .addHelpText('after', '\nStart with: psp sim --workload bimodal');
// Subcommands inherit what is set above.
addSim(program);
addRun(program);
addServe(program);
addLoad(program);
addReplay(program);
addDoctor(program);
addPolicies(program);
addWorkloads(program);
addSystems(program);

try {
  if (process.argv.length <= 2) program.outputHelp();
  else await program.parseAsync();
} catch (error) {
  process.exitCode = reportFailure(error);
}
