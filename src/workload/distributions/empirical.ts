import { type Checker, show } from '../../input/checker.js';
import { csvCells, csvLines } from '../../input/csv.js';
import { anything, list, optional, readDuration, text } from '../../input/fields.js';
import type { Random } from '../random.js';
import type { Distribution, DistributionKind } from './distribution.js';

/** A measured distribution, given by quantiles and linear between them. */
class Empirical implements Distribution {
  readonly kind = 'empirical';
  readonly meanNs: number;
  readonly secondMomentNs2: number;

  /**
   * @param probabilities strictly ascending from 0 to 1
   * @param durationsNs one per probability, not descending
   */
  constructor(
    readonly probabilities: Float64Array,
    readonly durationsNs: Float64Array,
  ) {
    let mean = 0;
    let second = 0;
    for (let i = 1; i < probabilities.length; i++) {
      const p = probabilities[i]! - probabilities[i - 1]!;
      const a = durationsNs[i - 1]!;
      const b = durationsNs[i]!;
      mean += (p * (a + b)) / 2;
      second += (p * (a * a + a * b + b * b)) / 3;
    }
    this.meanNs = mean;
    this.secondMomentNs2 = second;
  }

  sample(random: Random): number {
    const u = random();
    const { probabilities, durationsNs } = this;
    let low = 0;
    let high = probabilities.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (u < probabilities[middle]!) high = middle;
      else low = middle;
    }
    const p = probabilities[low]!;
    const d = durationsNs[low]!;
    return d + ((durationsNs[high]! - d) * (u - p)) / (probabilities[high]! - p);
  }
}

/** Quantiles as [probability, ns]: the probabilities strictly ascending from 0 to 1, the durations not descending. */
export type QuantilePairs = readonly (readonly [probability: number, ns: number])[];

export function empiricalOf(quantiles: QuantilePairs): Distribution {
  return new Empirical(
    Float64Array.from(quantiles, ([probability]) => probability),
    Float64Array.from(quantiles, ([, ns]) => ns),
  );
}

/** Collects quantiles one by one and checks their order. `refuse` reports at the place of the pair. */
class Quantiles {
  private readonly probabilities: number[] = [];
  private readonly durationsNs: number[] = [];
  private broken = false;

  add(probability: unknown, duration: unknown, refuse: (message: string) => void): void {
    // After a mistake the order of the others cannot be judged.
    if (this.broken) return;
    const problem = this.tryAdd(probability, duration);
    if (problem === undefined) return;
    this.broken = true;
    refuse(problem);
  }

  private tryAdd(probability: unknown, duration: unknown): string | undefined {
    if (typeof probability !== 'number' || !(probability >= 0 && probability <= 1)) {
      return `expected a probability from 0 to 1, found ${show(probability)}`;
    }
    let ns: number;
    try {
      ns = readDuration(duration);
    } catch (error) {
      return (error as Error).message;
    }
    const last = this.probabilities.length - 1;
    if (last < 0 && probability !== 0) return `expected the probability 0 (the minimum) first, found ${probability}`;
    if (last >= 0 && probability <= this.probabilities[last]!) {
      return `expected a probability above the one before (${this.probabilities[last]}), found ${probability}`;
    }
    if (last >= 0 && ns < this.durationsNs[last]!) {
      return `expected a duration of at least the one before (${this.durationsNs[last]}ns), found ${ns}ns`;
    }
    this.probabilities.push(probability);
    this.durationsNs.push(ns);
    return undefined;
  }

  finish(refuse: (message: string) => void): QuantilePairs | undefined {
    if (this.broken) return undefined;
    const last = this.probabilities[this.probabilities.length - 1];
    if (last !== 1) {
      refuse(`expected the probability 1 (the maximum) last, found ${show(last)}`);
      return undefined;
    }
    if (!(this.durationsNs[this.durationsNs.length - 1]! > 0)) {
      refuse('expected a maximum above 0, found 0ns');
      return undefined;
    }
    return this.probabilities.map((probability, i) => [probability, this.durationsNs[i]!] as const);
  }
}

/** Reads a list of pairs [probability, duration]. Returns undefined when something was reported. */
export function readQuantiles(value: unknown, checker: Checker): QuantilePairs | undefined {
  const pairs = checker.value(list('pairs [probability, duration]'), value);
  if (!pairs) return undefined;
  const quantiles = new Quantiles();
  pairs.forEach((pair, i) => {
    if (!Array.isArray(pair) || pair.length !== 2) {
      checker.at(i).refuse(`expected a pair [probability, duration], found ${show(pair)}`);
      quantiles.add(undefined, undefined, () => undefined);
    } else {
      quantiles.add(pair[0], pair[1], (message) => checker.at(i).refuse(message));
    }
  });
  return quantiles.finish((message) => checker.refuse(message));
}

/** Reads lines `probability,duration`. A header, empty lines and lines that begin with # are passed over. */
function readCsv(csv: string, file: string, checker: Checker): QuantilePairs | undefined {
  const quantiles = new Quantiles();
  let end = 1;
  for (const [number, line] of csvLines(csv)) {
    if (line.startsWith('#')) continue;
    end = number;
    const [probability, duration, ...more] = csvCells(line);
    if (probability === 'probability') continue;
    const refuse = (message: string) => checker.refuse(`${file}:${number}: ${message}`);
    if (duration === undefined || more.length > 0) return refuse(`expected probability,duration, found ${show(line)}`);
    const value = Number(probability);
    quantiles.add(probability === '' || Number.isNaN(value) ? probability : value, duration, refuse);
  }
  return quantiles.finish((message) => checker.refuse(`${file}:${end}: ${message}`));
}

function readQuantileFile(file: string, checker: Checker): QuantilePairs | undefined {
  const csv = checker.textOf(file);
  return csv === undefined ? undefined : readCsv(csv, file, checker);
}

export const empirical: DistributionKind = {
  name: 'empirical',
  title: 'quantiles of a measurement, as pairs [probability, duration] or in a CSV file',
  examples: [
    {
      quantiles: [
        [0, '1us'],
        [0.5, '2us'],
        [0.99, '10us'],
        [1, '100us'],
      ],
    },
  ],
  read(value, checker) {
    const p = checker.map({ quantiles: anything, file: optional(text) }, value);
    if (!p) return undefined;
    if ((p.quantiles === undefined) === (p.file === undefined)) {
      return checker.refuse(`expected either quantiles or file, found ${p.file === undefined ? 'neither' : 'both'}`);
    }
    const quantiles =
      p.file === undefined
        ? readQuantiles(p.quantiles, checker.at('quantiles'))
        : readQuantileFile(p.file, checker.at('file'));
    return quantiles && empiricalOf(quantiles);
  },
};
