import { Command } from 'commander';
import { packageVersion } from '../experiment/package-info.js';
import { removeEmptyFolders } from '../files/folders.js';
import { allowPolicyFiles } from '../policy-files/open-policies.js';
import { reportFailure } from './failure.js';

interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Loads the module of the command, which gives it its options and its action. */
  readonly load: () => Promise<(command: Command) => void>;
}

/**
 * All commands by the group that --help lists them in. Only the one that is called is loaded, because loading takes
 * most of a start.
 */
const COMMANDS: Readonly<Record<string, readonly CommandEntry[]>> = {
  'Simulate:': [
    {
      name: 'lab',
      summary: 'open the laboratory in a browser: see why idling helps',
      load: async () => (await import('./commands/lab.js')).defineLab,
    },
    {
      name: 'sim',
      summary: 'simulate policies on a workload and compare them',
      load: async () => (await import('./commands/sim.js')).defineSim,
    },
    {
      name: 'sweep',
      summary: 'simulate every combination of values, into a folder',
      load: async () => (await import('./commands/sweep.js')).defineSweep,
    },
    {
      name: 'merge',
      summary: 'put the parts of a sweep together',
      load: async () => (await import('./commands/merge.js')).defineMerge,
    },
    {
      name: 'report',
      summary: 'turn a sweep into one HTML page',
      load: async () => (await import('./commands/report.js')).defineReport,
    },
    {
      name: 'plot',
      summary: 'draw a figure for a paper from any sweep',
      load: async () => (await import('./commands/plot.js')).definePlot,
    },
    {
      name: 'verify',
      summary: 'run points of a sweep again and compare them',
      load: async () => (await import('./commands/verify.js')).defineVerify,
    },
    {
      name: 'capacity',
      summary: 'find the highest load, or the fewest workers, that meet objectives',
      load: async () => (await import('./commands/capacity.js')).defineCapacity,
    },
    {
      name: 'tune',
      summary: "search for the best values of a policy's parameters",
      load: async () => (await import('./commands/tune.js')).defineTune,
    },
    {
      name: 'figure',
      summary: "simulate a figure of Perséphone's paper and check its claims",
      load: async () => (await import('./commands/figure.js')).defineFigure,
    },
    {
      name: 'validate',
      summary: 'check the simulator against queueing theory',
      load: async () => (await import('./commands/validate.js')).defineValidate,
    },
    {
      name: 'worker',
      summary: 'run points of a sweep from a queue, on any machine',
      load: async () => (await import('./commands/worker.js')).defineWorker,
    },
  ],
  'From your own data:': [
    {
      name: 'import',
      summary: 'turn a log into a workload and a trace',
      load: async () => (await import('./commands/import.js')).defineImport,
    },
    {
      name: 'fit',
      summary: 'fit distributions and arrivals to a trace',
      load: async () => (await import('./commands/fit.js')).defineFit,
    },
    {
      name: 'whatif',
      summary: 'play the requests of a recorded run under other policies',
      load: async () => (await import('./commands/whatif.js')).defineWhatif,
    },
    {
      name: 'advise',
      summary: 'say which policy needs the fewest workers, today and tomorrow',
      load: async () => (await import('./commands/advise.js')).defineAdvise,
    },
  ],
  'Run on real machines:': [
    {
      name: 'run',
      summary: 'run policies for real, on DPDK',
      load: async () => (await import('./commands/run.js')).defineRun,
    },
    {
      name: 'serve',
      summary: 'serve requests over DPDK until Ctrl-C',
      load: async () => (await import('./commands/serve.js')).defineServe,
    },
    {
      name: 'load',
      summary: 'generate load for a server, psp or another',
      load: async () => (await import('./commands/load.js')).defineLoad,
    },
    {
      name: 'calibrate',
      summary: 'measure what this machine costs, for psp sim --system',
      load: async () => (await import('./commands/calibrate.js')).defineCalibrate,
    },
    {
      name: 'testbed',
      summary: 'check the machines of an experiment, and run commands on all of them',
      load: async () => (await import('./commands/testbed.js')).defineTestbed,
    },
    {
      name: 'build-native',
      summary: 'build the DPDK addon on this machine',
      load: async () => (await import('./commands/build-native.js')).defineBuildNative,
    },
    {
      name: 'doctor',
      summary: 'check what this machine lacks for a run on DPDK',
      load: async () => (await import('./commands/doctor.js')).defineDoctor,
    },
  ],
  'Compare and replay:': [
    {
      name: 'compare',
      summary: 'compare two results, such as a simulated and a real one',
      load: async () => (await import('./commands/compare.js')).defineCompare,
    },
    {
      name: 'replay',
      summary: 'check that every decision of a recorded run comes out again',
      load: async () => (await import('./commands/replay.js')).defineReplay,
    },
  ],
  'Write a policy:': [
    {
      name: 'new',
      summary: 'write a policy to begin with, and its test',
      load: async () => (await import('./commands/new.js')).defineNew,
    },
    {
      name: 'check',
      summary: 'hold policies to what they promise',
      load: async () => (await import('./commands/check.js')).defineCheck,
    },
  ],
  'Look up:': [
    {
      name: 'policies',
      summary: 'list the scheduling policies, or show one in full',
      load: async () => (await import('./commands/policies.js')).definePolicies,
    },
    {
      name: 'workloads',
      summary: 'list the workloads that come with psp, or show one in full',
      load: async () => (await import('./commands/workloads.js')).defineWorkloads,
    },
    {
      name: 'systems',
      summary: 'list the modelled systems, or show one with what it costs',
      load: async () => (await import('./commands/systems.js')).defineSystems,
    },
  ],
};

/**
 * Runs the command that the arguments name. Writes to the process's streams and leaves the exit code in
 * `process.exitCode`.
 *
 * @param args without the names of node and of the script
 */
export async function runPsp(args: readonly string[]): Promise<void> {
  allowPolicyFiles();
  try {
    // The command line is read before the file that gives its names.
    if (args.some((arg) => arg.startsWith('--policy'))) (await import('./config-file.js')).knowConfigPolicies(args);
    const program = await createProgram(args);
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = reportFailure(error);
    removeEmptyFolders();
  }
}

async function createProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('psp')
    .description('A laboratory and a runtime for microsecond-scale request scheduling.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .exitOverride()
    // reportFailure writes all errors.
    .configureOutput({ outputError: () => {} })
    .addHelpText('after', '\nStart with: psp sim --workload bimodal');
  const called = args.find((arg) => arg !== 'help' && !arg.startsWith('-'));
  // Subcommands inherit what is set above. Each belongs to the group that is named before it.
  for (const [group, entries] of Object.entries(COMMANDS)) {
    program.commandsGroup(group);
    for (const { name, summary, load } of entries) {
      const command = program.command(name).summary(summary);
      if (name === called) (await load())(command);
    }
  }
  return program.addHelpCommand(
    new Command('help').argument('[command]').description('show the help of a command').helpGroup('Look up:'),
  );
}
