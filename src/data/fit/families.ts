/**
 * Families of distributions, fitted to a sample by maximum likelihood. A family has its parameters on a scale without
 * bounds (logarithms, logits), so that their intervals follow from the curvature of the likelihood.
 */

import { errorFunction, gammaln } from 'simple-statistics';
import { exactDuration } from '../../units/duration.js';
import { hyperexponentialStart, lognormalMixtureStart } from './em.js';
import { digamma, regularisedGamma, trigamma } from './gamma-functions.js';

/** A family with the parameters that a sample has in it. */
export interface Fitted {
  readonly family: string;
  /** The parameters as numbers, by their names; times in ns. */
  readonly parameters: Readonly<Record<string, number>>;
  /** 95 % intervals of the same; they take far longer than the fit. */
  readonly intervals: () => Readonly<Record<string, readonly [low: number, high: number]>>;
  readonly logDensity: (x: number) => number;
  /** Probability of at most x. */
  readonly cumulative: (x: number) => number;
  /** The distribution as YAML, in one line. */
  readonly yaml: string;
  /** Number of parameters. */
  readonly size: number;
}

interface Family {
  readonly name: string;
  readonly names: readonly string[];
  /** The best parameters, on the scale without bounds; undefined when the sample cannot be of the family. */
  fit(sorted: Float64Array): number[] | undefined;
  /** From the scale without bounds to what people write. */
  natural(theta: readonly number[]): number[];
  logDensity(x: number, natural: readonly number[]): number;
  cumulative(x: number, natural: readonly number[]): number;
  yaml(natural: readonly number[]): string;
}

const ns = (x: number) => exactDuration(Math.max(1, Math.round(x)));
const short = (x: number) => Number(x.toPrecision(6));
const logistic = (x: number) => 1 / (1 + Math.exp(-x));

const exponential: Family = {
  name: 'exponential',
  names: ['mean'],
  fit: (xs) => [Math.log(meanOf(xs))],
  natural: ([mean]) => [Math.exp(mean!)],
  logDensity: (x, [mean]) => -Math.log(mean!) - x / mean!,
  cumulative: (x, [mean]) => -Math.expm1(-x / mean!),
  yaml: ([mean]) => `{ exponential: { mean: ${ns(mean!)} } }`,
};

const lognormal: Family = {
  name: 'lognormal',
  names: ['median', 'sigma'],
  fit(xs) {
    const { mean, variance } = momentsOf(xs.map(Math.log));
    return variance > 0 ? [mean, Math.log(variance) / 2] : undefined;
  },
  natural: ([mu, logSigma]) => [Math.exp(mu!), Math.exp(logSigma!)],
  logDensity: (x, [median, sigma]) => logNormalDensity(x, median!, sigma!),
  // The normal distribution of simple-statistics is a table of four digits, which ends at 0.999.
  cumulative: (x, [median, sigma]) => (1 + errorFunction(Math.log(x / median!) / sigma! / Math.SQRT2)) / 2,
  yaml: ([median, sigma]) => `{ lognormal: { median: ${ns(median!)}, sigma: ${short(Math.min(4, sigma!))} } }`,
};

const ROOT_OF_TWO_PI = Math.sqrt(2 * Math.PI);

/** Without a logarithm of the density, which takes a third of the time of a mixture. */
function lognormalDensity(x: number, median: number, sigma: number): number {
  const z = Math.log(x / median) / sigma;
  return Math.exp(-0.5 * z * z) / (x * sigma * ROOT_OF_TWO_PI);
}

export function logNormalDensity(x: number, median: number, sigma: number): number {
  const z = Math.log(x / median) / sigma;
  return -Math.log(x * sigma) - 0.5 * Math.log(2 * Math.PI) - 0.5 * z * z;
}

