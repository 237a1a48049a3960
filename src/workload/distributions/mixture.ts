import type { Checker } from '../../input/checker.js';
import { anything, list, number, positiveDuration, share, showSum, sumsToOne } from '../../input/fields.js';
import { Chooser } from '../chooser.js';
import type { Random } from '../random.js';
import type { Distribution, DistributionKind } from './distribution.js';
import { Exponential } from './exponential.js';

/** One of several distributions, each with its probability. */
class Mixture implements Distribution {
  readonly meanNs: number;
  readonly secondMomentNs2: number;
  private readonly chooser: Chooser;

  constructor(
    readonly kind: string,
    readonly probabilities: readonly number[],
    readonly parts: readonly Distribution[],
  ) {
    this.chooser = new Chooser(probabilities);
    this.meanNs = weighted(probabilities, parts, (part) => part.meanNs);
    this.secondMomentNs2 = weighted(probabilities, parts, (part) => part.secondMomentNs2);
  }

  sample(random: Random): number {
    return this.parts[this.chooser.choose(random())]!.sample(random);
  }
}

function weighted(
  probabilities: readonly number[],
  parts: readonly Distribution[],
  of: (part: Distribution) => number,
): number {
  let sum = 0;
  for (let i = 0; i < parts.length; i++) sum += probabilities[i]! * of(parts[i]!);
  return sum;
}

/** Reads a list of maps with a `probability` and something that `readPart` makes a distribution of. */
function readBranches(
  kind: string,
  value: unknown,
  checker: Checker,
  key: string,
  readPart: (value: unknown, checker: Checker) => Distribution | undefined,
): Distribution | undefined {
  const listed = checker.value(list(`maps with probability and ${key}`), value);
  if (!listed) return undefined;
  const probabilities: number[] = [];
  const parts: Distribution[] = [];
  listed.forEach((item, i) => {
    const here = checker.at(i);
    const p = here.map({ probability: share, [key]: anything }, item) as Record<string, unknown> | undefined;
    const part = p && readPart(p[key], here.at(key));
    if (!part) return;
    probabilities.push(p.probability as number);
    parts.push(part);
  });
  if (parts.length < listed.length) return undefined;
  const sum = probabilities.reduce((a, b) => a + b, 0);
  if (!sumsToOne(sum, probabilities.length)) {
    return checker.at(parts.length - 1, 'probability').refuse(`expected numbers that sum to 1, found ${showSum(sum)}`);
  }
  return new Mixture(kind, probabilities, parts);
}

export const mixture: DistributionKind = {
  name: 'mixture',
  title: 'one of several values (or distributions), each with its probability',
  examples: [
    [
      { probability: 0.9, value: '1us' },
      { probability: 0.1, value: '50us' },
    ],
    [
      { probability: 0.25, value: { exponential: { mean: '1us' } } },
      { probability: 0.75, value: { uniform: { min: '2us', max: '4us' } } },
    ],
  ],
  read(value, checker, nested) {
    return readBranches('mixture', value, checker, 'value', nested);
  },
};

export const hyperexponential: DistributionKind = {
  name: 'hyperexponential',
  title: 'one of several exponentials, by their means, or by mean and squared coefficient of variation',
  examples: [
    [
      { probability: 0.9, mean: '1us' },
      { probability: 0.1, mean: '30us' },
    ],
    { mean: '10us', scv: 4 },
  ],
  read(value, checker) {
    if (Array.isArray(value)) {
      return readBranches('hyperexponential', value, checker, 'mean', (mean, here) => {
        const meanNs = here.value(positiveDuration, mean);
        return meanNs === undefined ? undefined : new Exponential(meanNs);
      });
    }
    const p = checker.map(
      { mean: positiveDuration, scv: number('a number above 1 (1 is exponential)', { above: 1, max: 1e6 }) },
      value,
    );
    if (!p) return undefined;
    // Two branches with balanced means, p1 m1 = p2 m2: W. Whitt, "Approximating a Point Process by a Renewal Process,
    // I", Operations Research 30(1), 1982, section 3.
    const first = (1 + Math.sqrt((p.scv - 1) / (p.scv + 1))) / 2;
    const probabilities = [first, 1 - first];
    return new Mixture(
      'hyperexponential',
      probabilities,
      probabilities.map((each) => new Exponential(p.mean / (2 * each))),
    );
  },
};
