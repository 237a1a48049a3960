import { counterpartsOf, type Side } from '../experiment/compare/compare-results.js';
import { type RequestSamples, sortedSojourns } from '../metrics/samples.js';
import { type ComparedSojourns, comparedChart } from '../report/charts/compared.js';
import { renderChart } from '../report/charts/render.js';
import type { Result } from '../results/result.js';
import { policyLabel } from '../scheduler/policy-label.js';
import { InputError } from '../units/errors.js';
import { formatLoad } from '../units/load.js';
import { writePicture } from './output.js';

/**
 * Draws each pair of results into FILE, or FILE-policy-load if there are several. Returns the files.
 *
 * @throws InputError when the requests were not kept
 */
export async function drawComparisons(file: string, a: readonly Side[], b: readonly Side[]): Promise<string[]> {
  const pairs = counterpartsOf(a, b);
  const written: string[] = [];
  for (const [first, second] of pairs) {
    if (!first.samples || !second.samples) {
      throw new InputError('a picture needs every request: expected results of --samples on both sides');
    }
    const { result } = first;
    const load = formatLoad(result.load, 9);
    const title = `${policyLabel(result)} on ${result.workload}, ${result.workers} workers, load ${load}`;
    const types = sojourns(result, first.samples, second.samples);
    const svg = renderChart(comparedChart(title, [worldOf(result), worldOf(second.result)], types));
    const suffix = pairs.length === 1 ? '' : `-${policyLabel(result).replaceAll(/[^A-Za-z0-9.]+/g, '-')}-${load}`;
    const named = (number: string) => file.replace(/(\.\w+)$/, `${suffix}${number}$1`);
    // Two pairs may differ in what the name does not say, such as their workers.
    const path = written.includes(named('')) ? named(`-${written.length + 1}`) : named('');
    await writePicture(path, svg);
    written.push(path);
  }
  return written;
}

function sojourns({ types }: Result, a: RequestSamples, b: RequestSamples): ComparedSojourns[] {
  return types.map(({ name }, type) => ({ type: name, a: sortedSojourns(a, type), b: sortedSojourns(b, type) }));
}

function worldOf({ world, system }: Result): string {
  const name = world === 'hw' ? 'real' : 'simulated';
  return system === undefined ? name : `${name} (${system})`;
}
