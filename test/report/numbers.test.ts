import { expect, test } from 'vitest';
import { formatCount, formatPercentile, formatShare, formatSlowdown } from '../../src/report/numbers.js';
import { layOut, wrap } from '../../src/report/table.js';
import { distribution } from './results.js';

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

test('a percentile with fewer than ten values beyond it is a guess', () => {
  const of = (count: number) => distribution(count, { p99: 2.5, p99_9: 5 });
  expect(formatPercentile(of(10_000), 'p99_9', formatSlowdown)).toBe('5.00');
  expect(formatPercentile(of(9_999), 'p99_9', formatSlowdown)).toBe('~5.00');
  expect(formatPercentile(of(1_000), 'p99', formatSlowdown)).toBe('2.50');
  expect(formatPercentile(of(999), 'p99', formatSlowdown)).toBe('~2.50');
  expect(formatPercentile(of(0), 'p50', formatSlowdown)).toBe('–');
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

test('text is broken between words', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('unbreakable', 3)).toEqual(['unbreakable']);
});
