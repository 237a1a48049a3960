/** All distributions. A new one is a file beside this and a line in this list. */

import { type Checker, misspelt, oneOf, show } from '../../input/checker.js';
import { MAX_TIME, MAX_TIME_NS } from '../../units/duration.js';
import { boundedPareto } from './bounded-pareto.js';
import { constant } from './constant.js';
import type { Distribution, DistributionKind } from './distribution.js';
import { empirical } from './empirical.js';
import { exponential } from './exponential.js';
import { gamma } from './gamma.js';
import { lognormal } from './lognormal.js';
import { hyperexponential, mixture } from './mixture.js';
import { uniform } from './uniform.js';
import { weibull } from './weibull.js';

export const DISTRIBUTIONS: readonly DistributionKind[] = [
  constant,
  exponential,
  uniform,
  lognormal,
  gamma,
  weibull,
  boundedPareto,
  hyperexponential,
  mixture,
  empirical,
];

/**
 * Reads a distribution as it stands in a workload file: `1us` (short for `{ constant: 1us }`) or a map of one kind to
 * its parameters. Reports what is wrong to the checker and returns undefined.
 */
export function readDistribution(value: unknown, checker: Checker): Distribution | undefined {
  const read = readAny(value, checker);
  if (!read || (read.meanNs > 0 && read.meanNs <= MAX_TIME_NS)) return read;
  return checker.refuse(
    `expected a distribution with a mean above 0 and of at most ${MAX_TIME}, found ${read.meanNs / 1e9} s`,
  );
}

function readAny(value: unknown, checker: Checker): Distribution | undefined {
  if (typeof value === 'string' || typeof value === 'number') return constant.read(value, checker, readDistribution);
  const names = DISTRIBUTIONS.map((kind) => kind.name);
  const keys = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  if (keys.length !== 1) {
    const found = keys.length > 1 ? keys.join(' and ') : show(value);
    return checker.refuse(`expected a duration such as 1us, or ${oneOf(names)} with its parameters, found ${found}`);
  }
  const key = keys[0]!;
  const kind = DISTRIBUTIONS.find((candidate) => candidate.name === key);
  if (!kind) return checker.at(key).refuse(`expected ${oneOf(names)}, found ${misspelt(key, names)}`, true);
  return kind.read((value as Record<string, unknown>)[key], checker.at(key), readDistribution);
}
