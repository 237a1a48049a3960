import { beforeAll, describe, expect, it } from 'vitest';
import { compareSides, comparingSides, type Side } from '../../../src/experiment/compare/compare-results.js';
import { planRuns } from '../../../src/experiment/plan/plan.js';
import { runSampled, type SampledResult } from '../../../src/experiment/run/run-sampled.js';
import { formatCompared } from '../../../src/report/text/compare-table.js';
import type { Result } from '../../../src/results/result.js';

async function sampled(seed: string, policy = 'darc', requests = 20_000): Promise<SampledResult> {
  const plan = await planRuns({ workload: 'bimodal', policies: [policy], load: 0.7, requests, seed, warmup: 0.1 });
  return runSampled(plan.specs[0]!);
}

/** The same run in a world where everything takes longer by this factor. */
function slower({ result, samples }: SampledResult, byNs: number, factor = 1): SampledResult {
  const sojournNs = samples.sojournNs.map((ns) => ns * factor + byNs);
  const scaled = JSON.parse(JSON.stringify(result), (key, value) => {
    if (key !== 'slowdown') return value;
    const scale = (x: unknown): unknown => (typeof x === 'number' ? x * factor : Array.isArray(x) ? x.map(scale) : x);
    return Object.fromEntries(
      Object.entries(value as Record<string, unknown>).map(([name, x]) => [
        name,
        name === 'count' || name === 'replications' ? x : name === 'ci95' ? mapValues(x as object, scale) : scale(x),
      ]),
    );
  });
  return { result: scaled, samples: { ...samples, sojournNs } };
}

function mapValues(record: object, change: (x: unknown) => unknown): object {
  return Object.fromEntries(Object.entries(record).map(([key, x]) => [key, change(x)]));
}

let one: SampledResult;
beforeAll(async () => {
  one = await sampled('1');
});

