import type { Checker } from '../../input/checker.js';
import type { Random } from '../random.js';

/** A distribution of durations. Immutable: its random numbers come from outside. */
export interface Distribution {
  /** Name of its kind in the registry. */
  readonly kind: string;
  /** Mean, ns. */
  readonly meanNs: number;
  /** Mean of the square, ns²: what the Pollaczek-Khinchine formula needs. */
  readonly secondMomentNs2: number;
  /** One duration in ns, above or equal to 0, not rounded. */
  sample(random: Random): number;
}

/** Reads a distribution as it stands in a workload file: a duration, or a map of one kind to its parameters. */
export type ReadDistribution = (value: unknown, checker: Checker) => Distribution | undefined;

/** A kind of distribution and how to read it from a workload file. */
export interface DistributionKind {
  readonly name: string;
  /** One line for people. */
  readonly title: string;
  /** Parameters as they may stand in a file. The tests check the moments of every example. */
  readonly examples: readonly unknown[];
  /** Reads the parameters; reports what is wrong to the checker and returns undefined. */
  read(value: unknown, checker: Checker, nested: ReadDistribution): Distribution | undefined;
}

/** Squared coefficient of variation, variance / mean²: 0 for a constant, 1 for an exponential. */
export function squaredVariation({ meanNs, secondMomentNs2 }: Distribution): number {
  return secondMomentNs2 / (meanNs * meanNs) - 1;
}
