/** Which candidates of a race are no longer worth a run. */

import { mean, sampleStandardDeviation } from 'simple-statistics';
import { studentT } from '../../metrics/student.js';

/** Fewer blocks say nothing of the spread between them. */
const LEAST_BLOCKS = 3;
/** The chance that the race drops a candidate that is as good as the best, per block. */
const ERROR = 0.05;

export interface Standing {
  /** The place of the candidate with the lowest score; 0 when there is none. */
  readonly best: number;
  /** By place: why the candidate is out; undefined when it stays. */
  readonly out: readonly ('failed' | 'worse' | 'same' | undefined)[];
}

/**
 * Compares candidates that have run the same blocks. A block is one seed, so that all candidates have met the same
 * requests, and what is compared is the difference in each block: Student's t, with the error shared among the
 * candidates (Bonferroni). O. Maron and A. W. Moore, The Racing Algorithm, Artificial Intelligence Review 11 (1997).
 *
 * @param scores by candidate, then by block: logarithm of the worst objective over its bound, Infinity for a failure
 */
export function standing(scores: readonly (readonly number[])[]): Standing {
  const best = scores.reduce((least, own, i) => (compare(own, scores[least]!) < 0 ? i : least), 0);
  const lead = scores[best] ?? [];
  const others = Math.max(1, scores.length - 1);
  const out = scores.map((own, i) => {
    if (i === best || lead.some((score) => score === Number.POSITIVE_INFINITY)) return undefined;
    if (own.some((score) => score === Number.POSITIVE_INFINITY)) return 'failed';
    if (own.length < LEAST_BLOCKS) return undefined;
    const behind = own.map((score, block) => score - lead[block]!);
    if (behind.every((each) => each === 0)) return 'same';
    const spread = sampleStandardDeviation(behind) / Math.sqrt(behind.length);
    return mean(behind) > studentT(behind.length - 1, 1 - ERROR / others) * spread ? 'worse' : undefined;
  });
  return { best, out };
}

/** Below 0 when the first is better: fewer failures, then a lower mean. Equal candidates keep their order. */
function compare(a: readonly number[], b: readonly number[]): number {
  const failures = (scores: readonly number[]) => scores.filter((score) => score === Number.POSITIVE_INFINITY).length;
  if (failures(a) !== failures(b)) return failures(a) - failures(b);
  const finite = (scores: readonly number[]) => scores.filter(Number.isFinite);
  return failures(a) === a.length ? 0 : mean(finite(a)) - mean(finite(b));
}
