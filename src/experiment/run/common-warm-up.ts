import type { FoundWarmUp } from '../../sim/find-warm-up.js';
import type { RunSpec } from '../plan/run-spec.js';

/**
 * Gives all runs the longest of the warm-ups that were found, so that policies are compared on the same requests. A run
 * that never settled (often because it is unstable) keeps the others from nothing: it is measured with them, and
 * marked.
 *
 * @param found of each spec; undefined for those whose warm-up is given
 */
export function withCommonWarmUp(specs: readonly RunSpec[], found: readonly (FoundWarmUp | undefined)[]): RunSpec[] {
  const all = found.filter((each) => each !== undefined);
  const settled = all.filter((each) => each.settled);
  const share = Math.max(...(settled.length > 0 ? settled : all).map((each) => each.share));
  return specs.map((spec, i) => {
    const each = found[i];
    return each ? { ...spec, warmup: { share, settled: each.settled } } : spec;
  });
}
