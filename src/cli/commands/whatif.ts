import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { writeTrace } from '../../data/import/trace-writer.js';
import { planRuns } from '../../experiment/plan/plan.js';
import { blame, type PlayedRequests, recordedRequests } from '../../experiment/run/recorded-requests.js';
import { runSimulation } from '../../experiment/run/run-simulation.js';
import { formatShare } from '../../report/text/numbers.js';
import { layOut, wrap } from '../../report/text/table.js';
import type { Result } from '../../results/result.js';
import { isPolicyFile } from '../../scheduler/policy-registry.js';
import { exactDuration, formatDuration } from '../../units/duration.js';
import { InputError } from '../../units/errors.js';
import { inShell } from '../../units/lists.js';
import { complain, EXIT } from '../failure.js';
import { type Output, outputTo } from '../output.js';
import { addSettings } from '../setting-options.js';
import { wholeNumber } from '../whole-number.js';

interface WhatifOptions {
  readonly policies?: readonly string[];
  readonly blame?: number;
}

const QUANTILES = [
  ['p50', 0.5, 'p50'],
  ['p99', 0.99, 'p99'],
  ['p99.9', 0.999, 'p99_9'],
] as const;

export function defineWhatif(command: Command): void {
  command
    .description(
      'Plays the requests of a recorded run under other policies, and shows the recorded policy simulated beside ' +
        'what really happened.',
    )
    .argument('<FILE>', 'written by psp sim --record or psp run --hw --record');
  addSettings(command, ['policy'], { policy: 'policies to try (default: only the recorded one)' });
  command
    .addOption(
      new Option('--blame <N>', 'also show the N worst requests of each type, and what they waited behind').argParser(
        wholeNumber('--blame', 1, 1000),
      ),
    )
    .addHelpText('after', '\nExample:\n  psp whatif run.events --policy sept,ts,c-fcfs --blame 5')
    .action(async (file: string, options: WhatifOptions) => {
      process.exitCode = await whatif(file, options);
    });
}

async function whatif(file: string, { policies = [], blame: worst }: WhatifOptions): Promise<number> {
  const requests = recordedRequests(file);
  const { header, doneNs, dropped } = requests;
  const done = doneNs.filter(Number.isFinite).length;
  if (done === 0) throw new InputError(`${file}: expected requests that were done, found none`);
  const left = doneNs.length - done - dropped;
  if (dropped > 0) complain(`note: ${dropped} dropped requests are left out: nobody knows their demand`);
  if (left > 0) complain(`note: ${left} requests were not done when the recording ended; they are left out`);
  const own = isPolicyFile(header.policy) ? [] : [header.policy];
  const tried = [...new Set([...own, ...policies])];
  const folder = mkdtempSync(join(tmpdir(), 'psp-whatif-'));
  const output = outputTo(process.stdout);
  try {
    const trace = join(folder, 'recorded.csv.gz');
    await writeTrace(trace, requests.names, function* (row) {
      for (const [i, at] of requests.arrivalNs.entries()) {
        if (Number.isFinite(doneNs[i])) row(at, requests.type[i]!, Math.max(1, Math.round(requests.busyNs[i]!)));
        if (i % 4096 === 0) yield;
      }
    });
    const results: [string, Result][] = [];
    for (const policy of tried) {
      const { specs } = await planRuns({ workload: trace, policies: [policy], workers: header.workers, warmup: 0 });
      results.push([policy, await runSimulation(specs[0]!)]);
    }
    output.write(table(requests, results, output));
    if (worst !== undefined) output.write(blameTable(file, requests, worst, output));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return EXIT.ok;
}

function table(requests: PlayedRequests, results: readonly (readonly [string, Result])[], output: Output): string {
  const { header, names, type, arrivalNs, doneNs } = requests;
  const rows: (readonly string[] | string)[] = [];
  names.forEach((name, kind) => {
    const sojourns = Float64Array.from(
      [...doneNs.keys()]
        .filter((i) => type[i] === kind && Number.isFinite(doneNs[i]))
        .map((i) => doneNs[i]! - arrivalNs[i]!),
    ).sort();
    if (sojourns.length === 0) return;
    const at = (q: number) => sojourns[Math.min(sojourns.length - 1, Math.ceil(q * sojourns.length) - 1)]!;
    rows.push(name);
    rows.push([`  ${header.policy}, as it was`, ...QUANTILES.map(([, q]) => formatDuration(at(q)))]);
    for (const [policy, result] of results) {
      const found = result.types.find((each) => each.name === name)?.sojournNs;
      const cells = QUANTILES.map(([, , key]) =>
        result.outcome === 'ok' && found?.[key] != null ? formatDuration(found[key]) : result.outcome,
      );
      rows.push([`  ${policy}, simulated`, ...cells]);
    }
  });
  const columns = [{ title: 'sojourn', align: 'left' as const }, ...QUANTILES.map(([title]) => ({ title }))];
  const lines = [
    ...wrap(`${header.workload} · ${header.workers} workers · recorded under ${header.policy}`, output.width),
    '',
    ...layOut(columns, rows, output),
    '',
    ...wrap(
      'The recorded policy, simulated, beside what happened shows how far the model may be believed: a demand is the ' +
        'time that a worker was busy with a request.',
      output.width,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function blameTable(file: string, requests: PlayedRequests, count: number, output: Output): string {
  const { dilation } = requests.header;
  const rows = blame(requests, count).map((each) => [
    each.type,
    String(each.request),
    formatDuration(each.arrivalNs),
    formatDuration(each.sojournNs),
    formatDuration(each.busyNs),
    String(each.preempted),
    each.behind.map(({ what, share }) => `${what} ${formatShare(share)}`).join(', ') || 'nothing',
    `psp replay ${inShell(file)} --timeline why.svg --from ${exactDuration(Math.floor(each.arrivalNs * dilation))} ` +
      `--for ${exactDuration(Math.max(1, Math.ceil(each.sojournNs * dilation)))}`,
  ]);
  const columns = [
    { title: 'type', align: 'left' as const },
    ...['request', 'came at', 'sojourn', 'busy', 'preempted'].map((title) => ({ title })),
    { title: 'while it waited, the workers did', align: 'left' as const, wraps: true as const },
  ];
  const cells = rows.map((row) => row.slice(0, -1));
  const windows = [...new Set(rows.map((row) => row.at(-1)!))].slice(0, 3).map((each) => `  ${each}`);
  return `\n${[...layOut(columns, cells, output), '', 'To see one:', ...windows].join('\n')}\n`;
}
