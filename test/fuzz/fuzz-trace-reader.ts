import { isName } from '../../src/units/names.js';
import { substream } from '../../src/workload/random.js';
import { openTrace, scanTrace } from '../../src/workload/trace.js';
import { type Columns, drain } from '../workload/helpers.js';
import { type Choices, choicesOf, failure, unclear } from './fuzz.js';

const FIELDS = [
  '',
  ' ',
  '0',
  '1',
  '-1',
  '1.5',
  '1e3',
  '007',
  'GET',
  '"GET"',
  'GÉT',
  '\u0000',
  '9007199254740991',
  '9007199254740992',
  'x'.repeat(1100),
];

/**
 * Feeds the trace reader with traces that are broken at random, in pieces of random sizes. Each must be read as a
 * simple reader reads it, or be refused with a clear error, and how it is cut must not matter.
 *
 * @throws Error that names the run
 */
export async function fuzzTraceReader(seed: string | number, count: number): Promise<void> {
  for (let run = 0; run < count; run++) {
    const choices = choicesOf(substream(seed, 'fuzz/trace', run));
    const bytes = broken(traceText(choices), choices);
    const text = new TextDecoder().decode(bytes);
    const whole = await readTrace([bytes]);
    const cut = await readTrace(pieces(bytes, choices));
    const lines = text.split('\n').length;
    const why =
      ('error' in whole ? unclear(whole.error, lines) : differences(whole, simpleReader(text))) ??
      (show(whole) === show(cut) ? undefined : `reads ${show(whole)} at once, but ${show(cut)} in pieces`);
    if (why !== undefined) throw failure('trace reader', seed, run, why, text);
  }
}

type Read = Columns | { readonly error: unknown };

async function readTrace(chunks: readonly Uint8Array[]): Promise<Read & { names?: readonly string[] }> {
  try {
    const summary = await scanTrace(chunks, 't.csv');
    const names = summary.types.map(({ name }) => name);
    const columns = await drain(openTrace(chunks, { ...summary, startNs: 0 }), 7);
    return { ...columns, names };
  } catch (error) {
    return { error };
  }
}

function show(read: Read): string {
  return 'error' in read ? String(read.error) : JSON.stringify(read);
}

/** Some lines of a trace, most of them right. */
function traceText({ upTo, pick, onceIn }: Choices): string {
  const flows = onceIn(4);
  const lines = onceIn(3) ? [] : [`arrival_ns,type,service_ns${flows ? ',flow' : ''}`];
  let arrivalNs = onceIn(5) ? upTo(2 ** 50) : 0;
  for (let i = upTo(12); i > 0; i--) {
    arrivalNs += upTo(1000);
    const fields = [String(arrivalNs), pick(['GET', 'SCAN', 'UNKNOWN', 'ü']), String(1 + upTo(9999))];
    if (flows) fields.push(String(upTo(2 ** 32)));
    if (onceIn(40)) fields[upTo(fields.length)] = pick(FIELDS);
    lines.push(fields.join(','));
  }
  return lines.join(pick(['\n', '\n', '\r\n'])) + pick(['', '\n']);
}

/** The bytes of a text, some of them changed, removed or added. */
function broken(text: string, { upTo, pick, onceIn }: Choices): Uint8Array {
  const bytes = [...new TextEncoder().encode(text)];
  while (onceIn(3)) {
    const at = upTo(bytes.length + 1);
    const put = Array.from({ length: upTo(4) }, () => pick([upTo(256), 0x2c, 0x0a, 0x0d, 0x30, 0x22]));
    bytes.splice(at, upTo(4), ...put);
  }
  return Uint8Array.from(onceIn(50) ? bytes.map(() => upTo(256)) : bytes);
}

function pieces(bytes: Uint8Array, { upTo }: Choices): Uint8Array[] {
  const cut: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + upTo(20);
    cut.push(bytes.subarray(at, at + size));
    at += size;
  }
  return cut;
}

/** Reads a trace that is right, line by line. */
function simpleReader(text: string): string[][] {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const rows = lines.filter((line) => line !== '').map(cellsOf);
  return /^\d/.test(rows[0]?.[0] ?? '') ? rows : rows.slice(1);
}

/** The cells of a line; a name may stand in quotes, in which a quote is doubled. */
function cellsOf(line: string): string[] {
  const cells = line.match(/(?<=^|,)(?:"(?:[^"]|"")*"(?=,|$)|[^,]*)/g) ?? [];
  return cells.map((cell) => (/^".*"$/.test(cell) ? cell.slice(1, -1).replaceAll('""', '"') : cell));
}

function differences(read: Columns & { names?: readonly string[] }, rows: readonly string[][]): string | undefined {
  const { arrivalNs, serviceNs, type, flow, names = [] } = read;
  if (arrivalNs.length !== rows.length) return `found ${arrivalNs.length} requests, expected ${rows.length}`;
  for (const [i, row] of rows.entries()) {
    const found = [arrivalNs[i], names[type[i]!], serviceNs[i], ...(row.length === 4 ? [flow[i]] : [])];
    const expected = [Number(row[0]), row[1], Number(row[2]), ...row.slice(3).map(Number)];
    if (JSON.stringify(found) !== JSON.stringify(expected)) return `found ${found} for ${row}`;
    if (!isName(row[1]!) || !(serviceNs[i]! >= 1) || arrivalNs[i]! < (arrivalNs[i - 1] ?? 0)) return `accepted ${row}`;
  }
  return undefined;
}
