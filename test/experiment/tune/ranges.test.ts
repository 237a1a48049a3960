import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allValues,
  defaultValues,
  haltonPoint,
  holds,
  nearPoint,
  parseRanges,
  placeOf,
  plainRange,
  type Range,
  spreadValues,
  valueAt,
  withValues,
} from '../../../src/experiment/tune/ranges.js';
import { parsePolicy } from '../../../src/scheduler/policy-registry.js';

const RANGED = 'sept:quantum=1us..50us:target=5:patience=2..8:queue=16|unbounded';

describe('a policy with ranges', () => {
  it('is its fixed part, and ranges of what is to be found', () => {
    const { base, ranges } = parseRanges(RANGED);
    expect(base.text).toBe('sept:target=5');
    expect(ranges.map(plainRange)).toEqual([
      { key: 'quantum', from: '1us', to: '50us', scale: 'log' },
      { key: 'patience', from: '2', to: '8', scale: 'linear' },
      { key: 'queue', choices: ['16', 'unbounded'] },
    ]);
    expect(defaultValues({ base, ranges })).toEqual([5000, 4, 4096]);
    expect(withValues({ base, ranges }, [1500, 2.5, Number.POSITIVE_INFINITY])).toBe(
      'sept:target=5:quantum=1.5us:patience=2.5:queue=unbounded',
    );
  });

  it('numbers over a wide range are on a log scale, flags and words are choices', () => {
    expect(parseRanges('sept:queue=1..64000').ranges.map(plainRange)[0]).toMatchObject({ scale: 'log' });
    expect(parseRanges('darc:oracle=true|false').ranges.map(plainRange)).toEqual([
      { key: 'oracle', choices: ['true', 'false'] },
    ]);
  });

  it.each([
    ['sept', 'expected a range such as quantum=1us..50us, found none'],
    ['sept:quantum=50us..1us', "quantum: expected FROM..TO with FROM below TO, found '50us..1us'"],
    ['sept:quantum=1us..2us..3us', 'expected FROM..TO'],
    ['sept:quantum=1..50', 'expected a duration with its unit'],
    ['sept:cost=0us..5us', 'durations are searched on a log scale: expected a range from above 0'],
    ['sept:quantm=1us..5us', "unknown parameter 'quantm': did you mean 'quantum'?"],
    ['sept:quantum=1us..5us:quantum=2us', 'quantum: given twice'],
    ['sept:patience=0..4', 'expected a number from 1'],
    ['d-fcfs:steering=hash|rnd', "found 'rnd'"],
    ['dacr:a=1..2', "unknown policy 'dacr': did you mean 'darc'?"],
  ])('%s is refused', (text, said) => {
    expect(() => parseRanges(text)).toThrow(said);
  });
});

const integers: Range = {
  spec: parseRanges('darc-static:reserved=0..6').ranges[0]!.spec,
  from: 0,
  to: 6,
  scale: 'linear',
};

describe('places in a range', () => {
  const { ranges } = parseRanges(RANGED);

  it('every value is one that the policy takes, and within the range', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }), (places) => {
        const values = ranges.map((range, i) => valueAt(range, places[i]!));
        for (const [i, range] of ranges.entries()) {
          expect(holds(range, values[i]!)).toBe(true);
          expect(valueAt(range, placeOf(range, values[i]!))).toBe(values[i]);
        }
        const text = withValues({ base: parsePolicy('sept'), ranges }, values);
        expect(parsePolicy(text).text).toBe(text);
      }),
    );
  });

  it('the ends are values, and the middle of a log scale is the geometric mean', () => {
    expect([0, 0.5, 1].map((place) => valueAt(ranges[0]!, place))).toEqual([1000, 7100, 50_000]);
    expect([0, 0.5, 1].map((place) => valueAt(integers, place))).toEqual([0, 3, 6]);
  });

  it('points of a sequence fill a small grid evenly', () => {
    const cells = Array.from({ length: 36 }, (_, i) =>
      haltonPoint(i, 2).map((x, d) => Math.floor(x * [4, 9][d]! + 1e-9)),
    );
    expect(new Set(cells.map(String)).size).toBe(36);
  });

  it('points near a place are within reach, and most keep a choice', () => {
    const values = [7100, 5, 16];
    const points = Array.from({ length: 20 }, (_, i) => nearPoint(ranges, values, i, 0.2));
    for (const [quantum, patience] of points) {
      expect(Math.abs(quantum! - placeOf(ranges[0]!, 7100))).toBeLessThanOrEqual(0.2);
      expect(Math.abs(patience! - 0.5)).toBeLessThanOrEqual(0.2);
    }
    const chosen = points.map((point) => valueAt(ranges[2]!, point[2]!));
    expect(chosen.filter((choice) => choice === 16).length).toBeGreaterThan(14);
  });

  it('few values are tried all, more are not counted', () => {
    expect(allValues([integers, parseRanges('darc:oracle=true|false').ranges[0]!], 14)).toHaveLength(14);
    expect(allValues([integers], 6)).toBeUndefined();
    expect(allValues([ranges[0]!], 1000)).toBeUndefined();
  });

  it('the values that show what a parameter does go from end to end', () => {
    expect(spreadValues(ranges[0]!, 5)).toEqual([1000, 2700, 7100, 19_000, 50_000]);
    expect(spreadValues(integers, 5)).toEqual([0, 2, 3, 5, 6]);
    expect(spreadValues(ranges[2]!, 5)).toEqual([16, Number.POSITIVE_INFINITY]);
  });
});