const gamma: Family = {
  name: 'gamma',
  names: ['shape', 'mean'],
  /** T. Minka, "Estimating a Gamma distribution", 2002: Newton's steps for the shape. */
  fit(xs) {
    const mean = meanOf(xs);
    const gap = Math.log(mean) - meanOf(xs.map(Math.log));
    if (!(gap > 1e-9)) return undefined;
    let shape = (3 - gap + Math.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap);
    for (let i = 0; i < 20; i++) {
      const slope = 1 / shape - trigamma(shape);
      shape = 1 / (1 / shape + (-gap + Math.log(shape) - digamma(shape)) / (shape * shape * slope));
    }
    return shape >= 0.1 && shape <= 1000 ? [Math.log(shape), Math.log(mean)] : undefined;
  },
  natural: (theta) => theta.map(Math.exp),
  logDensity: (x, [shape, mean]) =>
    shape! * Math.log(shape! / mean!) + (shape! - 1) * Math.log(x) - (shape! * x) / mean! - gammaln(shape!),
  cumulative: (x, [shape, mean]) => regularisedGamma(shape!, (shape! * x) / mean!),
  yaml: ([shape, mean]) => `{ gamma: { shape: ${short(shape!)}, mean: ${ns(mean!)} } }`,
};

const weibull: Family = {
  name: 'weibull',
  names: ['shape', 'scale'],
  /** Newton's steps for the likelihood equation of the shape (N. Johnson, S. Kotz, "Continuous distributions"). */
  fit(xs) {
    const logs = xs.map(Math.log);
    const meanLog = meanOf(logs);
    const top = Math.max(...[logs[logs.length - 1]!, logs[0]!]);
    let shape = 1.28 / Math.max(1e-3, Math.sqrt(momentsOf(logs).variance));
    for (let i = 0; i < 60; i++) {
      let [a, b, c] = [0, 0, 0];
      for (const y of logs) {
        const w = Math.exp(shape * (y - top));
        a += w;
        b += w * y;
        c += w * y * y;
      }
      const step = (b / a - 1 / shape - meanLog) / (c / a - (b / a) ** 2 + 1 / shape ** 2);
      shape = Math.max(shape / 2, Math.min(shape * 2, shape - step));
    }
    if (!(shape >= 0.1 && shape <= 1000)) return undefined;
    const sum = logs.reduce((total, y) => total + Math.exp(shape * (y - top)), 0);
    return [Math.log(shape), top + Math.log(sum / logs.length) / shape];
  },
  natural: (theta) => theta.map(Math.exp),
  logDensity: (x, [shape, scale]) =>
    Math.log(shape! / scale!) + (shape! - 1) * Math.log(x / scale!) - (x / scale!) ** shape!,
  cumulative: (x, [shape, scale]) => -Math.expm1(-((x / scale!) ** shape!)),
  yaml: ([shape, scale]) => `{ weibull: { shape: ${short(shape!)}, scale: ${ns(scale!)} } }`,
};

/**
 * I. Aban, M. Meerschaert, A. Panorska, "Parameter estimation for the truncated Pareto distribution", 2006: the ends
 * are those of the sample, and the exponent solves the likelihood equation.
 */
function paretoBetween(low: number, high: number): Family {
  return {
    name: 'bounded-pareto',
    names: ['alpha'],
    fit(xs) {
      if (!(high > low)) return undefined;
      const target = meanOf(xs.map((x) => Math.log(x / low)));
      const ratio = Math.log(low / high);
      // Mean of the logarithm: it falls with alpha.
      const meanLog = (alpha: number) => 1 / alpha + (ratio * Math.exp(alpha * ratio)) / -Math.expm1(alpha * ratio);
      let [from, to] = [0.1, 100];
      if (!(meanLog(from) >= target && meanLog(to) <= target)) return undefined;
      for (let i = 0; i < 100; i++) {
        const middle = Math.sqrt(from * to);
        if (meanLog(middle) > target) from = middle;
        else to = middle;
      }
      return [Math.log(from)];
    },
    natural: (theta) => theta.map(Math.exp),
    logDensity: (x, [alpha]) =>
      x < low || x > high
        ? Number.NEGATIVE_INFINITY
        : Math.log(alpha! / low) -
          (alpha! + 1) * Math.log(x / low) -
          Math.log(-Math.expm1(alpha! * Math.log(low / high))),
    cumulative: (x, [alpha]) =>
      x <= low
        ? 0
        : x >= high
          ? 1
          : Math.expm1(-alpha! * Math.log(x / low)) / Math.expm1(alpha! * Math.log(low / high)),
    yaml: ([alpha]) => `{ bounded-pareto: { alpha: ${short(alpha!)}, min: ${ns(low)}, max: ${ns(high)} } }`,
  };
}

