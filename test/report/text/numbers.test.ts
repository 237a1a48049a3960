import { describe, expect, test } from 'vitest';
import { formatCount, formatEstimate, formatShare, formatSlowdown, isKnown } from '../../../src/report/text/numbers.js';
import { layOut, wrap } from '../../../src/report/text/table.js';
import type { Interval } from '../../../src/results/result.js';
import { distribution } from '../results.js';

test('slowdowns have three digits', () => {
  expect([1, 9.994, 9.996, 12.34, 99.94, 99.96, 402.4, 33504].map(formatSlowdown)).toEqual([
    '1.00',
    '9.99',
    '10.0',
    '12.3',
    '99.9',
    '100',
    '402',
    '33504',
  ]);
});

test('counts and shares are short', () => {
  expect([0, 9999, 10_000, 1_254_000, 999_960, 2e9].map(formatCount)).toEqual([
    '0',
    '9999',
    '10k',
    '1.25M',
    '1M',
    '2G',
  ]);
  expect([0, 0.00001, 0.004, 0.8, 1].map(formatShare)).toEqual(['0 %', '<0.01 %', '0.4 %', '80 %', '100 %']);
});

describe('an estimate and its interval', () => {
  const of = (value: number, interval: Interval) => {
    const plain = distribution(1000, { p99: value });
    return formatEstimate({ ...plain, ci95: { ...plain.ci95, p99: interval } }, 'p99', formatSlowdown);
  };

  test('the larger side, rounded up', () => {
    expect(of(2.5, [2.4, 2.55])).toEqual(['2.50', '±4 %']);
    expect(of(2.5, [2.45, 2.6])).toEqual(['2.50', '±4 %']);
    expect(of(100, [99.69, 100.3])).toEqual(['100', '±0.4 %']);
    expect(of(100, [69.9, 112.1])).toEqual(['100', '±31 %']);
  });

  test('none when it changes no digit', () => {
    expect(of(1.001, [1, 1.002])).toEqual(['1.00', '']);
    expect(of(1.001, [1, 1.006])).toEqual(['1.00', '±0.5 %']);
  });

  test('very wide ones are not given in figures', () => {
    expect(of(2.5, [0.1, 62])).toEqual(['2.50', '±>99 %']);
  });

  test('a bound that is missing', () => {
    expect(of(5, [2.5, null])).toEqual(['≥2.50', '']);
    expect(of(5, [null, null])).toEqual(['?', '']);
    expect(formatEstimate(distribution(0), 'p50', formatSlowdown)).toEqual(['–', '']);
  });

  test('is known when the interval is not too wide', () => {
    const known = (interval: Interval) => {
      const plain = distribution(1000, { p99: 2 });
      return isKnown({ ...plain, ci95: { ...plain.ci95, p99: interval } }, 'p99');
    };
    expect(known([1.5, 2.5])).toBe(true);
    expect(known([1.5, 3.1])).toBe(false);
    expect(known([1.5, null])).toBe(false);
    expect(isKnown(distribution(0), 'p99')).toBe(false);
  });
});

test('tables are aligned and lines do not end in spaces', () => {
  const lines = layOut(
    [{ title: '', align: 'left' }, { title: 'two\nlines' }, { title: 'b', align: 'left' }],
    [['x', '1', ''], 'alone', ['long name', '1000', 'b']],
  );
  expect(lines).toEqual([
    '              two',
    '            lines   b',
    'x               1',
    'alone',
    'long name    1000   b',
  ]);
});

test('a table that is too wide gets smaller gaps, then broken text, then labels on lines of their own', () => {
  const columns = [
    { title: 'name', align: 'left' },
    { title: 'n' },
    { title: 'what it is', align: 'left', wraps: true },
  ] as const;
  const rows = [['a', '1', 'some words that say what it is']];
  expect(layOut(columns, rows, { width: 39 })[1]).toBe('a     1  some words that say what it is');
  expect(layOut(columns, rows, { width: 30 })).toEqual([
    'name  n  what it is',
    'a     1  some words that say',
    '         what it is',
  ]);
  expect(
    layOut([{ title: '', align: 'left' }, { title: 'n' }], [['a very long label', '1000']], { width: 16 }),
  ).toEqual(['               n', 'a very long label', '            1000']);
});

test('columns that do not fit follow in a second table, an interval with its value', () => {
  const columns = [{ title: 'x', align: 'left' }, { title: 'one' }, { title: 'two' }, { title: '', gap: 1 }] as const;
  expect(layOut(columns, [['a', '1111', '2222', '±33 %']], { width: 14 })).toEqual([
    'x    one',
    'a   1111',
    '',
    'x    two',
    'a   2222 ±33 %',
  ]);
});

test('text keeps its indent when it is broken', () => {
  expect(wrap('  one two three', 9, '  ')).toEqual(['  one two', '    three']);
});

test('text is broken between words', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('unbreakable', 3)).toEqual(['unbreakable']);
});
