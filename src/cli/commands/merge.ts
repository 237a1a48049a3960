import type { Command } from 'commander';
import { mergeSweeps } from '../../experiment/sweep/merge-sweeps.js';
import { TABLES } from '../../experiment/sweep/run-sweep.js';
import { complain } from '../failure.js';
import { checkFolder, outputTo } from '../output.js';

export function defineMerge(command: Command): void {
  command
    .description('Copies the points of several folders of psp sweep into one and writes its tables.')
    .argument('<DIR...>', 'folders that psp sweep has written')
    .requiredOption('--out <DIR>', 'folder of all results; created if missing')
    .addHelpText('after', '\nExamples:\n  psp merge part-1 part-2 part-3 --out results/all')
    .action((folders: string[], { out }: { out: string }) => {
      checkFolder('--out', out, TABLES);
      const { added, present } = mergeSweeps(folders, out, complain);
      const before = present > 0 ? `, ${present} were there already` : '';
      outputTo(process.stdout).write(`${added} ${added === 1 ? 'point' : 'points'} added${before}\nresults: ${out}\n`);
    });
}
