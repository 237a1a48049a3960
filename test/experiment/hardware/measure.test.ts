import { expect, test } from 'vitest';
import { measure } from '../../../src/experiment/hardware/measure.js';
import { EnvironmentError, InputError } from '../../../src/units/errors.js';

const VALUES = Float64Array.from({ length: 101 }, (_, i) => i);

test('the median, its interval from order statistics, and the standard deviation', () => {
  const { medianNs, ci95Ns, sdNs, samples } = measure('wire', VALUES, 'test');
  expect([medianNs, ci95Ns, samples]).toEqual([50, [40, 60], 101]);
  expect(sdNs).toBeCloseTo(29.3, 1);
});

test('too few values say nothing', () => {
  expect(() => measure('wire', VALUES.subarray(0, 19), 'test')).toThrow(InputError);
  expect(() => measure('wire', new Float64Array(0), 'test')).toThrow('wire was measured on 0 requests only');
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])('%s is never written into the file of a system', (value) => {
  const values = VALUES.slice();
  values[7] = value;
  expect(() => measure('hop', values, 'test')).toThrow(EnvironmentError);
  expect(() => measure('hop', values, 'test')).toThrow(
    'hop could not be measured 1 of 101 times: repeat on an idle machine',
  );
});