const hyperexponential: Family = {
  name: 'hyperexponential',
  names: ['probability', 'mean1', 'mean2'],
  fit(xs) {
    const found = hyperexponentialStart(xs);
    return found && [Math.log(found.p / (1 - found.p)), Math.log(found.mean1), Math.log(found.mean2)];
  },
  natural: ([logit, a, b]) => [logistic(logit!), Math.exp(a!), Math.exp(b!)],
  logDensity: (x, [p, a, b]) => Math.log((p! / a!) * Math.exp(-x / a!) + ((1 - p!) / b!) * Math.exp(-x / b!)),
  cumulative: (x, [p, a, b]) => -p! * Math.expm1(-x / a!) - (1 - p!) * Math.expm1(-x / b!),
  yaml: ([p, a, b]) =>
    `{ hyperexponential: [{ probability: ${short(p!)}, mean: ${ns(a!)} }, ` +
    `{ probability: ${rest(short(p!))}, mean: ${ns(b!)} }] }`,
};

/** Most parts of a mixture of lognormal distributions. */
export const MOST_PARTS = 4;

/** Several humps: a request that hits a cache, say, and one that does not. */
function lognormals(parts: number): Family {
  const numbers = Array.from({ length: parts }, (_, i) => i + 1);
  /** In a loop without lists: it is run for each value. */
  const weighed = (natural: readonly number[], of: (median: number, sigma: number) => number): number => {
    let [sum, left] = [0, 1];
    for (let i = 0; i < parts; i++) {
      const p = i < parts - 1 ? natural[i]! : left;
      left -= p;
      sum += p * of(natural[parts - 1 + 2 * i]!, natural[parts + 2 * i]!);
    }
    return sum;
  };
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  return {
    name: mixtureName(parts),
    names: [
      ...(parts === 2 ? ['probability'] : numbers.slice(0, -1).map((i) => `probability${i}`)),
      ...numbers.flatMap((i) => [`median${i}`, `sigma${i}`]),
    ],
    fit(xs) {
      const found = lognormalMixtureStart(xs, parts);
      if (!found) return undefined;
      const last = found[parts - 1]!.share;
      const logits = found.slice(0, -1).map(({ share }) => Math.log(share / last));
      return [...logits, ...found.flatMap(({ mu, sigma }) => [mu, Math.log(sigma)])];
    },
    natural(theta) {
      const odds = theta.slice(0, parts - 1).map(Math.exp);
      return [...odds.map((odd) => odd / (1 + total(odds))), ...theta.slice(parts - 1).map(Math.exp)];
    },
    logDensity: (x, natural) => Math.log(weighed(natural, (median, sigma) => lognormalDensity(x, median, sigma))),
    cumulative: (x, natural) => weighed(natural, (median, sigma) => lognormal.cumulative(x, [median, sigma])),
    yaml(natural) {
      const shares = natural.slice(0, parts - 1).map(short);
      const branches = [...shares, rest(total(shares))].map((share, i) => {
        const value = lognormal.yaml(natural.slice(parts - 1 + 2 * i, parts + 1 + 2 * i));
        return `{ probability: ${share}, value: ${value} }`;
      });
      return `{ mixture: [${branches.join(', ')}] }`;
    },
  };
}

/** `mixture` of two, `mixture-3` of three. */
export function mixtureName(parts: number): string {
  return parts === 2 ? 'mixture' : `mixture-${parts}`;
}

/** What is left of 1, as it is written. */
function rest(p: number): number {
  return Number((1 - p).toPrecision(12));
}

/**
 * The sample in each family that it can be of.
 *
 * @param sorted values above 0, ascending
 * @param range the smallest and the largest value of all, where the sample is a part
 * @param only the name of one family; otherwise all are tried but mixtures of more than two parts
 */
export function fitFamilies(
  sorted: Float64Array,
  range = [sorted[0]!, sorted[sorted.length - 1]!] as const,
  only?: string,
): Fitted[] {
  const families = [exponential, lognormal, gamma, weibull, paretoBetween(...range), hyperexponential, lognormals(2)];
  const larger = Array.from({ length: MOST_PARTS - 2 }, (_, i) => lognormals(i + 3));
  const tried = only === undefined ? families : [...families, ...larger].filter(({ name }) => name === only);
  return tried.flatMap((family) => {
    const theta = family.fit(sorted);
    return theta?.every(Number.isFinite) ? [fittedOf(family, theta, sorted)] : [];
  });
}

