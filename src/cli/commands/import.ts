import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { readDistributions } from '../../data/import/histogram-logs.js';
import {
  type ImportOptions,
  type Log,
  readLog,
  readSample,
  type Understood,
  understand,
  writeImport,
} from '../../data/import/import-log.js';
import { TIME_FORMS, UNITS } from '../../data/import/read-time.js';
import { workloadYaml } from '../../data/import/workload-yaml.js';
import { readText } from '../../experiment/plan/files.js';
import { writeInFolder } from '../../files/output-file.js';
import { importPage } from '../../report/html/import-page.js';
import { sayArrivals } from '../../report/text/fit-text.js';
import { formatFirstRows, formatImport } from '../../report/text/import-text.js';
import type { ImportReport } from '../../results/import-schema.js';
import { InputError } from '../../units/errors.js';
import { inShell, quoted } from '../../units/lists.js';
import { complain, EXIT } from '../failure.js';
import { checkSelf } from '../import-check.js';
import { importNotes } from '../import-notes.js';
import { checkFolder, outputTo } from '../output.js';
import { showProgress } from '../progress.js';
import { wholeNumber } from '../whole-number.js';

/** What it writes into its folder. */
const FILES = { trace: 'trace.csv.gz', workload: 'workload.yaml', report: 'import.json', page: 'import.html' } as const;

export interface ImportCliOptions {
  readonly out?: string;
  readonly time?: readonly [string, string | undefined];
  readonly timeIs?: 'arrival' | 'completion';
  readonly type?: string;
  readonly duration?: readonly [string, string | undefined];
  readonly service?: readonly [string, string | undefined];
  readonly durationIs?: 'service' | 'response';
  readonly workers?: number;
  readonly where?: readonly { readonly column: string; readonly value: string }[];
  readonly logFormat?: string;
  readonly typesMax: number;
  readonly unreadableMax: number;
}

const EXAMPLES = `
Without options it guesses, and shows the guess, the first rows as it read them
and the command that says the same in full.

A duration in a log is mostly a response time: waiting and service. A trace
needs the service alone. Say which it is with --duration-is.

Examples:
  psp import access.csv --out shop
  psp import access.csv --out shop --duration-is response --workers 8
  psp import access.log --log-format '$msec "$request" $request_time' \\
    --duration-is response --workers 4 --out shop
  psp import spans.json --duration-is response --workers 8 --out shop
  psp import latency.hlog --duration-is service --out shop`;

export function defineImport(command: Command): void {
  command
    .description('Makes a workload and a trace of a log: CSV, JSON, an access log, spans, or histograms; also .gz.')
    .argument('<FILE>', 'the log')
    .option('--out <DIR>', `folder for ${Object.values(FILES).join(', ')}; without it, only the guess is shown`)
    .addOption(new Option('--duration-is <WHAT>', 'what a duration in the log is').choices(['service', 'response']))
    .addOption(
      new Option('--workers <N>', 'workers of the service that wrote the log').argParser(
        wholeNumber('--workers', 1, 65_536),
      ),
    )
    .addOption(columnOption('--time <COLUMN:FORM>', `when; FORM: ${TIME_FORMS.join(', ')}`, TIME_FORMS))
    .addOption(new Option('--time-is <WHAT>', 'what that time is').choices(['arrival', 'completion']))
    .option('--type <COLUMN>', 'what the request was; several as COLUMN,COLUMN')
    .addOption(columnOption('--duration <COLUMN:UNIT>', 'how long it took; UNIT: ns, us, ms, s', [...UNITS.keys()]))
    .addOption(columnOption('--service <COLUMN:UNIT>', 'instead, how long a worker was busy', [...UNITS.keys()]))
    .addOption(
      new Option('--where <COLUMN=VALUE>', 'only rows with this value').argParser(
        (text: string, before: ImportCliOptions['where']) => [...(before ?? []), parseWhere(text)],
      ),
    )
    .option('--log-format <FORMAT>', 'lines of an access log, in the words of nginx, HAProxy or Envoy')
    .addOption(
      new Option('--types-max <N>', 'types that are kept; the rarest become OTHER')
        .argParser(wholeNumber('--types-max', 1, 64))
        .default(12),
    )
    .addOption(
      new Option('--unreadable-max <X%>', 'share of rows that may be unreadable')
        .argParser(parsePercent)
        .default(0.01, '1%'),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: ImportCliOptions) => {
      process.exitCode = await importFile(file, options);
    });
}

/** `COLUMN:FORM`, where a column may have colons in its name. */
function columnOption(flags: string, help: string, forms: readonly string[]): Option {
  return new Option(flags, help).argParser((text: string): [string, string | undefined] => {
    const at = text.lastIndexOf(':');
    const form = text.slice(at + 1);
    const isForm = forms.some((each) => each === form || each === `epoch-${form}`);
    return at > 0 && isForm ? [text.slice(0, at), form] : [text, undefined];
  });
}

