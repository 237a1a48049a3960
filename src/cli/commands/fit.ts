import { type Command, Option } from 'commander';
import { fitTrace } from '../../data/fit/fit-trace.js';
import { findWorkload } from '../../experiment/plan/files.js';
import { planRuns } from '../../experiment/plan/plan.js';
import { runSimulation } from '../../experiment/run/run-simulation.js';
import { writeOutput } from '../../files/output-file.js';
import { scanTraceFile } from '../../files/trace-file.js';
import { fitPage } from '../../report/html/fit-page.js';
import { formatFit } from '../../report/text/fit-text.js';
import type { FitProof, FitReport } from '../../results/fit-schema.js';
import { InputError } from '../../units/errors.js';
import { EXIT } from '../failure.js';
import { checkOutputs, outputBeside, sendJson, withEnding } from '../output.js';
import { showProgress } from '../progress.js';
import { wholeNumber } from '../whole-number.js';

interface FitCliOptions {
  readonly out: string;
  readonly page?: string;
  readonly json?: string;
  readonly workers: number;
}

/** Where the fitted workload is proven. */
const LOADS = [0.5, 0.7, 0.85];
const POLICIES = ['c-fcfs', 'darc'];
/** Requests of a run of the proof. */
const MOST_REQUESTS = 1_000_000;

export function defineFit(command: Command): void {
  command
    .description(
      'Fits the demands of each type and the arrivals of a trace, writes them as a workload, and shows the p99.9 ' +
        'of both under c-FCFS and DARC at three loads.',
    )
    .argument('<TRACE>', 'a trace, .csv or .csv.gz, such as psp import writes')
    .option('--out <FILE>', 'the workload, .yaml', 'fitted.yaml')
    .option('--page <FILE>', 'the fit as a page with pictures, .html')
    .addOption(
      new Option('--workers <N>', 'workers of the proof').argParser(wholeNumber('--workers', 1, 65_536)).default(14),
    )
    .option('--json <FILE>', 'the fit as JSON, - for stdout')
    .addHelpText('after', '\nExample:\n  psp fit shop/trace.csv.gz --workers 4 --out shop/fitted.yaml --page fit.html')
    .action(async (trace: string, options: FitCliOptions) => {
      process.exitCode = await fit(trace, options);
    });
}

async function fit(trace: string, { out, page, json, workers }: FitCliOptions): Promise<number> {
  const { kind, path, fileName } = findWorkload(trace);
  if (kind !== 'trace') throw new InputError(`${trace}: expected a trace, .csv or .csv.gz, found a workload file`);
  withEnding('--out', out, ['yaml', 'yml']);
  if (page !== undefined) withEnding('--page', page, ['html']);
  checkOutputs({ '--out': out, '--page': page, '--json': json }, [path]);
  const { hide, note } = showProgress(undefined, 'fit');
  try {
    const { summary } = await scanTraceFile(path, fileName);
    const name = fileName.replace(/^.*[/\\]/, '').replace(/\.csv(\.gz)?$/i, '');
    const { services, arrivals, yaml } = await fitTrace(path, summary, name);
    writeOutput(out, yaml);
    const proof: FitProof[] = [];
    for (const policy of POLICIES) {
      for (const load of LOADS) {
        note(`${policy} at load ${load}`);
        const requests = Math.min(MOST_REQUESTS, summary.requests);
        const of = (workload: string) => p999Of({ workload, policies: [policy], workers, load, requests, warmup: 0.1 });
        proof.push({ policy, load, traceNs: await of(trace), fittedNs: await of(out) });
      }
    }
    hide();
    const report: FitReport = {
      schema: 'psp.fit/1',
      trace: fileName,
      requests: summary.requests,
      services: services.map(({ yaml: _, ...service }) => service),
      arrivals: { ...arrivals },
      workers,
      proof,
    };
    const output = outputBeside(json);
    output.write(`${formatFit(report, output)}\nwritten: ${out}\n`);
    if (page !== undefined) writeOutput(page, fitPage(report));
    sendJson(json, report);
    return EXIT.ok;
  } finally {
    hide();
  }
}

/** Null where requests never come out, or all come at once. */
async function p999Of(settings: Parameters<typeof planRuns>[0]): Promise<number | null> {
  const { specs } = await planRuns(settings);
  const { overall, outcome } = await runSimulation(specs[0]!);
  return outcome === 'ok' ? overall.sojournNs.p99_9 : null;
}