function fittedOf(family: Family, theta: readonly number[], xs: Float64Array): Fitted {
  const natural = family.natural(theta);
  return {
    family: family.name,
    parameters: Object.fromEntries(family.names.map((name, i) => [name, natural[i]!])),
    intervals() {
      const found = intervalsOf(family, theta, covarianceOf(family, theta, xs));
      return Object.fromEntries(family.names.map((name, i) => [name, found[i]!]));
    },
    logDensity: (x) => family.logDensity(x, natural),
    cumulative: (x) => family.cumulative(x, natural),
    yaml: family.yaml(natural),
    size: theta.length,
  };
}

/** By the delta method, on a scale without bounds: logits of probabilities, logarithms of the other parameters. */
function intervalsOf(
  { names, natural }: Family,
  theta: readonly number[],
  covariance: readonly (readonly number[])[],
): (readonly [number, number])[] {
  const free = (values: readonly number[]) =>
    natural(values).map((value, i) => Math.log(isProbability(names[i]!) ? value / (1 - value) : value));
  const step = 1e-4;
  const slopes = theta.map((_, j) => {
    const [up, down] = [step, -step].map((by) => free(theta.map((value, k) => value + (k === j ? by : 0))));
    return names.map((__, i) => (up![i]! - down![i]!) / (2 * step));
  });
  return free(theta).map((value, i) => {
    const terms = theta.flatMap((_, j) => theta.map((__, k) => slopes[j]![i]! * slopes[k]![i]! * covariance[j]![k]!));
    const deviation = Math.sqrt(
      Math.max(
        0,
        terms.reduce((sum, term) => sum + term, 0),
      ),
    );
    const end = (at: number) => (isProbability(names[i]!) ? logistic(at) : Math.exp(at));
    return [end(value - 1.96 * deviation), end(value + 1.96 * deviation)];
  });
}

function isProbability(name: string): boolean {
  return name.startsWith('probability');
}

/** Covariances of the parameters: the inverse of the observed information (R. Fisher), by differences. */
function covarianceOf(family: Family, theta: readonly number[], xs: Float64Array): number[][] {
  const step = 1e-3;
  const likelihood = (moved: readonly number[]) => {
    const natural = family.natural(moved);
    let sum = 0;
    for (const x of xs) sum += family.logDensity(x, natural);
    return sum;
  };
  const at = (i: number, di: number, j: number, dj: number) =>
    likelihood(theta.map((value, k) => value + (k === i ? di : 0) + (k === j ? dj : 0)));
  const information = theta.map((_, i) =>
    theta.map((__, j) => {
      if (j < i) return 0;
      const mixed = at(i, step, j, step) - at(i, step, j, -step) - at(i, -step, j, step) + at(i, -step, j, -step);
      return -mixed / (4 * step * step);
    }),
  );
  information.forEach((row, i) => {
    for (let j = 0; j < i; j++) row[j] = information[j]![i]!;
  });
  return inverse(information);
}

/** Gauss and Jordan; NaN where the matrix has no inverse. */
function inverse(matrix: readonly (readonly number[])[]): number[][] {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => Number(i === j))]);
  for (let i = 0; i < n; i++) {
    const pivot = rows
      .slice(i)
      .reduce((best, row, k) => (Math.abs(row[i]!) > Math.abs(rows[best]![i]!) ? i + k : best), i);
    [rows[i], rows[pivot]] = [rows[pivot]!, rows[i]!];
    const by = rows[i]![i]!;
    rows[i] = rows[i]!.map((x) => x / by);
    for (let k = 0; k < n; k++) {
      if (k !== i) rows[k] = rows[k]!.map((x, j) => x - rows[k]![i]! * rows[i]![j]!);
    }
  }
  return rows.map((row) => row.slice(n));
}

function meanOf(xs: Float64Array): number {
  let sum = 0;
  for (const x of xs) sum += x;
  return sum / xs.length;
}

function momentsOf(xs: Float64Array): { mean: number; variance: number } {
  const mean = meanOf(xs);
  let sum = 0;
  for (const x of xs) sum += (x - mean) ** 2;
  return { mean, variance: sum / xs.length };
}
