import type { Command } from 'commander';
import { z } from 'zod';
import { COMPARED, type CompareOptions, compareSides, type Side } from '../../experiment/compare/compare-results.js';
import { readText } from '../../experiment/plan/files.js';
import { decodeSamples } from '../../experiment/run/run-sampled.js';
import { formatCompared } from '../../report/text/compare-table.js';
import type { Result } from '../../results/result.js';
import { InputError } from '../../units/errors.js';
import { drawComparisons } from '../compare-picture.js';
import { EXIT } from '../failure.js';
import { checkWritable, outputTo, writeFile } from '../output.js';

export interface CompareOutput {
  readonly json?: string | undefined;
  readonly picture?: string | undefined;
}

interface CompareCliOptions extends CompareOutput {
  readonly tolerance?: number;
  readonly unpaired?: true;
}

export function addCompare(program: Command): void {
  program
    .command('compare')
    .summary('compare two results, such as a simulated and a real one')
    .description(
      'Compares two files of results, policy by policy: percentiles with their intervals, whole distributions, and each request in both runs.',
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
      checkOutput(options);
      process.exitCode = await showComparison(readSides(a), readSides(b), options);
    });
}

const distribution = z.looseObject({
  ...Object.fromEntries(COMPARED.map((name) => [name, z.number().nullable()])),
  ci95: z.looseObject(
    Object.fromEntries(
      COMPARED.map((name) => [name, z.tuple([z.number().nullable(), z.number().nullable()]).nullable()]),
    ),
  ),
});
/** What a comparison reads of a result; the rest may be anything. */
const resultSchema = z.looseObject({
  world: z.enum(['sim', 'hw']),
  policy: z.string(),
  policyParameters: z.record(z.string(), z.unknown()),
  workload: z.string(),
  workers: z.number(),
  load: z.number().nullable(),
  seed: z.string(),
  requests: z.number(),
  replications: z.number(),
  system: z.string().optional(),
  overall: z.looseObject({ slowdown: distribution }),
  types: z.array(z.looseObject({ name: z.string(), slowdown: distribution })),
  samples: z
    .object({ traceDigest: z.string(), type: z.string(), serviceNs: z.string(), sojournNs: z.string() })
    .optional(),
});

export const PICTURE_HELP = 'draw both distributions as .svg or .png, one file per policy and load';

/** @throws InputError */
export function parsePicture(text: string): string {
  if (!/\.(svg|png)$/i.test(text)) throw new InputError(`--picture: expected a file .svg or .png, found '${text}'`);
  return text;
}

/** @throws InputError */
export function checkOutput({ json, picture }: CompareOutput): void {
  for (const file of [json, picture]) if (file !== undefined && file !== '-') checkWritable(file);
}

/** Compares, prints and writes, and returns the exit code. */
export async function showComparison(
  a: readonly Side[],
  b: readonly Side[],
  { json, picture, ...options }: CompareOptions & CompareOutput,
): Promise<number> {
  const comparison = compareSides(a, b, options);
  const output = outputTo(json === '-' ? process.stderr : process.stdout);
  output.write(formatCompared(comparison, output));
  const text = `${JSON.stringify(comparison, null, 2)}\n`;
  if (json === '-') process.stdout.write(text);
  else if (json !== undefined) writeFile(json, text);
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

function readSides(file: string): Side[] {
  let results: unknown;
  try {
    results = JSON.parse(readText(file));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputError(`${file}: expected JSON as --json writes it: ${error.message}`);
  }
  if (!Array.isArray(results)) throw new InputError(`${file}: expected an array of results, found ${typeof results}`);
  return results.map((result: Result, i) => {
    if (result?.schema !== 'psp.result/1') {
      throw new InputError(`${file}: result ${i + 1}: expected schema psp.result/1, found ${String(result?.schema)}`);
    }
    const checked = resultSchema.safeParse(result);
    if (!checked.success) {
      const why = z.prettifyError(checked.error).replaceAll('\n', ' ');
      throw new InputError(`${file}: result ${i + 1}: not what psp writes: ${why}`);
    }
    return { result, ...(result.samples && { samples: decodeSamples(result.samples, file) }) };
  });
}
