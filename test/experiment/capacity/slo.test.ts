import { describe, expect, test } from 'vitest';
import { checkSlos, judge, parseSlo } from '../../../src/experiment/capacity/slo.js';
import type { Judged } from '../../../src/results/outcome-schema.js';
import type { Result } from '../../../src/results/result.js';

describe('an objective', () => {
  test('is read as people write it', () => {
    expect(parseSlo('p99.9 slowdown <= 10 for every type')).toMatchObject({
      statistic: 'p99_9',
      quantity: 'slowdown',
      bound: 10,
      scope: 'every type',
    });
    expect(parseSlo('p99 sojourn <= 50us for GET')).toMatchObject({
      statistic: 'p99',
      quantity: 'sojournNs',
      bound: 50_000,
      scope: { type: 'GET' },
    });
    expect(parseSlo(' mean slowdown < 3 overall ')).toMatchObject({ statistic: 'mean', bound: 3, scope: 'overall' });
    expect(parseSlo('p50 slowdown ≤ 2')).toMatchObject({ scope: 'every type' });
    for (const name of ['GET, "big"', 'overall', 'every type', 'constructor', 'two words']) {
      const typed = `"${name.replaceAll('"', '""')}"`;
      expect(parseSlo(`p50 slowdown <= 2 for ${typed}`)).toMatchObject({ scope: { type: name }, bound: 2 });
    }
    expect(parseSlo('p50 sojourn <= 2 us for two words')).toMatchObject({ scope: { type: 'two words' }, bound: 2000 });
    expect(parseSlo("p95 latency < 5ms for 'GET /item/:id'")).toMatchObject({
      statistic: 'p95',
      quantity: 'sojournNs',
      bound: 5e6,
      scope: { type: 'GET /item/:id' },
    });
    expect(parseSlo("p50 slowdown <= 2 for 'it''s'")).toMatchObject({ scope: { type: "it's" } });
    expect(() => parseSlo('toString slowdown <= 10')).toThrow(
      "--slo: expected one of mean, p50, p90, p95, p99, p99.9, p99.99, found 'toString'",
    );
  });

  test.each([
    ['', "expected an objective such as 'p99.9 slowdown <= 10 for every type'"],
    ['p99.9 slowdown >= 10', 'expected an objective'],
    ['p98 slowdown <= 10', "expected one of mean, p50, p90, p95, p99, p99.9, p99.99, found 'p98'"],
    ['p99 slowdown <= 0.5', "expected a slowdown of at least 1, found '0.5'"],
    ['p99 slowdown <= 10us', "expected a slowdown of at least 1, found '10us'"],
    ['p99 sojourn <= 50', 'found the bare number 50'],
  ])('that is wrong is refused: %s', (text, complaint) => {
    expect(() => parseSlo(text)).toThrow(complaint);
    expect(() => parseSlo(text)).toThrow(/^--slo: /);
  });

  test('on timeouts is one on the percentile beyond which they are', () => {
    expect(parseSlo('rate of timeouts <= 0.01 % at 10ms')).toMatchObject({
      statistic: 'p99_99',
      quantity: 'sojournNs',
      bound: 10e6,
      scope: 'every type',
    });
    expect(parseSlo("rate of timeouts < 5% at 2 ms for 'A B'")).toMatchObject({
      statistic: 'p95',
      scope: { type: 'A B' },
    });
    expect(() => parseSlo('rate of timeouts <= 3 % at 10ms')).toThrow(
      "expected a rate of timeouts of one of 50 %, 10 %, 5 %, 1 %, 0.1 %, 0.01 %, found '3 %'",
    );
  });

  test('is for a type that there is', () => {
    const slo = parseSlo('p99 slowdown <= 10 for SHRT');
    expect(() => checkSlos([slo], ['SHORT', 'LONG'])).toThrow(
      "unknown type 'SHRT': did you mean 'SHORT'? The workload has SHORT, LONG",
    );
    expect(() => checkSlos([slo], ['SHRT'])).not.toThrow();
  });
});

/** A result as far as it is judged: p99 slowdown with its interval, and what was dropped of 1000, per type. */
function resultOf(
  types: Record<string, readonly [number, number | null, number | null, number?]>,
  judged: Judged = { outcome: 'ok' },
) {
  const slices = Object.entries(types).map(([name, [value, low, high, droppedMeasured = 0]]) => ({
    name,
    arrived: 1000,
    droppedMeasured,
    slowdown: { p99: value, mean: value, count: 1000, ci95: { p99: [low, high], mean: [low, high] } },
    sojournNs: { p99: value * 1000, count: 1000, ci95: { p99: [low, high] } },
  }));
  const overall = slices[0]!;
  return { types: slices, overall, droppedMeasured: 0, ...judged } as unknown as Result;
}

describe('a result is judged', () => {
  const slo = parseSlo('p99 slowdown <= 10');
  const verdict = (...args: Parameters<typeof resultOf>) => judge(resultOf(...args), [slo]);

  test('by its interval, not by its value', () => {
    expect(verdict({ A: [8, 7, 10] }).verdict).toBe('holds');
    expect(verdict({ A: [8, 7, 10.1] }).verdict).toBe('undecided');
    expect(verdict({ A: [12, 9.9, 14] }).verdict).toBe('undecided');
    expect(verdict({ A: [12, 10.1, 14] }).verdict).toBe('fails');
    // Not known is not within.
    expect(verdict({ A: [2, 1, null] }).verdict).toBe('undecided');
  });

  test('by the type that is worst', () => {
    expect(verdict({ A: [9, 8, 9.5], B: [12, 11, 13], C: [20, 5, 40] })).toMatchObject({ verdict: 'fails', type: 'B' });
    expect(verdict({ A: [2, 1, 3], B: [9, 8, 9.5] })).toMatchObject({ verdict: 'holds', type: 'B', value: 9 });
    const onlyA = [parseSlo('p99 slowdown <= 10 for A')];
    expect(judge(resultOf({ A: [2, 1, 3], B: [99, 98, 100] }), onlyA)).toMatchObject({ verdict: 'holds', type: 'A' });
    const overall = [parseSlo('p99 slowdown <= 10 overall')];
    expect(judge(resultOf({ A: [2, 1, 3], B: [99, 98, 100] }), overall)).toMatchObject({
      verdict: 'holds',
      type: null,
    });
  });

  test('all objectives count', () => {
    const result = resultOf({ A: [2, 1, 3] });
    const slos = [slo, parseSlo('p99 slowdown <= 1.5 for A')];
    expect(judge(result, slos)).toMatchObject({ verdict: 'undecided', slo: 'p99 slowdown <= 1.5 for A' });
  });

  test('with an outcome that is not ok or dropping too much, it fails whatever it measured', () => {
    for (const outcome of ['unstable', 'saturated', 'lost', 'failed'] as const) {
      expect(verdict({ A: [2, 1, 3] }, { outcome })).toMatchObject({ verdict: 'fails', reason: outcome });
    }
    const doubt = { outcome: 'ok', reason: 'It may be unstable, too short to tell.' } as const;
    expect(verdict({ A: [2, 1, 3] }, doubt).verdict).toBe('undecided');
    // A dropped request is later than any bound: p99 lets one in a hundred be.
    expect(verdict({ A: [2, 1, 3, 10] }).verdict).toBe('holds');
    expect(verdict({ A: [2, 1, 3, 11] })).toMatchObject({ verdict: 'fails', reason: 'dropped' });
  });
});
