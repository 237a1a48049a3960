import fc from 'fast-check';
import { expect, it } from 'vitest';
import { standing } from '../../../src/experiment/tune/race.js';
import { substream } from '../../../src/workload/random.js';

it('common requests show a small difference in spite of a large spread between blocks', () => {
  const blocks = [0, 2, -1, 3];
  const scores = [blocks.map((x) => x + 0.1), blocks.map((x, i) => x + (i % 2) * 0.001)];
  expect(standing(scores)).toEqual({ best: 1, out: ['worse', undefined] });
});

it('a difference that changes sign is chance', () => {
  expect(
    standing([
      [1, 2, 3, 4],
      [1.2, 1.9, 3.1, 3.9],
    ]),
  ).toEqual({ best: 0, out: [undefined, undefined] });
});

it('two blocks say nothing, but a failure in one is enough', () => {
  expect(
    standing([
      [1, 1],
      [9, 9],
      [0, Number.POSITIVE_INFINITY],
    ]),
  ).toEqual({
    best: 0,
    out: [undefined, undefined, 'failed'],
  });
});

it('when all fail, the one that fails least stays in front and nobody is out', () => {
  const [ok, no] = [1, Number.POSITIVE_INFINITY];
  expect(
    standing([
      [no, no],
      [no, ok],
    ]),
  ).toEqual({ best: 1, out: [undefined, undefined] });
});

it('of two with the same results the first stays', () => {
  expect(
    standing([
      [2, 2, 2],
      [1, 1, 3],
      [1, 1, 3],
    ]).out[2],
  ).toBe('same');
  expect(
    standing([
      [1, 2, 3],
      [1, 2, 3],
    ]),
  ).toEqual({ best: 0, out: [undefined, 'same'] });
});

it('candidates that are equal are seldom dropped, and the best never', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (seed) => {
      const random = substream(seed, 'arrivals', 0);
      let dropped = 0;
      for (let race = 0; race < 200; race++) {
        const scores = Array.from({ length: 10 }, () =>
          Array.from({ length: 6 }, () => random() + random() + random()),
        );
        const { best, out } = standing(scores);
        expect(out[best]).toBeUndefined();
        if (out.includes('worse')) dropped++;
      }
      // The best of ten looks better than it is, so more than 5 % lose one that is as good.
      expect(dropped).toBeLessThan(80);
    }),
  );
});
