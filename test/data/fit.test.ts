import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probit } from 'simple-statistics';
import { afterAll, describe, expect, test } from 'vitest';
import { ArrivalSample } from '../../src/data/fit/arrival-sample.js';
import { fitFamilies } from '../../src/data/fit/families.js';
import { fitService } from '../../src/data/fit/fit-service.js';
import { fitTrace } from '../../src/data/fit/fit-trace.js';
import { regularisedGamma } from '../../src/data/fit/gamma-functions.js';
import { scanTraceFile } from '../../src/files/trace-file.js';
import { createRequestSource } from '../../src/workload/generate.js';
import { parseWorkload } from '../../src/workload/parse-workload.js';
import { substream } from '../../src/workload/random.js';
import { RequestBatch } from '../../src/workload/request-source.js';
import { seedOr } from '../support/runs.js';
import { traceHeader, traceLines } from '../support/trace-writer.js';

const folder = mkdtempSync(join(tmpdir(), 'psp-fit-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Distributions with known parameters: as YAML, and what a fit should find. */
const KNOWN: readonly (readonly [family: string, yaml: string, truth: Readonly<Record<string, number>>])[] = [
  ['exponential', '{ exponential: { mean: 1ms } }', { mean: 1e6 }],
  ['lognormal', '{ lognormal: { median: 1ms, sigma: 0.7 } }', { median: 1e6, sigma: 0.7 }],
  ['gamma', '{ gamma: { shape: 2.5, mean: 1ms } }', { shape: 2.5, mean: 1e6 }],
  ['weibull', '{ weibull: { shape: 0.7, scale: 1ms } }', { shape: 0.7, scale: 1e6 }],
  ['bounded-pareto', '{ bounded-pareto: { alpha: 1.3, min: 10us, max: 10ms } }', { alpha: 1.3 }],
  [
    'hyperexponential',
    '{ hyperexponential: [{ probability: 0.8, mean: 100us }, { probability: 0.2, mean: 2ms }] }',
    { probability: 0.8, mean1: 1e5, mean2: 2e6 },
  ],
  [
    'mixture',
    '{ mixture: [{ probability: 0.7, value: { lognormal: { median: 100us, sigma: 0.4 } } }, ' +
      '{ probability: 0.3, value: { lognormal: { median: 2ms, sigma: 0.5 } } }] }',
    { probability: 0.7, median1: 1e5, sigma1: 0.4, median2: 2e6, sigma2: 0.5 },
  ],
  [
    'mixture-3',
    '{ mixture: [{ probability: 0.5, value: { lognormal: { median: 100us, sigma: 0.4 } } }, ' +
      '{ probability: 0.3, value: { lognormal: { median: 1ms, sigma: 0.3 } } }, ' +
      '{ probability: 0.2, value: { lognormal: { median: 10ms, sigma: 0.5 } } }] }',
    {
      ...{ probability1: 0.5, median1: 1e5, sigma1: 0.4 },
      ...{ probability2: 0.3, median2: 1e6, sigma2: 0.3, median3: 1e7, sigma3: 0.5 },
    },
  ],
];

function sampler(yaml: string) {
  const workload = parseWorkload(`name: w\ntypes: [{ name: A, ratio: 1, service: ${yaml} }]\n`, 'w.yaml');
  const [service] = workload.phases[0]!.service;
  return (seed: string, count: number) => {
    const random = substream(seed, 'service/A');
    return Float64Array.from({ length: count }, () => Math.max(1, Math.round(service!.sample(random))));
  };
}

const EXPERIMENTS = 200;

describe('known parameters', () => {
  test.each(KNOWN)('of %s are in their intervals in nine of ten experiments, and not in all', (family, yaml, truth) => {
    const sample = sampler(yaml);
    const hits = new Map(Object.keys(truth).map((name) => [name, 0]));
    for (let i = 0; i < EXPERIMENTS; i++) {
      const fitted = fitFamilies(sample(`${seedOr(family)} ${i}`, 600).sort(), RANGES.get(family), family)[0]!;
      const intervals = fitted.intervals();
      for (const [name, value] of Object.entries(truth)) {
        const [low, high] = intervals[name]!;
        if (low <= value && value <= high) hits.set(name, hits.get(name)! + 1);
      }
    }
    for (const [name, count] of hits) {
      expect(count / EXPERIMENTS, name).toBeGreaterThanOrEqual(0.9);
      expect(count / EXPERIMENTS, name).toBeLessThanOrEqual(0.99);
    }
  });

  test.each(KNOWN)('the family %s is chosen for what is of it', (family, yaml) => {
    const fit = fitService([...sampler(yaml)(`${seedOr(family)}`, 12_000)]);
    expect(fit.family).toBe(family);
    expect(fit.distance).toBeLessThan(0.015);
    for (const { fittedNs, lowNs, highNs } of fit.tail) {
      expect(fittedNs).toBeGreaterThan(lowNs * 0.9);
      expect(fittedNs).toBeLessThan(highNs * 1.1);
    }
    expect(() => parseWorkload(`name: w\ntypes: [{ name: A, ratio: 1, service: ${fit.yaml} }]\n`, 'w')).not.toThrow();
  });
});

/** A truncated Pareto is fitted between its ends. */
const RANGES = new Map([['bounded-pareto', [1e4, 1e7] as const]]);

test('constants, a few of them, and shapes that no family has', () => {
  expect(fitService(Array(50).fill(1000))).toMatchObject({ family: 'constant', yaml: '1us' });
  const two = fitService(Array.from({ length: 100 }, (_, i) => (i % 4 === 0 ? 2000 : 500)));
  expect(two.yaml).toBe('{ mixture: [{ probability: 0.75, value: 500ns }, { probability: 0.25, value: 2us }] }');
  const four = Array.from(
    { length: 12_000 },
    (_, i) => 10 ** (3 + (i % 4)) * Math.exp(0.2 * probit((i + 0.5) / 12_000)),
  );
  expect(fitService(four)).toMatchObject({ family: 'mixture-4' });
  const odd = fitService(Array.from({ length: 3000 }, (_, i) => 1000 * (1 + (i % 3)) ** 2 + (i % 30)));
  expect(odd.family).toBe('empirical');
});

test('the incomplete gamma function is that of tables', () => {
  // Abramowitz and Stegun, table 26.7: chi-square with 2a degrees of freedom.
  expect(regularisedGamma(1, 1)).toBeCloseTo(0.6321205588, 9);
  expect(regularisedGamma(2.5, 5)).toBeCloseTo(0.9247647539, 8);
  expect(regularisedGamma(0.5, 0.5)).toBeCloseTo(0.6826894921, 8);
});

test('the tail of a lognormal distribution is that of tables', () => {
  const [fit] = fitFamilies(
    Float64Array.of(1, Math.E ** 2).map((x) => x * 1e6),
    undefined,
    'lognormal',
  );
  expect(fit!.parameters.sigma).toBeCloseTo(1, 9);
  for (const [z, p] of [
    [-2.326348, 0.01],
    [3.090232, 0.999],
    [3.719016, 0.9999],
  ] as const) {
    expect(fit!.cumulative(Math.E * 1e6 * Math.exp(z))).toBeCloseTo(p, 6);
  }
});

describe('arrivals', () => {
  async function fitted(arrivals: string, requests = 120_000) {
    const yaml = `name: w\narrivals: ${arrivals}\ntypes: [{ name: 'a, "b"', ratio: 1, service: 50us }]\n`;
    const workload = parseWorkload(yaml, 'w.yaml');
    const source = createRequestSource(workload, { rateRps: 1e5, seed: `${seedOr(arrivals)}`, requests });
    const batch = new RequestBatch();
    let text = traceHeader();
    for (;;) {
      source.fill(batch);
      if (batch.length === 0) break;
      text += traceLines(batch, ['a, "b"']);
    }
    const path = join(folder, 't.csv');
    writeFileSync(path, text);
    const { summary } = await scanTraceFile(path, 't.csv');
    return fitTrace(path, summary, 'fitted');
  }

  test('that are Poisson are called that', async () => {
    const { arrivals, yaml, services } = await fitted('poisson');
    expect(arrivals).toMatchObject({ process: 'poisson', yaml: 'poisson' });
    expect(services).toMatchObject([{ name: 'a, "b"', family: 'constant', requests: 120_000 }]);
    expect(parseWorkload(yaml, 'y').types).toMatchObject([{ name: 'a, "b"' }]);
  });

  test('in bursts have the index of dispersion that they had, and bursts of about their length', async () => {
    const { arrivals, yaml } = await fitted('{ mmpp2: { burstFactor: 8, meanCalm: 3ms, meanBurst: 1ms } }', 400_000);
    expect(arrivals.process).toBe('mmpp2');
    const { burstFactor, meanCalmNs, meanBurstNs } = arrivals.parameters;
    expect(Math.abs(burstFactor! / 8 - 1)).toBeLessThan(0.25);
    expect(Math.abs(meanCalmNs! / 3e6 - 1)).toBeLessThan(0.25);
    expect(Math.abs(meanBurstNs! / 1e6 - 1)).toBeLessThan(0.25);
    for (const { index, fitted: found } of arrivals.dispersion) expect(Math.abs(found / index - 1)).toBeLessThan(0.3);
    expect(() => parseWorkload(yaml, 'y')).not.toThrow();
  });

  test('steadier than Poisson are a renewal process', async () => {
    const { arrivals } = await fitted('{ renewal: { gamma: { shape: 4, mean: 10us } } }');
    expect(arrivals.process).toBe('renewal');
    expect(arrivals.gapScv).toBeCloseTo(0.25, 1);
    expect(arrivals.yaml).toContain('{ renewal: { gamma: { shape: ');
    expect((await fitted('constant', 5000)).arrivals.yaml).toBe('constant');
  });

  test('whose gaps no family has are a renewal process of those gaps, which can be played', async () => {
    const humps = [2, 5, 8, 11, 14, 17].map(
      (us) => `{ probability: ${us === 17 ? 0.2 : 0.16}, value: { uniform: { min: ${us}us, max: ${us + 0.5}us } } }`,
    );
    const gaps = `{ mixture: [${humps.join(', ')}] }`;
    const { arrivals, yaml } = await fitted(`{ renewal: ${gaps} }`, 20_000);
    expect(arrivals.process).toBe('renewal');
    expect(arrivals.yaml).toContain('quantiles:');
    const source = createRequestSource(parseWorkload(yaml, 'y'), { rateRps: 1e5, seed: 1, requests: 2000 });
    const batch = new RequestBatch(2000);
    source.fill(batch);
    const played = Array.from({ length: 1999 }, (_, i) => batch.arrivalNs[i + 1]! - batch.arrivalNs[i]!);
    // Both have the same rate, which stretches the gaps by 10 / 10.05.
    const us = played.map((gap) => (gap / 1e3) * 1.005);
    expect(us.filter((gap) => gap > 8.8 && gap < 10.8).length).toBeLessThan(40);
    expect(us.filter((gap) => gap > 16.8 && gap < 17.7).length / us.length).toBeCloseTo(0.2, 1);
  });

  describe('behind a coarse clock', () => {
    /** A tick is 100 times the gap. */
    const sampled = (arrivals: string, tickNs: number, logTickNs?: number) => {
      const yaml = `name: w\narrivals: ${arrivals}\ntypes: [{ name: A, ratio: 1, service: 50us }]\n`;
      const requests = 200_000;
      const source = createRequestSource(parseWorkload(yaml, 'w'), { rateRps: 1e5, seed: '1', requests });
      const batch = new RequestBatch(requests);
      source.fill(batch);
      const times = Array.from(batch.arrivalNs.subarray(0, requests), (ns) => Math.floor(ns / tickNs) * tickNs);
      const sample = new ArrivalSample(times.at(-1)! - times[0]!, requests, logTickNs);
      for (const ns of times) sample.add(ns);
      return sample.fit();
    };

    test.each([undefined, 1e6])('the counts in longer windows still tell (tick given: %s)', (given) => {
      expect(sampled('poisson', 1e6, given)).toMatchObject({ process: 'poisson', yaml: 'poisson' });
      expect(sampled('poisson', 1e6, given).assumed).toBeUndefined();
      const bursts = sampled('{ mmpp2: { burstFactor: 8, meanCalm: 60ms, meanBurst: 20ms } }', 1e6, given);
      expect(bursts.process).toBe('mmpp2');
    });

    test('nothing tells when there are hardly any ticks, and what is assumed is said', () => {
      const { process, assumed } = sampled('poisson', 1e9);
      expect([process, assumed]).toEqual(['poisson', 'the clock of the log is too coarse']);
    });

    test('steadier than Poisson is not called Poisson without a word', () => {
      const { process, assumed } = sampled('constant', 1e6);
      expect([process, assumed]).toEqual(['poisson', 'the clock of the log is too coarse']);
    });
  });

  test('of a few requests could be of any process, and what is assumed is said', async () => {
    const { arrivals } = await fitted('poisson', 60);
    expect(arrivals).toMatchObject({ process: 'poisson', assumed: 'there are too few requests' });
  });
});
