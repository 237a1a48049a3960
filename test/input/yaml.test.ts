import { describe, expect, it } from 'vitest';
import { readChecked } from '../../src/input/read-checked.js';
import { yamlValue } from '../../src/input/yaml.js';

/** The message of the refusal, without the name of the file. */
function refusal(text: string): string {
  try {
    yamlValue(text);
  } catch (error) {
    return (error as Error).message.replace(/^:/, '');
  }
  throw new Error('nothing was refused');
}

describe('aliases', () => {
  it('stand for what their anchor stands for, however often', () => {
    const text = `a: &a { x: 1 }\nb:\n${'  - *a\n'.repeat(500)}`;
    expect(yamlValue(text)).toEqual({ a: { x: 1 }, b: Array(500).fill({ x: 1 }) });
    expect(yamlValue('&k name: &v 1\n*v : *k')).toEqual({ name: 1, 1: 'name' });
  });

  it('inside of their own anchor, without one, and of billions of values are refused', () => {
    expect(refusal('a: &a [1, *a]')).toBe('1:11: a: expected no alias inside of its own anchor, found *a');
    expect(refusal('a: *b')).toContain('*b');
    const bomb = ['a0: &a0 [x, x]', ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`)];
    expect(refusal(bomb.join('\n'))).toMatch(/expected at most 500000 values/);
    const merges = [
      'a0: &a0 { x: 1 }',
      ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} { <<: [*a${i}, *a${i}] }`),
    ];
    expect(refusal(merges.join('\n'))).toMatch(/expected at most 500000 values/);
  });
});

describe('merge keys', () => {
  it('take in the entries of other maps; own entries win, then the first map', () => {
    const text = 'a: &a { x: 1, y: 1 }\nb: &b { y: 2, z: 2 }\nc:\n  x: 3\n  <<: [*a, *b]\nd: { <<: *c }'.replace(
      'c:\n',
      'c: &c\n',
    );
    expect(yamlValue(text)).toMatchObject({ c: { x: 3, y: 1, z: 2 }, d: { x: 3, y: 1, z: 2 } });
  });

  it('point to where a merged value stands', () => {
    const read = (text: string) =>
      readChecked(text, 'f', (value, checker) => {
        for (const key of Object.keys((value as { c: object }).c)) checker.at('c', key).refuse('wrong');
      });
    expect(() => read('a: &a\n  x: 1\n  y: 2\nc:\n  <<: *a\n  y: 3')).toThrow('f:2:6: x: wrong\nf:6:6: y: wrong');
  });

  it('are a plain key in quotes, and refused before anything else than a map', () => {
    expect(yamlValue('"<<": 1')).toEqual({ '<<': 1 });
    expect(refusal('a: 1\n<<: 3')).toBe('2:1: expected a map after <<, as an alias *NAME or in a list of them');
  });
});

it('a second document, keys that are no words, and depth are refused in own words', () => {
  expect(refusal('a: 1\n---\nb: 2')).toBe('2:1: expected one YAML document, found a second one after ---');
  expect(refusal('? [a]\n: 1')).toBe('1:3: expected a word as the key, found a list or a map');
  expect(refusal('['.repeat(150) + ']'.repeat(150))).toBe(
    '1:102: expected at most 100 levels of lists and maps, found more',
  );
  expect(refusal('['.repeat(200_000)).split('\n')[0]).toMatch(/at most 100 levels/);
});

it('a file that is too large is refused unread', () => {
  expect(refusal('a'.repeat(5 * 2 ** 20))).toBe('1:1: expected a file of at most 1 MB, found 5 MB');
});

it('many keys take no time with the square of their number', () => {
  const text = Array.from({ length: 50_000 }, (_, i) => `k${i}: 1`).join('\n');
  expect(Object.keys(yamlValue(text) as object)).toHaveLength(50_000);
}, 20_000);

it('a key __proto__ is a key like any other', () => {
  const value = yamlValue('__proto__: { a: 1 }\nconstructor: 2') as object;
  expect(Object.entries(value)).toEqual([
    ['__proto__', { a: 1 }],
    ['constructor', 2],
  ]);
});

it('scalars are what stands there when text is asked for', () => {
  const read = (text: string) => readChecked(text, 'f', (value) => value, { scalars: 'text' });
  const text = '[1717171717171717171, 01, 1e3, 0x10, true, ~, 1.50, "q", .inf]';
  expect(read(text)).toEqual(['1717171717171717171', '01', '1e3', '0x10', 'true', '~', '1.50', 'q', '.inf']);
});
