import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Command } from 'commander';
import { type CompareOptions, comparingSides, type Side } from '../../experiment/compare/compare-results.js';
import { readSampled } from '../../experiment/run/sampled-json.js';
import { formatCompared } from '../../report/text/compare-table.js';
import { InputError } from '../../units/errors.js';
import { drawComparisons } from '../compare-picture.js';
import { EXIT } from '../failure.js';
import { checkOutputs, outputBeside, PICTURES, sendJson, withEnding } from '../output.js';
import { showProgress } from '../progress.js';

export interface CompareOutput {
  readonly json?: string | undefined;
  readonly picture?: string | undefined;
}

interface CompareCliOptions extends CompareOutput {
  readonly tolerance?: number;
  readonly unpaired?: true;
}

export function defineCompare(command: Command): void {
  command
    .description(
      'Compares two files of results, policy by policy: percentiles with their intervals, whole distributions, ' +
        'and each request in both runs.',
    )
    .argument('<A.json>', 'written with --json, by psp sim or psp run --hw')
    .argument('<B.json>', 'the same policies, run elsewhere')
    .option('--tolerance <X%>', 'exit code 1 if a percentile differs by more (p99.9: twice as much)', parseTolerance)
    .option('--unpaired', 'compare even if the two runs had different requests')
    .option('--json <FILE|->', 'write the comparison as JSON, - for stdout')
    .option('--picture <FILE>', PICTURE_HELP, parsePicture)
    .addHelpText(
      'after',
      `
Example:
  psp sim --workload bimodal --policy darc --samples --json a.json
  psp sim --workload bimodal --policy darc --samples --json b.json \\
    --system persephone
  psp compare a.json b.json --tolerance 10%`,
    )
    .action(async (a: string, b: string, options: CompareCliOptions) => {
      checkOutputs({ '--json': options.json, '--picture': options.picture }, [a, b]);
      process.exitCode = await showComparison(
        () => readSampled(a),
        () => readSampled(b),
        options,
      );
    });
}

export const PICTURE_HELP = 'draw both distributions, .svg, .png or .pdf; one file per policy and load';

export const parsePicture = (file: string): string => withEnding('--picture', file, PICTURES);

/** Of all the work; the files have every request. */
const READING_SHARE = 0.4;

/** Reads two sides and compares them, and shows how far that is. */
async function compared(readA: () => readonly Side[], readB: () => readonly Side[], options: CompareOptions) {
  let done = 0;
  const { note, hide } = showProgress({ done: () => done }, 'compare');
  const says = async (share: number, what: string) => {
    done = share;
    note(what);
    // All of it runs on this thread, and so does the clock of the progress line.
    await nextTurn();
  };
  try {
    await says(0, 'reading');
    const a = readA();
    await says(READING_SHARE / 2, 'reading');
    const b = readB();
    await says(READING_SHARE, '');
    const steps = comparingSides(a, b, options);
    let step = steps.next();
    for (; !step.done; step = steps.next()) await says(READING_SHARE + (1 - READING_SHARE) * step.value, '');
    return { a, b, comparison: step.value };
  } finally {
    hide();
  }
}

/** Compares, prints and writes, and returns the exit code. */
export async function showComparison(
  readA: () => readonly Side[],
  readB: () => readonly Side[],
  { json, picture, ...options }: CompareOptions & CompareOutput,
): Promise<number> {
  const { a, b, comparison } = await compared(readA, readB, options);
  const output = outputBeside(json);
  output.write(formatCompared(comparison, output));
  sendJson(json, comparison);
  if (picture !== undefined) for (const file of await drawComparisons(picture, a, b)) output.write(`drawn: ${file}\n`);
  return comparison.agrees === false ? EXIT.no : EXIT.ok;
}

/** `10%` or `0.1`, above 0. @throws InputError */
export function parseTolerance(text: string): number {
  const match = /^([\d.]+)\s*(%?)$/.exec(text);
  const value = Number(match?.[1]) / (match?.[2] ? 100 : 1);
  if (!(value > 0 && value < 10)) throw new InputError(`--tolerance: expected a share such as 10%, found '${text}'`);
  return value;
}
