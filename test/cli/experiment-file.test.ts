import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readExperiment } from '../../src/cli/experiment-file.js';
import { LISTED, parseList } from '../../src/cli/listed-settings.js';
import { SETTINGS, settingOf } from '../../src/cli/settings.js';
import { planSweep } from '../../src/experiment/sweep/plan-sweep.js';
import { blocks } from '../docs/pages.js';
import { scratchFolder } from './psp.js';

const folder = scratchFolder();
const file = join(folder, 'experiment.yaml');

function read(yaml: string, given = {}) {
  writeFileSync(file, yaml);
  return readExperiment(file, given);
}

function complaints(yaml: string): string[] {
  try {
    read(yaml);
  } catch (error) {
    return (error as Error).message.replaceAll(`${file}:`, '').split('\n');
  }
  return [];
}

describe('an experiment file', () => {
  it('lists values, and ranges with both their ends', () => {
    const { title, blocks } = read(
      'title: T\nworkload: [bimodal, tpcc]\nload: .05:.95:.05\nworkers: [2, 8:10:1]\nseed: 7\nrequests: 1e4\n',
    );
    const { load, ...rest } = blocks[0]!.lists;
    expect(title).toBe('T');
    expect(load).toEqual([...'123456789'].flatMap((d) => [`0.${Number(d) - 1}5`, `0.${d}`].map(Number)).concat(0.95));
    expect(rest).toEqual({ workload: ['bimodal', 'tpcc'], workers: [2, 8, 9, 10], seed: ['7'], requests: [10_000] });
  });

  it('makes a policy of each value of its parameters', () => {
    const [block] = read(
      'workload: bimodal\npolicy: [{ name: darc-static, reserved: 0:2:1 }, "ts:quantum=5us,darc"]',
    ).blocks;
    expect(block!.lists.policies).toEqual([
      ...[0, 1, 2].map((n) => `darc-static:reserved=${n}`),
      'ts:quantum=5us',
      'darc',
    ]);
    const both = read('workload: bimodal\npolicy: { name: ts, quantum: [5us, 10us], cost: [0ns, 1us] }').blocks[0]!;
    expect(both.lists.policies).toHaveLength(4);
    expect(both.lists.policies).toContain('ts:quantum=10us:cost=0ns');
  });

  it('has series that replace what is above them, and the command line replaces both', () => {
    const yaml =
      'workload: bimodal\nload: [.1, .2]\nrequests: 5\nseries:\n  - policy: darc\n  - rate: 10k\n    duration: 1s\n';
    expect(read(yaml).blocks.map(({ lists }) => lists)).toEqual([
      { workload: ['bimodal'], load: [0.1, 0.2], requests: [5], policies: ['darc'] },
      { workload: ['bimodal'], rateRps: [10_000], durationNs: [1e9] },
    ]);
    expect(read(yaml, { load: [0.5], requests: [9] }).blocks[1]!.lists).toEqual({
      workload: ['bimodal'],
      load: [0.5],
      requests: [9],
    });
  });

  it('finds files beside itself', async () => {
    writeFileSync(join(folder, 'own.yaml'), 'name: own\ntypes: [{ name: A, ratio: 1, service: 1us }]\n');
    const [point] = await planSweep(read('workload: own.yaml\npolicy: darc\nrequests: 10').blocks);
    expect(point!.command).toBe(`psp sim --workload ${join(folder, 'own.yaml')} --policy darc --requests 10`);
  });

  it('is refused with all mistakes and their places', () => {
    const yaml = `workload: bimodl
laod: .1
load: .9:.1:.2
rate: 3
series:
  - policy: [{ name: darc-static, reservd: 1 }, cfcfs, { reserved: 1 }]
  - system: shinjukuu
    seed: []
    workers: { a: 1 }
    json: x.json
  - load: 1:2:0
`;
    const found = complaints(yaml);
    expect(found.map((line) => line.split(' ')[0])).toEqual(
      ['1:11', '2:1', '3:7', '4:1', '6:14', '6:49', '6:56', '7:13', '8:11', '9:14', '10:5', '11:11'].map(
        (at) => `${at}:`,
      ),
    );
    expect(found[0]).toContain("did you mean 'bimodal'?");
    expect(found[2]).toBe("3:7: load: expected from:to:step with from at most to and a step above 0, found '.9:.1:.2'");
    expect(found[3]).toBe('4:1: rate: expected only one of load and rate, found both');
    expect(complaints('workload: bimodal\nseries: []')).toEqual([
      '2:9: series: expected a list of maps, found an empty list',
    ]);
  });

  it.each(blocks('yaml experiment'))('at $at is read', async ({ text }) => {
    expect((await planSweep(read(text).blocks)).length).toBeGreaterThan(1);
  });

  it('is shown in the pages', () => expect(blocks('yaml experiment').length).toBeGreaterThan(0));
});

