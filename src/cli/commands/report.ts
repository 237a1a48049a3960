import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { PACKAGE_ROOT } from '../../experiment/package-info.js';
import { filesOf, readSweep } from '../../experiment/sweep/store.js';
import { writeOutput } from '../../files/output-file.js';
import { pageModules } from '../../report/html/page-modules.js';
import { reportData } from '../../report/html/report-data.js';
import { reportPage } from '../../report/html/report-page.js';
import { InputError } from '../../units/errors.js';
import { complain } from '../failure.js';
import { checkOutputs, outputTo } from '../output.js';

export function defineReport(command: Command): void {
  command
    .description(
      'Writes one HTML file with all points of a sweep: charts, tables, reservations over time, and the ' +
        'command of each point. It opens from disk, without a server.',
    )
    .argument('<DIR>', 'folder that psp sweep, psp merge or psp figure has written')
    .option('--out <FILE>', 'where to write the page (default: report.html in the folder)')
    .addHelpText('after', '\nExamples:\n  psp report results/bimodal\n  psp report results/bimodal --out bimodal.html')
    .action((folder: string, { out = join(folder, 'report.html') }: { out?: string }) => {
      const { points, failed, leftOut } = readSweep(folder);
      for (const line of leftOut) complain(line);
      if (points.length === 0)
        throw new InputError(`${join(folder, 'points')}: expected points of a sweep, found none`);
      checkOutputs({ '--out': out }, filesOf(folder));
      const page = reportPage(
        reportData(basename(resolve(folder)), points, failed),
        pageModules(join(PACKAGE_ROOT, 'dist'), 'report/page/main.js'),
      );
      writeOutput(out, page);
      const count = points.length === 1 ? '1 point' : `${points.length} points`;
      const others = failed.length > 0 ? ` and ${failed.length} that could not be run` : '';
      outputTo(process.stdout).write(`${out}: ${count}${others}, ${Math.ceil(Buffer.byteLength(page) / 1000)} kB\n`);
    });
}