function parseWhere(text: string): { column: string; value: string } {
  const at = text.indexOf('=');
  if (at < 1) throw new InputError(`--where: expected COLUMN=VALUE, found '${text}'`);
  return { column: text.slice(0, at), value: text.slice(at + 1) };
}

function parsePercent(text: string): number {
  const value = Number(/^([\d.]+)\s*%$/.exec(text)?.[1]);
  if (value >= 0 && value <= 100) return value / 100;
  throw new InputError(`--unreadable-max: expected a share from 0% to 100%, found '${text}'`);
}

async function importFile(file: string, cli: ImportCliOptions): Promise<number> {
  const { out } = cli;
  if (cli.duration && cli.service) throw new InputError('expected only one of --duration and --service, found both');
  if (out !== undefined) checkFolder('--out', out, Object.values(FILES), [file]);
  const sample = await readSample(file, file);
  if (
    /^(#\[Histogram|"StartTimestamp"|# (HELP|TYPE) )|_bucket\{|Percentile spectrum|Latency Distribution/m.test(sample)
  )
    return importDistributions(file, cli);
  const { onProgress, hide } = progressOf(file);
  try {
    const options = optionsOf(cli, onProgress);
    const understood = understand(sample, file, options);
    showGuess(file, understood, cli);
    const isService = decideService(understood, cli, file);
    if (out === undefined) return EXIT.ok;
    const log = await readLog(file, file, understood, options);
    try {
      await writeFiles(file, out, log, isService, cli);
    } finally {
      log.collector.store.close();
    }
    return EXIT.ok;
  } finally {
    hide();
  }
}

function progressOf(file: string): { onProgress: (done: number) => void; hide: () => void } {
  let done = 0;
  const { hide } = showProgress({ done: () => done }, file);
  return {
    onProgress: (share) => {
      done = share;
    },
    hide,
  };
}

function optionsOf(cli: ImportCliOptions, onProgress: (done: number) => void): ImportOptions {
  const { time, duration, service, type, where, timeIs, logFormat, typesMax, unreadableMax } = cli;
  const pair = (given: readonly [string, string | undefined]) => ({
    column: given[0],
    ...(given[1] !== undefined && { unit: given[1] }),
  });
  return {
    columns: {
      ...(time && { time: { column: time[0], ...(time[1] !== undefined && { form: time[1] }) } }),
      ...(timeIs && { timeIs }),
      ...(type !== undefined && { type }),
      ...(duration && { duration: pair(duration) }),
      ...(service && { service: pair(service) }),
      ...(where && { where }),
    },
    ...(logFormat !== undefined && { logFormat }),
    typesMax,
    unreadableMax,
    onProgress,
  };
}

/** Shows what was understood. */
function showGuess(file: string, { kind, columns }: Understood, cli: ImportCliOptions): void {
  const output = outputTo(process.stdout);
  const { names, time, type, duration, isService, timeIs } = columns;
  const rows = kind.rows.slice(0, 3).map((row) => ({
    time: row[time.column] ?? '',
    type: type.map((at) => row[at] ?? '').join(' '),
    duration: `${row[duration.column] ?? ''} ${duration.unit}`,
  }));
  const titles = {
    time: `${names[time.column]} (${timeIs}, ${time.form})`,
    type: type.length === 0 ? 'no type' : `${type.map((at) => names[at]).join(' ')} (type)`,
    duration: `${names[duration.column]} (${isService ? 'service' : (cli.durationIs ?? 'duration')})`,
  };
  output.write(formatFirstRows(`${file} is ${kind.name}. Its first rows:`, titles, rows, output));
  output.write(`${commandOfImport(file, columns, cli)}\n\n`);
}

/** The command in full. */
export function commandOfImport(file: string, columns: Understood['columns'], cli: ImportCliOptions): string {
  const { names, time, timeIs, type, duration, isService, where } = columns;
  const words = [
    ...['psp import', inShell(file), '--time', inShell(`${names[time.column]}:${time.form}`), '--time-is', timeIs],
    ...(type.length > 0
      ? ['--type', inShell(type.map((at) => (type.length > 1 ? quoted(names[at]!) : names[at])).join(','))]
      : []),
    ...[isService ? '--service' : '--duration', inShell(`${names[duration.column]}:${duration.unit}`)],
    ...where.flatMap(({ column, value }) => ['--where', inShell(`${names[column]}=${value}`)]),
    ...(isService ? [] : ['--duration-is', cli.durationIs ?? 'response']),
    ...(isService || cli.durationIs === 'service' ? [] : ['--workers', String(cli.workers ?? 'N')]),
    ...(cli.logFormat === undefined ? [] : ['--log-format', inShell(cli.logFormat)]),
    ...['--out', inShell(cli.out ?? 'DIR')],
  ];
  return words.join(' ');
}

/**
 * Are the durations demands? Nobody but the person can know.
 *
 * @throws InputError that asks
 */
function decideService({ columns }: Understood, cli: ImportCliOptions, file: string): boolean {
  if (columns.isService) return true;
  const { durationIs, workers, out } = cli;
  const name = columns.names[columns.duration.column];
  if (durationIs === undefined && out !== undefined) {
    throw new InputError(
      `${file}: is '${name}' the time that a worker was busy, or the whole response with its wait? Add --duration-is ` +
        'service, or --duration-is response --workers N. An access log has responses. Taken for services, they make ' +
        'every wait count twice',
    );
  }
  if (durationIs === 'response' && workers === undefined) {
    throw new InputError('expected --workers N beside --duration-is response: how many requests were served at once?');
  }
  return durationIs === 'service';
}

async function writeFiles(
  file: string,
  out: string,
  log: Log,
  isService: boolean,
  cli: ImportCliOptions,
): Promise<void> {
  const { collector, columns, kind } = log;
  const tracePath = join(out, FILES.trace);
  const imported = await writeImport(log, tracePath, isService, cli.workers);
  const { types, profile, evidence, arrivals, logged } = imported;
  const selfCheck = evidence && (await checkSelf(tracePath, evidence, logged));
  const report: ImportReport = {
    schema: 'psp.import/1',
    file,
    format: kind,
    command: commandOfImport(file, columns, cli),
    rows: collector.store.rows,
    unreadable: collector.unreadable.count,
    skipped: collector.skipped,
    ...importNotes(log, profile, imported, isService),
    profile,
    ...(evidence && { evidence }),
    ...(selfCheck && { selfCheck }),
  };
  for (const { file: name, line, message } of collector.unreadable.named) complain(`${name}:${line}: ${message}`);
  const description = `from ${file}; arrivals: ${sayArrivals(arrivals)}`;
  writeInFolder(join(out, FILES.workload), workloadYaml(nameOf(out), description, types, arrivals.yaml));
  finish(out, report, Object.values(FILES));
}

/** Writes the report, and says what there is. */
function finish(out: string, report: ImportReport, files: readonly string[]): void {
  writeInFolder(join(out, FILES.report), `${JSON.stringify(report, null, 2)}\n`);
  writeInFolder(join(out, FILES.page), importPage(report));
  const output = outputTo(process.stdout);
  output.write(formatImport(report, output));
  output.write(`\nwritten: ${files.map((name) => join(out, name)).join(', ')}\n`);
  const rateRps = report.profile?.rateRps ?? Number.NaN;
  if (!Number.isFinite(rateRps)) return;
  const words = ['psp advise', inShell(join(out, FILES.workload)), '--rate', String(Math.round(rateRps))];
  output.write(`next: ${words.join(' ')} --slo 'p99 latency < 2ms' --growth 30%\n`);
}

/** The name of a workload: that of its folder. */
function nameOf(out: string): string {
  return out.replace(/[/\\]+$/, '').replace(/^.*[/\\]/, '') || 'imported';
}

/** Files without single requests: a workload, but no trace. */
function importDistributions(file: string, cli: ImportCliOptions): number {
  const { out, durationIs } = cli;
  const unit = cli.service?.[1] ?? cli.duration?.[1] ?? cli.service?.[0] ?? cli.duration?.[0];
  const found = readDistributions(readText(file), file, UNITS.get(unit ?? 'ns') ?? 1);
  if (!found) throw new InputError(`${file}:1: expected histograms, found none`);
  if (durationIs !== 'service') {
    throw new InputError(
      `${file}: a distribution of response times does not show demands: nobody can tell waiting from service in it. ` +
        'If a worker was busy for these times, say --duration-is service; else import a log of requests',
    );
  }
  if (out === undefined) throw new InputError('expected --out DIR, found nothing');
  const requests = found.types.reduce((sum, type) => sum + type.requests, 0);
  const rate = found.rateRps === undefined ? [] : [`${Number(found.rateRps.toPrecision(3))} requests per second`];
  const assumed = 'taken for Poisson, because a distribution does not say how requests came';
  const description = `from ${file}; arrivals: ${assumed}`;
  writeInFolder(join(out, FILES.workload), workloadYaml(nameOf(out), description, found.types, 'poisson'));
  const report: ImportReport = {
    schema: 'psp.import/1',
    file,
    format: found.kind,
    command: `psp import ${inShell(file)} --duration-is service --out ${inShell(out)}`,
    rows: Math.round(requests),
    unreadable: 0,
    skipped: 0,
    assumptions: [`arrivals are ${assumed}`, ...rate],
    warnings: [],
  };
  finish(out, report, [FILES.workload, FILES.report, FILES.page]);
  return EXIT.ok;
}
