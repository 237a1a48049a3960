import { describe, expect, test } from 'vitest';
import { conflict, override, parseSetting, SETTINGS } from '../../src/cli/settings.js';

function parse(key: string, text: string): unknown {
  return parseSetting(SETTINGS.find((setting) => setting.key === key)!, text, `--${key}`);
}

describe('the value of an option', () => {
  test.each([
    ['load', '0.8', 0.8],
    ['load', ' 1.2 ', 1.2],
    ['rate', '250k', 250e3],
    ['rate', '1.5M', 1.5e6],
    ['rate-scale', '2', 2],
    ['workers', '256', 256],
    ['requests', '1e6', 1_000_000],
    ['requests', '1.5M', 1_500_000],
    ['requests', '1G', 1_000_000_000],
    ['duration', '5s', 5e9],
    ['duration', '1.5us', 1500],
    ['warmup', '0', 0],
    ['seed', 'any text', 'any text'],
    ['policy', 'darc, ts:quantum=5us', ['darc', 'ts:quantum=5us']],
    ['replications', '8', 8],
    ['precision', '5%', { relative: 0.05, statistic: 'p99_9' }],
    ['precision', '0.5 %:p99', { relative: 0.005, statistic: 'p99' }],
    ['precision', '5%:p99.9:SHORT', { relative: 0.05, statistic: 'p99_9', type: 'SHORT' }],
    ['precision', '2%:mean', { relative: 0.02, statistic: 'mean' }],
    ['precision', '2%:p99.9:SHORT', { relative: 0.02, statistic: 'p99_9', type: 'SHORT' }],
    ['json', '-', '-'],
  ])('--%s %s', (key, text, value) => {
    expect(parse(key, text)).toEqual(value);
  });

  test.each([
    ['load', '0', "--load: expected a number above 0, such as 0.8, found '0'"],
    ['load', 'high', "--load: expected a number above 0, such as 0.8, found 'high'"],
    ['load', 'Infinity', "--load: expected a number above 0, such as 0.8, found 'Infinity'"],
    ['load', '', '--load: expected X, found nothing'],
    ['rate', '-3', /^--rate: .*'-3'/],
    ['rate-scale', '0', /^--rate-scale: expected a number above 0, .*'0'/],
    ['workers', '0', "--workers: expected a whole number from 1 to 65536, found '0'"],
    ['workers', '1.5', "--workers: expected a whole number from 1 to 65536, found '1.5'"],
    ['workers', '65537', "--workers: expected a whole number from 1 to 65536, found '65537'"],
    ['requests', '0', /^--requests: expected a whole number above 0, .*'0'/],
    ['requests', '1.5', /^--requests: expected a whole number above 0, .*'1.5'/],
    ['requests', '-10', /^--requests: expected a whole number above 0, .*'-10'/],
    ['duration', '0s', "--duration: expected a duration above 0, found '0s'"],
    ['duration', '5 parsecs', /^--duration: unknown unit 'parsecs' /],
    ['warmup', '1', "--warmup: expected a number from 0 to below 1, found '1'"],
    ['warmup', '-0.1', "--warmup: expected a number from 0 to below 1, found '-0.1'"],
    ['replications', '0', "--replications: expected a whole number from 1 to 10000, found '0'"],
    ['precision', '5', /^--precision: expected a share such as 5%, 5%:p99 .*, found '5'/],
    ['precision', '5%:SHORT', /or 5%:p99:TYPE, found '5%:SHORT'/],
    ['precision', '5%:p98', /one of mean, p50, p90, p99, p99\.9, p99\.99\) or 5%:p99:TYPE, found '5%:p98'/],
    ['policy', 'darc,', /^--policy: /],
  ])('--%s %s is refused', (key, text, message) => {
    expect(() => parse(key, text)).toThrow(message);
  });
});

describe('settings that exclude each other', () => {
  test('are found', () => {
    expect(conflict({ load: 0.5, rateRps: 1e6 })?.map(({ key }) => key)).toEqual(['load', 'rate']);
    expect(conflict({ requests: 5, durationNs: 5 })?.map(({ key }) => key)).toEqual(['requests', 'duration']);
    expect(conflict({ load: 0.5, requests: 5, workers: 3 })).toBeUndefined();
  });

  test('give way to one another when the second of two sources has one', () => {
    expect(override({ load: 0.5, durationNs: 7, workers: 3 }, { rateRps: 1e6, workers: 4 })).toEqual({
      rateRps: 1e6,
      durationNs: 7,
      workers: 4,
    });
  });
});

test('a workload in a configuration is relative to its folder, one on the command line is not', () => {
  expect(override({ workload: 'a.yaml', folder: 'configs' }, { seed: '2' })).toMatchObject({ folder: 'configs' });
  expect(override({ workload: 'a.yaml', folder: 'configs' }, { workload: 'b.yaml' })).not.toHaveProperty('folder');
});
