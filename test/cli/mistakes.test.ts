import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { psp, pspHere, QUICK, scratchFolder } from './psp.js';

const folder = scratchFolder();
const TYPES = 'types:\n  - { name: A, ratio: 0.5, service: 1us }\n  - { name: B, ratio: 0.5, service: 2us }\n';
const FILES = {
  'good.yaml': `name: good\n${TYPES}`,
  'bad.yaml': 'name: bad\ntypes: [\n',
  'sum.yaml': `name: sum\n${TYPES.replace('B, ratio: 0.5', 'B, ratio: 0.4')}`,
  'bare.yaml': `name: bare\n${TYPES.replace('2us', '2')}`,
  'key.yaml': `name: key\nsevrice: 1us\n${TYPES}`,
  'broken.csv': 'arrival_ns,type,service_ns\n0,A,100\n10,A,-5\n20,A,100\n',
  'noflow.csv': 'arrival_ns,type,service_ns\n0,A,100\n10,A,100\n',
  'notzipped.csv.gz': 'arrival_ns,type,service_ns\n0,A,100\n',
  'empty.csv': '',
  'config.yaml': 'workload: bimodal\nload: -1\nworkesr: 3\n',
  'both.yaml': 'workload: bimodal\nrequests: 100\nduration: 5s\n',
  'bareduration.yaml': 'workload: bimodal\nduration: 5\n',
  'device.yaml': 'name: d\ntypes: [{ name: A, ratio: 1, service: { empirical: { file: /dev/zero } } }]\n',
  'prototype.yaml': 'name: p\ntypes: [{ name: A, ratio: 1, service: { empirical: { file: toString } } }]\n',
  'pipe.yaml': 'name: f\ntypes: [{ name: A, ratio: 1, service: { empirical: { file: fifo } } }]\n',
  'noresult.json': '[{ "schema": "psp.result/1", "world": "sim" }]',
};
for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
mkdirSync(join(folder, 'folder.yaml'));
mkdirSync(join(folder, 'figures'));
writeFileSync(join(folder, 'figures/figure-8.yaml'), 'workload: changing\npolicy: darc\nrequests: 1000\n');
execFileSync('mkfifo', [join(folder, 'fifo')]);
writeFileSync(join(folder, 'huge.yaml'), '');
truncateSync(join(folder, 'huge.yaml'), 3e9);

const sim = (...args: string[]) => ['sim', ...QUICK, ...args];
const sweep = (...args: string[]) => ['sweep', ...QUICK, '--out', 'x', ...args];
const withWorkload = (file: string, ...args: string[]) => ['sim', '--workload', file, ...args];