it('ranges have no digits that rounding left behind, and an end', () => {
  const load = SETTINGS.find(({ key }) => key === 'load')!;
  expect(parseList(load, '.1:.7:.1,2', '')).toEqual([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 2]);
  expect(parseList(load, '.1:.75:.3', '')).toEqual([0.1, 0.4, 0.7]);
  expect(() => parseList(load, '.1:1:1e-9', '--load')).toThrow(
    "--load: expected at most 10000 values, found '.1:1:1e-9'",
  );
  expect(() => parseList(load, '.1,,.2', '--load')).toThrow('--load: expected a number above 0');
});

it('parameters of policies have lists and ranges on the command line, too', () => {
  const policy = LISTED.find(({ key }) => key === 'policy')!;
  expect(parseList(policy, 'darc-static:reserved=0:4:2,darc', '')).toEqual([
    ...[0, 2, 4].map((n) => `darc-static:reserved=${n}`),
    'darc',
  ]);
  expect(parseList(policy, 'ts:quantum=5us, 10us:cost=0ns,1us,darc:oracle', '')).toEqual([
    'ts:quantum=5us:cost=0ns',
    'ts:quantum=5us:cost=1us',
    'ts:quantum=10us:cost=0ns',
    'ts:quantum=10us:cost=1us',
    'darc:oracle',
  ]);
  expect(() => parseList(policy, 'ts:quantum=5us:20us:5us', '--policy')).toThrow(
    "--policy: quantum: expected a value, values as a,b or numbers as from:to:step, found '5us:20us:5us'",
  );
});

describe('lists', () => {
  const values = (key: string, text: string) => parseList(settingOf(key), text, `--${key}`);

  it('of seeds have ranges, with all their digits', () => {
    expect(values('seed', '1:5:2,7, 01,"1:5:1"')).toEqual(['1', '3', '5', '7', '01', '1:5:1']);
    expect(values('seed', '1717171717171717171:1717171717171717173:1')).toHaveLength(3);
    expect(values('seed', '1717171717171717171:1717171717171717173:1')[2]).toBe('1717171717171717173');
    for (const wrong of ['1:5', '5:1:1', '1:5:0']) {
      expect(() => values('seed', wrong)).toThrow(
        `--seed: expected from:to:step with from at most to and a step above 0, found '${wrong}'`,
      );
    }
    expect(() => values('seed', '1:1000000000000:1')).toThrow('--seed: expected at most 10000 values');
  });

  it('of precisions are no ranges', () => {
    expect(values('precision', '20%:p99:SHORT, 5%:p99:"GET, big"')).toEqual([
      { relative: 0.2, statistic: 'p99', type: 'SHORT' },
      { relative: 0.05, statistic: 'p99', type: 'GET, big' },
    ]);
  });

  it('of names have quotes around commas', () => {
    expect(values('workload', 'bimodal,"a, b.yaml"')).toEqual(['bimodal', 'a, b.yaml']);
    expect(values('system', 'ideal,"a, b.yaml"')).toEqual(['ideal', 'a, b.yaml']);
    expect(values('policy', 'fixed-priority:order="GET, 1:2"/PUT:queue=5,6,darc')).toEqual([
      'fixed-priority:order="GET, 1:2"/PUT:queue=5',
      'fixed-priority:order="GET, 1:2"/PUT:queue=6',
      'darc',
    ]);
    expect(() => values('workload', '"a')).toThrow(
      `--workload: expected a second " after the last one, found none in '"a'`,
    );
  });

  it('say that decimals have a point', () => {
    expect(() => values('load', '0,8')).toThrow(
      "--load: expected a number above 0, such as 0.8, found '0' in '0,8': decimals have a point, and a comma " +
        'separates values',
    );
    expect(() => values('policy', 'darc,ts:quantum=1,5us')).toThrow(
      "found the bare number 1 in 'darc,ts:quantum=1,5us': decimals have a point, and a comma separates values",
    );
  });
});

it('an experiment means what the same text means on the command line', () => {
  const { lists } = read('workload: bimodal\nseed: [1717171717171717171, 01, 0x10, 1:3:1]\nload: [1e-1, .3:.5:.1]')
    .blocks[0]!;
  expect(lists).toMatchObject({
    seed: ['1717171717171717171', '01', '0x10', '1', '2', '3'],
    load: [0.1, 0.3, 0.4, 0.5],
  });
});
