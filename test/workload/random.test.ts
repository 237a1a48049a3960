import { describe, expect, it } from 'vitest';
import { STREAM, substream, uniform53 } from '../../src/workload/random.js';

const take = (random: () => number, n = 5) => Array.from({ length: n }, random);

describe('substreams', () => {
  it('are the same for the same seed, replication and name, and for 1 and "1"', () => {
    expect(take(substream(1, 'types', 2))).toEqual(take(substream(1, 'types', 2)));
    expect(take(substream(1, 'types'))).toEqual(take(substream('1', 'types', 0)));
  });

  it('differ in each of the three', () => {
    const streams = [
      substream(1, STREAM.types),
      substream(2, STREAM.types),
      substream(1, STREAM.arrivals),
      substream(1, STREAM.types, 1),
      substream(1, STREAM.service('A')),
      substream(1, STREAM.service('B')),
      // Gluing the parts together without quoting them would confuse these.
      substream('1,0', STREAM.types),
      substream('1","0', STREAM.types),
    ];
    expect(new Set(streams.map((stream) => stream())).size).toBe(streams.length);
  });

  it('are uncorrelated', () => {
    const a = substream(7, STREAM.arrivals);
    const b = substream(7, STREAM.types);
    const n = 200_000;
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (a() - 0.5) * (b() - 0.5);
    // The product of two independent uniforms around 0 has deviation 1/12.
    expect(Math.abs(sum / n)).toBeLessThan(4.5 / 12 / Math.sqrt(n));
  });

  it('give these values, on every machine', () => {
    expect(take(substream(1, 'arrivals'), 3)).toMatchInlineSnapshot(`
      [
        0.995912047335878,
        0.5848423617426306,
        0.7579320983495563,
      ]
    `);
    expect(take(substream('a seed', STREAM.service('SHORT'), 3), 3)).toMatchInlineSnapshot(`
      [
        0.6411002976819873,
        0.6872158835176378,
        0.9943939570803195,
      ]
    `);
  });
});

describe('uniform53', () => {
  it('stays below 1 for the largest draws and uses both', () => {
    expect(uniform53(() => 1 - 2 ** -32)).toBeLessThan(1);
    expect(uniform53(() => 0)).toBe(0);
    const draws = [0.25, 0.5];
    expect(uniform53(() => draws.shift()!)).toBe(0.25 + 2 ** -33);
  });
});
