import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visible, visibleLines } from '../../src/units/names.js';

describe('a text of others', () => {
  it.each([
    ['darc', 'darc'],
    ['Größe µs → 日本 👍', 'Größe µs → 日本 👍'],
    ['\u001b[2Jgone', '\\u{1b}[2Jgone'],
    ['a\nb\rc\td', 'a\\u{a}b\\u{d}c\\u{9}d'],
    ['\u009b31m', '\\u{9b}31m'],
    ['safe\u202egnp.exe', 'safe\\u{202e}gnp.exe'],
    ['half \ud83d', 'half \\u{d83d}'],
  ])('%j is shown as %j', (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it('never acts on a terminal, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visible(text)).not.toMatch(/\p{Cc}/u);
        expect(visibleLines(text)).not.toMatch(/[^\P{Cc}\n]/u);
      }),
    );
  });
});

it('a text made of several keeps its lines and the codes of its own style, and no others', () => {
  const own = new Set(['\u001b[1m', '\u001b[22m']);
  expect(visibleLines('\u001b[1mname\u001b[22m\n\u001b[8mhidden\u001b[31m', own)).toBe(
    '\u001b[1mname\u001b[22m\n\\u{1b}[8mhidden\\u{1b}[31m',
  );
  expect(visibleLines('\u001b[1mname\u001b[22m\n')).toBe('\\u{1b}[1mname\\u{1b}[22m\n');
});
