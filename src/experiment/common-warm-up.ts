import { type FoundWarmUp, LONGEST_WARM_UP } from '../sim/warm-up.js';
import type { RunSpec } from './run-spec.js';

/**
 * Gives all runs the longest of the warm-ups that were found, so that policies are compared on the same requests. A run that never settled (often because
 * it is unstable) keeps the others from nothing: it is measured with them, and marked.
 *
 * @param found of each spec; undefined for those whose warm-up is given
 */
export function withCommonWarmUp(specs: readonly RunSpec[], found: readonly (FoundWarmUp | undefined)[]): RunSpec[] {
  const settled = found.flatMap((each) => (each?.settled ? each.share : []));
  const share = settled.length > 0 ? Math.max(...settled) : LONGEST_WARM_UP;
  return specs.map((spec, i) => {
    const each = found[i];
    return each ? { ...spec, warmup: { share, settled: each.settled } } : spec;
  });
}
