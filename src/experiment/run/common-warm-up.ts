import type { FoundWarmUp } from '../../sim/find-warm-up.js';
import type { RunSpec } from '../plan/run-spec.js';

/**
 * Gives all runs the longest warm-up that was found, so that policies are compared on the same requests. A run that
 * never settled, often because it is unstable, does not change the others: it gets the same warm-up and is marked.
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
