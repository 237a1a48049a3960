import fc from 'fast-check';
import { expect, it } from 'vitest';
import { quoted, splitList, unquoted } from '../../src/units/lists.js';

it('a list of any names is read as the names it was made of', () => {
  const name = fc.string({ minLength: 1 }).filter((text) => text.trim() === text);
  fc.assert(
    fc.property(fc.array(name, { minLength: 1 }), (names) => {
      const text = names.map((each) => quoted(each)).join(', ');
      expect(splitList(text, ',').map(unquoted)).toEqual(names);
    }),
  );
});

it('only what needs quotes has them', () => {
  expect(['a', 'a b', 'a,b', 'say "hi"', ''].map((each) => quoted(each))).toEqual([
    'a',
    'a b',
    '"a,b"',
    '"say ""hi"""',
    '""',
  ]);
  expect(quoted('a:b', ',:')).toBe('"a:b"');
});

it('a quote that is not closed is refused', () => {
  expect(() => splitList('"a,b', ',')).toThrow('expected a second " after the last one, found none in \'"a,b\'');
});
