import type { Command } from 'commander';
import { findWorkload, readWorkload, shippedWorkloads } from '../../experiment/plan/files.js';
import { formatShare } from '../../report/text/numbers.js';
import { type Column, layOut, wrap } from '../../report/text/table.js';
import { formatDuration } from '../../units/duration.js';
import { InputError } from '../../units/errors.js';
import { squaredVariation } from '../../workload/distributions/distribution.js';
import type { Phase, Workload } from '../../workload/workload.js';
import { formatList } from '../list.js';
import { type Output, outputTo } from '../output.js';

const YOURS = 'Your own: psp sim --workload FILE, a .yaml like those in workloads/ or a trace\n(.csv, .csv.gz).\n';

export function defineWorkloads(command: Command): void {
  command
    .description('Lists the workloads that come with psp. With names or files, shows these in full.')
    .argument('[NAME|FILE...]', 'workloads to show in full')
    .option('--json', 'as JSON, with their types')
    .action((names: string[], { json }: { json?: true }) => {
      const output = outputTo(process.stdout);
      const workloads = (names.length > 0 ? names : shippedWorkloads()).map(read);
      if (json) output.write(`${JSON.stringify(workloads.map(plain), null, 2)}\n`);
      else if (names.length > 0) output.write(workloads.map((workload) => describe(workload, output)).join('\n'));
      else {
        const entries = workloads.map(({ name, title, description }) => [name, `${title}: ${description}`] as const);
        output.write(`${formatList('workload', entries, output)}\nOne in full: psp workloads NAME\n${YOURS}`);
      }
    });
}

/** @throws InputError */
function read(name: string): Workload {
  const file = findWorkload(name);
  if (file.kind === 'trace') {
    throw new InputError(`${name}: a trace has no description: expected a name or a .yaml file; psp sim runs a trace`);
  }
  return readWorkload(file);
}

/** The workload as plain data, with the types of the first phase. */
function plain({ name, title, description, types, phases }: Workload) {
  return {
    name,
    title,
    description,
    types: types.map(({ name, ...stated }, type) => ({
      name,
      ratio: phases[0]!.ratio[type],
      service: phases[0]!.service[type]!.kind,
      meanServiceNs: phases[0]!.service[type]!.meanNs,
      ...stated,
    })),
    arrivals: phases[0]!.arrivals.kind,
    phasesNs: phases.length > 1 ? phases.map(({ durationNs }) => durationNs) : [],
  };
}

function describe(workload: Workload, { style, width }: Output): string {
  const { name, title, description, phases } = workload;
  const lines = [
    style.heading(name),
    ...wrap(`${title}: ${description}`, width - 2).map((line) => `  ${line}`),
    ...phases.flatMap((phase, i) => [
      '',
      ...(phases.length > 1 ? [`  phase ${i + 1}, ${formatDuration(phase.durationNs)}`] : []),
      ...typeTable(workload, phase, { style, width }),
      `  arrivals ${phase.arrivals.kind}, mean service time ${formatDuration(phase.meanServiceNs)}`,
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** The types of a phase as a table. Columns without a value are left out. */
function typeTable(
  { types }: Workload,
  { ratio, service, meanServiceNs }: Phase,
  look: Pick<Output, 'style' | 'width'>,
) {
  const deadlines = types.some(({ deadlineNs }) => deadlineNs !== undefined);
  const slos = types.some(({ sloNs }) => sloNs !== undefined);
  const columns: Column[] = [
    { title: '  type', align: 'left' },
    { title: 'requests' },
    { title: 'work' },
    { title: 'mean service' },
    { title: 'distribution', align: 'left' },
    { title: 'variation' },
    ...(deadlines ? [{ title: 'deadline' }] : []),
    ...(slos ? [{ title: 'target' }] : []),
  ];
  const time = (ns: number | undefined) => (ns === undefined ? '–' : formatDuration(ns));
  const rows = types.flatMap(({ name, deadlineNs, sloNs }, type) => {
    const share = ratio[type]!;
    const its = service[type]!;
    if (share === 0) return [];
    return [
      [
        `  ${name}`,
        formatShare(share),
        formatShare((share * its.meanNs) / meanServiceNs),
        formatDuration(its.meanNs),
        its.kind,
        String(Number(squaredVariation(its).toPrecision(3))),
        ...(deadlines ? [time(deadlineNs)] : []),
        ...(slos ? [time(sloNs)] : []),
      ],
    ];
  });
  return layOut(columns, rows, look);
}
