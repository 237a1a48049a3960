import { readdirSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { plotText } from '../../src/cli/plot-file.js';
import { readChecked } from '../../src/input/read-checked.js';
import { renderChart } from '../../src/report/charts/render.js';
import { plotChart } from '../../src/report/plot/plot-chart.js';
import { readPlotSpec } from '../../src/report/plot/plot-spec.js';
import { parseSystem } from '../../src/sim/parse-system.js';
import { InputError } from '../../src/units/errors.js';
import { createRequestSource } from '../../src/workload/generate.js';
import { parseWorkload } from '../../src/workload/parse-workload.js';
import { substream } from '../../src/workload/random.js';
import { RequestBatch } from '../../src/workload/request-source.js';
import { resultOf } from '../report/results.js';
import { type Choices, choicesOf, failure, unclear } from './fuzz.js';

interface Kind {
  readonly texts: readonly string[];
  /** Reads a text and uses what it says. */
  readonly use: (text: string) => void;
}

const TOKENS = [
  ...[
    '~',
    '[]',
    '{}',
    '-1',
    '0',
    '.inf',
    '.nan',
    '1e400',
    '1ns',
    '1e-300s',
    '100h',
    '<<: *a',
    '&a',
    '*a',
    '- ',
    '? ',
    ': ',
  ],
  ...[
    '!!binary x',
    '!!js/function x',
    '---',
    '...',
    '# x',
    '"',
    "'",
    '|',
    '>',
    '\t',
    '\u0000',
    '\u202e',
    'UNKNOWN',
    'constructor',
  ],
  ...[
    '__proto__: 1',
    'toString',
    'ratio: 1',
    'service: 1us',
    'name: A',
    '{ exponential: { mean: 1us } }',
    '[1, 2]',
    '9007199254740993',
  ],
];

/** A thousand keys of nesting, and a tree of aliases that would unfold to 10^9 items. */
const DEEP = `${'['.repeat(1000)}${']'.repeat(1000)}`;
const LAUGHS = Array.from({ length: 9 }, (_, i) => `a${i}: &a${i} [${i === 0 ? 'x' : `*a${i - 1},`.repeat(10)}]`).join(
  '\n',
);

/**
 * Feeds the YAML reader with workloads, systems and plots that are broken at random. Each must be usable or be refused
 * with a clear error.
 *
 * @throws Error that names the run
 */
export function fuzzYamlReader(seed: string | number, count: number): void {
  const kinds: readonly Kind[] = [
    { texts: shipped('workloads'), use: useWorkload },
    { texts: shipped('configs/systems'), use: (text) => void parseSystem(text, 's.yaml') },
    { texts: shipped('experiments/plots'), use: usePlot },
  ];
  for (let run = 0; run < count; run++) {
    const choices = choicesOf(substream(seed, 'fuzz/yaml', run));
    const { texts, use } = choices.pick(kinds);
    const text = broken(choices.pick(texts), choices);
    try {
      use(text);
    } catch (error) {
      const why = unclear(error, text.split(/\r\n?|\n/).length);
      if (why !== undefined) throw failure('YAML reader', seed, run, why, text);
    }
  }
}

function shipped(folder: string): string[] {
  const url = new URL(`../../${folder}/`, import.meta.url);
  return readdirSync(url)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => readFileSync(new URL(file, url), 'utf8'));
}

/** What can be read can be played, unless a rate does not fit it. */
function useWorkload(text: string): void {
  const workload = parseWorkload(text, 'w.yaml');
  const batch = new RequestBatch(16);
  try {
    createRequestSource(workload, { seed: 1, load: 0.5, workers: 2, requests: 100 }).fill(batch);
  } catch (error) {
    throw error instanceof RangeError ? new InputError(error.message) : error;
  }
  for (let i = 0; i < batch.length; i++) {
    if (!(batch.serviceNs[i]! >= 1 && batch.arrivalNs[i]! >= 0 && batch.type[i]! < workload.types.length)) {
      throw new Error(`made request ${i}: ${batch.arrivalNs[i]} ${batch.type[i]} ${batch.serviceNs[i]}`);
    }
  }
}

/** What can be read can be drawn, unless the points are others, and is the same when it was written again. */
function usePlot(text: string): void {
  const read = (yaml: string) => readChecked(yaml, 'p.yaml', readPlotSpec, { scalars: 'text' });
  const spec = read(text);
  const again = read(plotText(spec));
  if (!isDeepStrictEqual(again, spec)) throw new Error(`written: ${JSON.stringify(again)}`);
  const numbers = { serviceNs: 1000, p99: 1, p99_9: 1 };
  const point = (policy: string) => ({
    ...{ schema: 'psp.point/1' as const, key: '', command: '' },
    result: resultOf(policy, { SHORT: numbers, LONG: numbers }),
  });
  renderChart(plotChart(['darc', 'c-fcfs'].map(point), spec, 'fuzz'));
}

/** A text with characters, lines and tokens changed. */
function broken(text: string, { upTo, pick, onceIn }: Choices): string {
  let lines = text.split('\n').filter((line) => !line.startsWith('#'));
  for (let changes = 1 + upTo(4); changes > 0; changes--) {
    const at = upTo(lines.length);
    const line = lines[at] ?? '';
    const column = upTo(line.length + 1);
    const change = upTo(6);
    if (change === 0) lines.splice(at, 1);
    else if (change === 1) lines.splice(upTo(lines.length), 0, line);
    else if (change === 2) lines[at] = line.slice(0, column) + pick(TOKENS) + line.slice(column);
    else if (change === 3) lines[at] = line.slice(0, column) + line.slice(column + 1 + upTo(5));
    else if (change === 4) lines[at] = line.replace(/[^\s:{}[\],]+(?=[\s,}]*$)/, () => pick(TOKENS));
    else lines[at] = line.replace(/\d+/, () => String(pick([0, 1e-9, 1e9, 1e300, upTo(1000)])));
    if (onceIn(200)) lines = [pick([DEEP, LAUGHS, text.slice(0, upTo(text.length))])];
  }
  return lines.join('\n');
}
