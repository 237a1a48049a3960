import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfigFile } from '../../src/cli/config-file.js';
import { conflict, override, parseSetting, SETTINGS } from '../../src/cli/settings.js';
import { scratchFolder } from './psp.js';

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
    ['seed', '01', '01'],
    ['seed', '"1:5:1"', '1:5:1'],
    ['seed', 'a:b:c', 'a:b:c'],
    ['workload', '"a, b.yaml"', 'a, b.yaml'],
    ['workload', 'a, b.yaml', 'a, b.yaml'],
    ['system', 'ideal, "a,b.yaml"', ['ideal', 'a,b.yaml']],
    ['precision', '20%:p99:"GET, big"', { relative: 0.2, statistic: 'p99', type: 'GET, big' }],
    ['precision', '20%:p99:a:b, c', { relative: 0.2, statistic: 'p99', type: 'a:b, c' }],
  ])('--%s %s', (key, text, value) => {
    expect(parse(key, text)).toEqual(value);
  });

  test.each([
    ['load', '0', "--load: expected a number above 0, such as 0.8, found '0'"],
    ['load', 'high', "--load: expected a number above 0, such as 0.8, found 'high'"],
    ['load', 'Infinity', "--load: expected a number above 0, such as 0.8, found 'Infinity'"],
    ['load', '', '--load: expected a number above 0, such as 0.8, found nothing'],
    ['rate', '-3', /^--rate: .*'-3'/],
    ['rate-scale', '0', /^--rate-scale: expected a number above 0, .*'0'/],
    ['workers', '0', "--workers: expected a whole number from 1 to 65536, found '0'"],
    ['workers', '1.5', "--workers: expected a whole number from 1 to 65536, found '1.5'"],
    ['workers', '65537', "--workers: expected a whole number from 1 to 65536, found '65537'"],
    ['requests', '0', /^--requests: expected a whole number above 0, .*'0'/],
    ['requests', '1.5', /^--requests: expected a whole number above 0, .*'1.5'/],
    ['requests', '-10', /^--requests: expected a whole number above 0, .*'-10'/],
    ['duration', '0s', /^--duration: expected a duration above 0 .*, found '0s'$/],
    ['duration', '5 parsecs', /^--duration: unknown unit 'parsecs' /],
    ['warmup', '1', "--warmup: expected a number from 0 to below 1, found '1'"],
    ['warmup', '-0.1', "--warmup: expected a number from 0 to below 1, found '-0.1'"],
    ['replications', '0', "--replications: expected a whole number from 1 to 10000, found '0'"],
    ['precision', '5', /^--precision: expected a share such as 5%, 5%:p99 .*, found '5'/],
    ['precision', '5%:SHORT', /or 5%:p99:TYPE, found '5%:SHORT'/],
    ['precision', '5%:p98', /one of mean, p50, p90, p95, p99, p99\.9, p99\.99\) or 5%:p99:TYPE, found '5%:p98'/],
    ['policy', 'darc,', /^--policy: /],
    ['policy', 'ts:quantum=1,5us', /bare number 1 in 'ts:quantum=1,5us': decimals have a point, and a comma /],
    ['load', '1e309', "--load: expected a number above 0, such as 0.8, found '1e309'"],
    ['load', '0,8', "found '0,8': decimals have a point, and lists are for psp sweep"],
    ['load', '.1:.9:.1', "found '.1:.9:.1': ranges are for psp sweep"],
    ['requests', '5M,1', "found '5M,1': decimals have a point, and lists are for psp sweep"],
    ['rate', '5M,1', "found '5M,1': decimals have a point, and lists are for psp sweep"],
    ['seed', '1:5:1', "found '1:5:1': ranges are for psp sweep"],
    ['seed', '1:5', "found '1:5': ranges are for psp sweep"],
    ['seed', '1,2', "found '1,2': lists are for psp sweep"],
    ['seed', 'a\u001b[31m', "expected text without control characters, found 'a\\u{1b}[31m'"],
    ['precision', '50%:constructor', /found '50%:constructor'$/],
    ['duration', '1000000h', /at most 104 days/],
    ['timeline', 'x.gif', "expected a file whose name ends in .svg, .png, .pdf or .json, found 'x.gif'"],
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

describe('a configuration file', () => {
  const folder = scratchFolder();
  const file = join(folder, 'a b,c=d.yaml');
  const read = (yaml: string) => {
    writeFileSync(file, yaml);
    return readConfigFile(file);
  };

  test('has paths relative to its folder, or absolute ones', () => {
    expect(
      read('workload: w.yaml\nsystem: [ideal, ../s.yaml]\njson: r.json\ntimeline: /tmp/t.svg\nrecord: r.events'),
    ).toEqual({
      workload: join(folder, 'w.yaml'),
      systems: ['ideal', join(folder, '../s.yaml')],
      json: join(folder, 'r.json'),
      timeline: '/tmp/t.svg',
      record: join(folder, 'r.events'),
    });
    expect(read('workload: bimodal\njson: "-"')).toEqual({ workload: 'bimodal', json: '-' });
    expect(read('json: /tmp/r.json\nrecord: /tmp/r')).toEqual({ json: '/tmp/r.json', record: '/tmp/r' });
    expect(read('')).toEqual({});
  });

  test('means what the same text means on the command line', () => {
    for (const seed of ['1717171717171717171', '01', '1e3', '0x10', 'true', '~'])
      expect(read(`seed: ${seed}`)).toEqual({ seed });
    expect(read('requests: 10M\nload: .5\nworkers: 1e1')).toEqual({ requests: 10e6, load: 0.5, workers: 10 });
    expect(() => read('seed: [1]')).toThrow(
      `${file}:1:7: seed: expected one seed, in quotes when it has commas, found a list`,
    );
    expect(() => read('load:')).toThrow(`${file}:1:1: load: expected a number above 0, such as 0.8, found nothing`);
    expect(() => read('seed: 1:5:1')).toThrow("found '1:5:1': ranges are for psp sweep");
  });
});