describe('a comparison', () => {
  it('of a run that is not ok compares outcomes, not sojourns', () => {
    const reason = 'Its queues grew.';
    const judged = (outcome: Result['outcome']): SampledResult => ({
      ...one,
      result: { ...one.result, outcome, reason },
    });
    const different = compareSides([one], [judged('unstable')], { tolerance: 0.1 });
    expect(different).toMatchObject({ agrees: false, verdicts: { agree: 0, disagree: 1, undecided: 0 } });
    expect(different.runs[0]).toMatchObject({ outcomes: [{ outcome: 'ok' }, { outcome: 'unstable', reason }] });
    expect(different.runs[0]!.types[0]).toEqual({
      name: 'SHORT',
      slowdown: { p50: null, p90: null, p99: null, p99_9: null },
    });
    const text = formatCompared(different);
    expect(text).toContain('\nsimulated: unstable: Its queues grew.\n');
    expect(text).not.toContain('p99.9  ');
    const same = compareSides([judged('unstable')], [judged('unstable')], { tolerance: 0.1 });
    expect(same).toMatchObject({ agrees: true, verdicts: { agree: 1, disagree: 0, undecided: 0 } });
    // A doubt is told, and does not keep values from being compared.
    const doubtful = compareSides([one], [judged('ok')], { tolerance: 0.1 });
    expect(doubtful).toMatchObject({ agrees: true, verdicts: { agree: 12 } });
    expect(formatCompared(doubtful)).toContain('simulated: Its queues grew.');
  });

  it('goes step by step, a step for each type, to the same end', () => {
    const steps = comparingSides([one], [one]);
    const shares: number[] = [];
    let step = steps.next();
    for (; !step.done; step = steps.next()) shares.push(step.value);
    expect(shares).toEqual([1 / 3, 2 / 3]);
    expect(step.value).toEqual(compareSides([one], [one]));
  });

  it('of identical results says zero', () => {
    const comparison = compareSides([one], [one], { tolerance: 1e-9 });
    expect(comparison.agrees).toBe(true);
    for (const { slowdown, ks, paired } of comparison.runs[0]!.types) {
      for (const value of Object.values(slowdown))
        expect(value).toMatchObject({ relative: 0, overlap: true, agrees: true });
      expect(ks).toBe(0);
      expect(paired).toMatchObject({ p1Ns: 0, medianNs: 0, p99Ns: 0 });
    }
    expect(comparison.runs[0]!.types.map(({ name }) => name)).toEqual(['SHORT', 'LONG', undefined]);
    expect(comparison.runs[0]!.types[2]!.paired!.count).toBe(18_000);
  });

  it('of a shifted result says by how much', () => {
    const comparison = compareSides([slower(one, 700, 1.5)], [one], { tolerance: 0.2 });
    expect(comparison.agrees).toBe(false);
    const [short] = comparison.runs[0]!.types;
    for (const value of Object.values(short!.slowdown)) expect(value!.relative).toBeCloseTo(0.5, 6);
    // A SHORT that does not wait took 1 us, and takes half of that and 700 ns more.
    expect(short!.paired!.p1Ns).toBe(1200);
    expect(short!.ks).toBeGreaterThan(0.3);
    expect(compareSides([slower(one, 0, 1.5)], [one], { tolerance: 0.6 }).agrees).toBe(true);
  });

  it('counts a difference that the confidence intervals allow as agreement', () => {
    const comparison = compareSides([slower(one, 0, 1.01)], [one], { tolerance: 1e-6 });
    const { p50, p99_9 } = comparison.runs[0]!.types[0]!.slowdown;
    expect(p99_9).toMatchObject({ overlap: true, agrees: true });
    expect(p50).toMatchObject({ overlap: false, agrees: false });
  });

  it('distinguishes one disturbance of many requests from many disturbances of one each', () => {
    // 20 000 requests of 1 us each that take up to a tenth longer; 60 of them 100 us, one after the other, or all over
    // the run.
    const side = (disturbed: (i: number) => boolean): Side => {
      const { length } = one.samples.type;
      const sojournNs = Float64Array.from({ length }, (_, i) => 1000 + (i % 101) + (disturbed(i) ? 100e3 : 0));
      const serviceNs = new Float64Array(length).fill(1000);
      const p99_9 = sojournNs.slice().sort()[Math.ceil(0.999 * length) - 1]! / 1000;
      const [short, ...types] = one.result.types;
      const ci95 = { ...short!.slowdown.ci95, p99_9: [p99_9 * 0.99, p99_9 * 1.01] as const };
      const result = { ...one.result, types: [{ ...short!, slowdown: { ...short!.slowdown, p99_9, ci95 } }, ...types] };
      return { result, samples: { ...one.samples, type: new Uint16Array(length), serviceNs, sojournNs } };
    };
    const quiet = side(() => false);
    const verdict = (disturbed: Side) => {
      const { slowdown } = compareSides([disturbed], [quiet], { tolerance: 0.1 }).runs[0]!.types[0]!;
      expect(slowdown.p99_9!.relative).toBeGreaterThan(90);
      expect(slowdown.p99_9!.overlap).toBe(false);
      return slowdown.p99_9!;
    };
    expect(verdict(side((i) => i % 333 === 0))).toMatchObject({ agrees: false });
    // A part in twenty of the run had all of it: by that, p99.9 may as well be what it is without.
    const once = verdict(side((i) => i >= 12_000 && i < 12_060));
    expect(once.agrees).toBeNull();
    expect(once.paired!.a).toEqual([expect.closeTo(1.1, 2), null]);
    expect(verdict(side((i) => i % 10 === 0)).agrees).toBe(false);
  });

  it('refuses other requests, unless told that they are', async () => {
    const other = await sampled('2');
    expect(() => compareSides([one], [other])).toThrow(
      /darc on bimodal, 14 workers, load 0\.7: the two met different requests .*--unpaired/,
    );
    const comparison = compareSides([one], [other], { unpaired: true });
    expect(comparison.runs[0]!.types[0]!.ks).toBeGreaterThan(0);
    expect(comparison.runs[0]!.types[0]!.paired).toBeUndefined();
  });

  it('refuses a result without its counterpart', async () => {
    const other = await sampled('1', 'c-fcfs', 1000);
    expect(() => compareSides([one], [other])).toThrow(
      'darc on bimodal, 14 workers, load 0.7: no counterpart on the other side, which has c-fcfs on bimodal, ' +
        '14 workers, load 0.7',
    );
  });

  it('does not take an interval without a bound for agreement', () => {
    const unbounded: Side = {
      ...one,
      result: {
        ...one.result,
        overall: {
          ...one.result.overall,
          slowdown: {
            ...one.result.overall.slowdown,
            p99_9: one.result.overall.slowdown.p99_9! * 2,
            ci95: { ...one.result.overall.slowdown.ci95, p99_9: [one.result.overall.slowdown.p99_9!, null] },
          },
        },
      },
    };
    const comparison = compareSides([unbounded], [one], { tolerance: 0.1 });
    expect(comparison.runs[0]!.types.at(-1)!.slowdown.p99_9!.agrees).toBeNull();
    expect(comparison).toMatchObject({ agrees: true, verdicts: { agree: 11, disagree: 0, undecided: 1 } });
    expect(formatCompared(comparison).replace(/\s+/g, ' ')).toMatch(
      /11 percentiles agree, 0 do not, 1 undecided \(an interval without a bound: use more requests\)\./,
    );
  });

  it('names what has no counterpart on either side, or several, and requests of other seeds', () => {
    const bare = { result: one.result };
    const other = { result: { ...one.result, policy: 'c-fcfs', policyParameters: {} } };
    expect(() => compareSides([bare], [bare, other])).toThrow(/^c-fcfs on .*: no counterpart on the first side/);
    expect(() => compareSides([bare, bare], [bare])).toThrow(/2 results on the first side and 1 on the other/);
    const costly = { result: { ...one.result, system: 'x' } };
    expect(compareSides([bare, costly], [costly, bare]).runs).toHaveLength(2);
    const elsewhere = { result: { ...one.result, seed: 'another' } };
    expect(() => compareSides([bare], [elsewhere])).toThrow(/met different requests .*seed 'another'.*--unpaired/);
    expect(compareSides([bare], [elsewhere], { unpaired: true }).runs).toHaveLength(1);
  });

  it('fits 80 columns, with the names of systems', () => {
    const comparison = compareSides([slower(one, 700, 1.5)], [one], { tolerance: 0.1 });
    const text = formatCompared({ ...comparison, a: { world: 'sim', system: 'shenango-d-fcfs' } });
    expect(text.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
  });

  it('reads as a table with a verdict', () => {
    const text = formatCompared(compareSides([slower(one, 700, 1.5)], [one], { tolerance: 0.1 }), { width: 160 });
    expect(text).toMatch(/^darc on bimodal · 14 workers · load 0\.7 · 20k requests$/m);
    expect(text).toMatch(/^SHORT +p50 +1\.50 .* 1\.00 .*\+50 % {2}TOO FAR$/m);
    expect(text).toContain('the same request in both: median +1.2us');
    expect(text).toMatch(/: 0 percentiles agree, 12 do not, 0 undecided\.$/m);
  });
});

describe('samples', () => {
  it('hold what the histograms hold', () => {
    const { result, samples } = one;
    const short = samples.sojournNs.filter((ns, i) => samples.type[i] === 0 && !Number.isNaN(ns)).sort();
    expect(short.length).toBe(result.types[0]!.slowdown.count);
    const exact = short[Math.ceil(0.99 * short.length) - 1]!;
    expect(result.types[0]!.sojournNs.p99! / exact).toBeCloseTo(1, 2);
  });
});