/** What a person gets wrong, and a part of every line that says so. */
const MISTAKES: Record<string, readonly [args: readonly string[], ...lines: string[]]> = {
  'an unknown command like no other': [['zzzzzz'], "unknown command 'zzzzzz': psp --help lists them"],
  'a missing option': [['serve'], 'expected --config <FILE>, found nothing'],
  'an event file that does not exist': [
    ['replay', 'none.events'],
    'none.events: cannot be read: there is no such file',
  ],
  'an unknown command': [['smi'], "unknown command 'smi': did you mean 'sim'?"],
  'an unknown option': [sim('--laod', '1'), "unknown option '--laod': did you mean '--load'?"],
  'an option without its value': [sim('--load'), '--load: expected a number above 0, such as 0.8, found nothing'],
  'an option of its own without its value': [sweep('--shard'), '--shard: expected a value, found nothing'],
  'a calibration by a trace': [
    ['calibrate', '--workload', 'noflow.csv'],
    '--workload: expected a workload file (.yaml), found noflow.csv',
  ],
  'a comparison of what is no result': [
    ['compare', 'noresult.json', 'noresult.json'],
    'noresult.json: result 1: policy: expected string, found nothing',
  ],
  'results kept of one world': [['run', '--hw', '--workload', 'bimodal', '--keep', '.'], '--keep is for --both'],
  'samples in a comparison': [
    ['run', '--both', '--workload', 'bimodal', '--samples', '--json', 'x.json'],
    '--samples: the JSON of --both is the comparison: expected --keep DIR, for both results with every request',
  ],
  'two loads in one recording': [
    ['run', '--both', '--workload', 'bimodal', '--policy', 'darc', '--load', '0.3,0.6', '--record', 'x.events'],
    'record: an event file holds one run: expected one load, found 0.3, 0.6',
  ],
  'a stray argument': [sim('bimodal'), "expected options only, found 'bimodal'"],
  'no workload': [['sim'], 'expected a workload, found none: add --workload NAME (bimodal, '],
  'an unknown workload': [withWorkload('bimdal'), "unknown workload 'bimdal': did you mean 'bimodal'?"],
  'a file of another kind': [withWorkload('x.txt'), 'x.txt: expected a workload file whose name ends in .yaml'],
  'a workload like nothing there is': [
    withWorkload('toString'),
    "unknown workload 'toString': there are bimodal, bursty, ",
  ],
  'a workload that names a device': [
    withWorkload('device.yaml'),
    'device.yaml:2:60: file: /dev/zero: expected a file, found a device',
  ],
  'a workload that names a pipe': [
    withWorkload('pipe.yaml'),
    'pipe.yaml:2:60: file: fifo: expected a file, found a pipe',
  ],
  'a workload that names what every object has': [
    withWorkload('prototype.yaml'),
    'prototype.yaml:2:60: file: toString: cannot be read: there is no such file',
  ],
  'a huge workload': [withWorkload('huge.yaml'), 'huge.yaml: expected a file of at most 64 MB, found 2862 MB'],
  'a policy like nothing there is': [
    sim('--policy', 'constructor'),
    "--policy: unknown policy 'constructor': there are d",
  ],
  'an unknown policy': [sim('--policy', 'drac'), "--policy: unknown policy 'drac': did you mean 'darc'?"],
  'an unknown parameter': [
    sim('--policy', 'ts:quantm=5us'),
    "--policy: ts: unknown parameter 'quantm': did you mean 'quantum'?",
  ],
  'a bare duration as parameter': [
    sim('--policy', 'ts:quantum=5'),
    '--policy: ts: quantum: expected a duration with its unit',
  ],
  'a parameter that does not fit the workers': [
    sim('--policy', 'c-fcfs,darc-static:reserved=20'),
    'darc-static: reserved: expected fewer than the 14 workers, found 20',
  ],
  'a negative load': [sim('--load', '-0.5'), "--load: expected a number above 0, such as 0.8, found '-0.5'"],
  'a load that is no number': [sim('--load', '80%'), "--load: expected a number above 0, such as 0.8, found '80%'"],
  'replications of a trace': [
    withWorkload('noflow.csv', '--policy', 'c-fcfs', '--replications', '4'),
    'noflow.csv: a trace is the same in every replication: replications and precision are for workload files (.yaml)',
  ],
  'a precision of a type there is not': [
    sim('--precision', '5%:p99.9:SHRT'),
    "precision: unknown type 'SHRT': did you mean 'SHORT'?",
  ],
  'load and rate': [sim('--load', '0.5', '--rate', '1k'), 'expected only one of --load and --rate, found both'],
  'requests and duration': [sim('--duration', '5s'), 'expected only one of --requests and --duration, found both'],
  'a bare duration': [
    ['sim', '--workload', 'bimodal', '--duration', '5'],
    '--duration: expected a duration with its unit (ns, us, ms, s, min, h), found the bare number 5',
  ],
  'half a request': [
    ['sim', '--workload', 'bimodal', '--requests', '2.5'],
    "--requests: expected a whole number above 0, such as 1e6 or 10M, found '2.5'",
  ],
  'no workers': [sim('--workers', '0'), "--workers: expected a whole number from 1 to 65536, found '0'"],
  'a warm-up that is everything': [sim('--warmup', '1'), "--warmup: expected a number from 0 to below 1, found '1'"],
  'a rate scale without a trace': [
    sim('--rate-scale', '2'),
    'rate-scale is for traces (.csv, .csv.gz): workloads/bimodal.yaml',
  ],
  'a file that is not there': [withWorkload('nope.yaml'), 'nope.yaml: cannot be read: there is no such file'],
  'a folder instead of a file': [withWorkload('folder.yaml'), 'folder.yaml: cannot be read: it is a folder'],
  'a trace that is not there': [withWorkload('nope.csv.gz'), 'nope.csv.gz: cannot be read: there is no such file'],
  'bad YAML': [withWorkload('bad.yaml'), 'bad.yaml:3:1: expected YAML, found: '],
  'ratios that do not sum to 1': [
    withWorkload('sum.yaml'),
    'sum.yaml:4:23: ratio: expected numbers that sum to 1, found 0.9',
  ],
  'a bare duration in a workload': [
    withWorkload('bare.yaml'),
    'bare.yaml:4:37: service: expected a duration with its unit (ns, us, ms, s, min, h), found the bare number 2',
  ],
  'an unknown key in a workload': [withWorkload('key.yaml'), 'key.yaml:2:1: sevrice: expected one of name, title'],
  'a broken line in a trace': [
    withWorkload('broken.csv'),
    "broken.csv:3: service_ns: expected a whole number of ns above 0, at most 104 days (2^53 ns), found '-5'",
  ],
  'an empty trace': [withWorkload('empty.csv'), 'empty.csv:1: expected requests, found none'],
  'a trace that is not zipped': [withWorkload('notzipped.csv.gz'), 'notzipped.csv.gz: expected a gzip file, found: '],
  'flows that the trace does not have': [
    withWorkload('noflow.csv', '--policy', 'd-fcfs:steering=hash'),
    "d-fcfs:steering=hash: needs the flow of each request, but the trace has no column 'flow'",
  ],
  'results into a folder that is not there': [
    sim('--json', 'nowhere/results.json'),
    'nowhere/results.json: cannot be written: there is no folder nowhere',
  ],
  'results onto a folder': [sim('--json', 'folder.yaml'), 'folder.yaml: cannot be written: it is a folder'],
  'several mistakes in a configuration': [
    ['sim', '--config', 'config.yaml'],
    "config.yaml:2:7: load: expected a number above 0, such as 0.8, found '-1'",
    'config.yaml:3:1: workesr: expected one of policies, workload, policy, system, load, rate, rate-scale, workers, ' +
      'requests, duration, unclassified, seed, warmup, replications, precision, max-replications, slice, record, ' +
      "timeline, from, for, json, found 'workesr' (did you mean 'workers'?)",
  ],
  'requests and duration in a configuration': [
    ['sim', '--config', 'both.yaml'],
    'both.yaml:3:1: duration: expected only one of requests and duration, found both',
  ],
  'a bare duration in a configuration': [
    ['sim', '--config', 'bareduration.yaml'],
    'bareduration.yaml:2:11: duration: expected a duration with its unit',
  ],
  'a device as a result': [['compare', '/dev/zero', '/dev/zero'], '/dev/zero: expected a file, found a device'],
  'a device as a configuration': [['sim', '--config', '/dev/zero'], '/dev/zero: expected a file, found a device'],
  'an absolute path': [withWorkload('/nowhere/w.yaml'), '/nowhere/w.yaml: cannot be read: there is no such file'],
  'a configuration that is not there': [
    ['sim', '--config', 'no.yaml'],
    'no.yaml: cannot be read: there is no such file',
  ],
  'a sweep without a folder': [
    ['sweep', '--workload', 'bimodal'],
    'expected a folder for the results, found none: add --out DIR',
  ],
  'a sweep without a workload': [['sweep', '--out', 'x'], 'expected a workload, found none: add --workload NAME'],
  'a sweep over load and rate': [
    sweep('--load', '.1,.2', '--rate', '1k'),
    'expected only one of --load and --rate, found both',
  ],
  'a range that is not one': [sweep('--load', '1:x:2'), "--load: expected a number above 0, such as 0.8, found 'x'"],
  'a part of a sweep that there is not': [
    sweep('--shard', '3/2'),
    "--shard: expected I/N with I from 1 to N, such as 2/8, found '3/2'",
  ],
  'an engine without its Redis': [
    sweep('--engine', 'bullmq'),
    'expected --engine bullmq and --redis URL together, or neither (the points run here)',
  ],
  'a Redis that is no address': [
    ['worker', '--redis', 'localhost'],
    "--redis: expected the address of Redis or Valkey, such as redis://host:6379, found 'localhost'",
  ],
  'an experiment that is not there': [['sweep', 'no.yaml'], 'no.yaml: cannot be read: there is no such file'],
  'a measured figure whose runs have no duration': [
    ['figure', '8', '--hw', '--minutes', '0.1', '--experiments', 'figures', '--out', 'x'],
    'figure 8: expected a duration, found none',
  ],
  'merging what is no sweep': [
    ['merge', '.', '--out', 'x'],
    '.: expected a folder that psp sweep has written, found no points/ in it',
  ],
};

describe('a mistake is told in one line, with exit code 2, before anything runs', () => {
  test.each(Object.entries(MISTAKES))('%s', async (_name, [args, ...lines]) => {
    const { code, out, err } = await pspHere(args, folder);
    const found = err.split('\n');
    expect(found).toHaveLength(lines.length);
    for (const [i, line] of lines.entries()) expect(found[i]).toContain(`psp: ${line}`);
    expect(out).toBe('');
    expect(code).toBe(2);
    expect(existsSync(join(folder, 'x'))).toBe(false);
  });

  test('by the process as well, with its exit code', async () => {
    expect(await psp(['smi'])).toEqual({ code: 2, out: '', err: "psp: unknown command 'smi': did you mean 'sim'?" });
  });

  test('nothing is written when something is refused', async () => {
    const file = join(folder, 'results.json');
    await pspHere(sim('--policy', 'darc-static:reserved=99', '--json', file), folder);
    expect(existsSync(file)).toBe(false);
    await psp(sim('--policy', 'c-fcfs', '--json', file), { cwd: folder });
    expect(existsSync(file)).toBe(true);
  });
});
