import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findEdge } from '../../../src/experiment/capacity/find-edge.js';

describe('the edge', () => {
  test('is where holding ends, found by bisection', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 99 }), async (last) => {
        const asked: number[] = [];
        const edge = await findEdge(0, 100, async (at) => {
          asked.push(at);
          return at <= last ? 'holds' : 'fails';
        });
        expect(edge).toEqual({ holds: last, fails: last + 1 });
        expect(asked.length).toBeLessThanOrEqual(7);
        expect(new Set(asked).size).toBe(asked.length);
      }),
    );
  });

  test('is as wide as what cannot be decided', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 20 }), async (last, undecided) => {
        const fails = Math.min(100, last + undecided + 1);
        const edge = await findEdge(0, 100, async (at) => {
          if (at <= last) return 'holds';
          return at < fails ? 'undecided' : 'fails';
        });
        expect(edge).toEqual({ holds: last, fails });
      }),
    );
  });

  test('never contradicts what it was told, even when chance answers', async () => {
    const verdict = fc.constantFrom('holds' as const, 'fails' as const, 'undecided' as const);
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(verdict), async (verdicts) => {
        const told = new Map<number, string>();
        const { holds, fails } = await findEdge(0, 50, async (at) => {
          const next = verdicts.next().value!;
          told.set(at, next);
          return next;
        });
        expect(holds).toBeLessThan(fails);
        if (holds > 0) expect(told.get(holds)).toBe('holds');
        if (fails < 50) expect(told.get(fails)).toBe('fails');
      }),
    );
  });
});
