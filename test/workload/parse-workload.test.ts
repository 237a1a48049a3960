import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/units/errors.js';
import { createRequestSource } from '../../src/workload/generate.js';
import { parseWorkload, rebuildWorkload } from '../../src/workload/parse-workload.js';
import { complaints, drain, shipped, shippedText } from './helpers.js';

const GOOD = `name: good
types:
  - name: SHORT
    ratio: 0.5
    service: 1us
  - name: LONG
    ratio: 0.5
    service: { exponential: { mean: 100us } }
`;

const errors = (yaml: string, files?: Record<string, string>) =>
  complaints(() =>
    parseWorkload(yaml, 'w.yaml', {
      readText(path) {
        const text = files?.[path];
        if (text === undefined) throw new Error(`${path}: no such file`);
        return text;
      },
    }),
  );

/** The complaints about GOOD with one part replaced. */
const broken = (from: string, to: string, files?: Record<string, string>) => {
  expect(GOOD).toContain(from);
  return errors(GOOD.replace(from, to), files);
};

describe('shipped workloads', () => {
  const names = readdirSync(new URL('../../workloads/', import.meta.url))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.replace('.yaml', ''));

  it('are all there', () => {
    for (const name of [
      'bimodal',
      'extreme-bimodal',
      'tpcc',
      'rocksdb',
      'changing',
      'exponential',
      'lognormal',
      'heavy-tailed',
      'bursty',
    ]) {
      expect(names).toContain(name);
    }
  });

  it.each(names)('%s is named as its file, has a title and one line of description, and plays', async (name) => {
    const workload = shipped(name);
    expect(workload.name).toBe(name);
    expect(workload.title).not.toBe(name);
    expect(workload.description).toMatch(/^[^\n]{10,}$/);
    expect(shippedText(name)).toMatch(/^#/);
    const trace = await drain(createRequestSource(workload, { seed: 1, load: 0.5, workers: 14, requests: 1000 }));
    expect(trace.arrivalNs.length).toBe(1000);
  });

  it('have the peak rates of the Perséphone paper at 14 workers', () => {
    const peak = (name: string) => 14e9 / shipped(name).phases[0]!.meanServiceNs;
    expect(Math.round(peak('bimodal'))).toBe(277_228);
    expect(Math.round(peak('extreme-bimodal'))).toBe(4_670_559);
    expect(Math.round(peak('rocksdb'))).toBe(43_991);
  });
});

describe('a right file', () => {
  it('becomes a workload', () => {
    const workload = parseWorkload(`${GOOD}    deadline: 1ms\n    slo: 0.5 ms\n`, 'w.yaml');
    expect(workload).toMatchObject({
      name: 'good',
      title: 'good',
      description: '',
      types: [{ name: 'SHORT' }, { name: 'LONG', deadlineNs: 1e6, sloNs: 5e5 }],
      classified: 2,
      phases: [
        {
          durationNs: Number.POSITIVE_INFINITY,
          ratio: [0.5, 0.5],
          arrivals: { kind: 'poisson' },
          meanServiceNs: 50_500,
        },
      ],
    });
    expect(workload.types[0]).not.toHaveProperty('deadlineNs');
  });

  it('puts UNKNOWN behind all classified types, wherever it stands', () => {
    const types = [
      { name: 'UNKNOWN', ratio: 0.1, service: '1us' },
      { name: 'A', ratio: 0.2, service: '2us' },
      { name: 'B', ratio: 0.7, service: '3us' },
    ];
    const phases = [
      { duration: '1s' },
      {
        duration: '1s',
        types: [
          { name: 'UNKNOWN', ratio: 0.5 },
          { name: 'B', ratio: 0.5 },
        ],
      },
    ];
    const workload = parseWorkload(JSON.stringify({ name: 'x', types, phases }), 'x.yaml');
    expect(workload.types.map(({ name }) => name)).toEqual(['A', 'B', 'UNKNOWN']);
    expect(workload.classified).toBe(2);
    expect(workload.phases.map(({ ratio }) => ratio)).toEqual([
      [0.2, 0.7, 0.1],
      [0, 0.5, 0.5],
    ]);
    expect(workload.phases[1]!.service.map(({ meanNs }) => meanNs)).toEqual([2000, 3000, 1000]);
  });

  it('phases inherit what they do not replace', () => {
    const { phases } = shipped('changing');
    expect(phases.map(({ ratio }) => ratio)).toEqual([
      [0.5, 0.5],
      [0.5, 0.5],
      [0.95, 0.05],
      [1, 0],
    ]);
    expect(phases.map(({ meanServiceNs }) => meanServiceNs)).toEqual([50_500, 50_500, 5950, 3500]);
  });

  it('accepts ratios that rounding keeps from summing to exactly 1', () => {
    const types = Array.from({ length: 10 }, (_, i) => ({ name: `T${i}`, ratio: 0.1, service: '1us' }));
    expect(() => parseWorkload(JSON.stringify({ name: 'x', types }), 'x.yaml')).not.toThrow();
    const thirds = types.slice(0, 3).map((type) => ({ ...type, ratio: 0.333333333 }));
    expect(() => parseWorkload(JSON.stringify({ name: 'x', types: thirds }), 'x.yaml')).not.toThrow();
  });

  it('travels to another thread as plain data, with the files it refers to', () => {
    const files: Record<string, string> = { 'q.csv': '0,1us\n1,3us\n' };
    const yaml = GOOD.replace('1us', '{ empirical: { file: q.csv } }');
    const workload = parseWorkload(yaml, 'w.yaml', { readText: (path) => files[path]! });
    const rebuilt = rebuildWorkload(structuredClone(workload.source));
    expect(rebuilt.source).toEqual(workload.source);
    expect(rebuilt.phases[0]!.service[0]).toEqual(workload.phases[0]!.service[0]);
    expect(rebuilt.phases[0]!.service[0]!.meanNs).toBe(2000);
  });

  it('may use anchors and aliases; a mistake in one is shown where it stands', async () => {
    const yaml =
      'name: x\ntypes:\n  - &a { name: A, ratio: 1, service: 1us }\nphases:\n  - { duration: 1s, types: [ *a ] }\n';
    expect(parseWorkload(yaml, 'w.yaml').phases[0]!.ratio).toEqual([1]);
    expect((await errors(yaml.replace('1us', '1')))[0]).toMatch(/^w\.yaml:3:38: service: .* found the bare number 1$/);
  });
});

describe('a wrong file is refused with line, column, what was expected and what was found', () => {
  it('ratios that do not sum to 1', async () => {
    expect(await broken('    ratio: 0.5\n    service: {', '    ratio: 0.4\n    service: {')).toEqual([
      'w.yaml:7:12: ratio: expected numbers that sum to 1, found 0.9',
    ]);
    expect(await broken('ratio: 0.5', 'ratio: 0.500001')).toEqual([
      'w.yaml:7:12: ratio: expected numbers that sum to 1, found 1.000001',
    ]);
  });

  it('a bare duration', async () => {
    expect(await broken('1us', '1000')).toEqual([
      'w.yaml:5:14: service: expected a duration with its unit (ns, us, ms, s, min, h), found the bare number 1000',
    ]);
    expect(await broken('1us', '"1000"')).toEqual([
      'w.yaml:5:14: service: expected a duration with its unit (ns, us, ms, s, min, h), found the bare number 1000',
    ]);
    expect(await broken('100us', '100')).toEqual([
      'w.yaml:8:37: mean: expected a duration with its unit (ns, us, ms, s, min, h), found the bare number 100',
    ]);
  });

  it('an unknown key, with the nearest one', async () => {
    expect(await broken('    service: 1us', '    service: 1us\n    dedline: 1ms')).toEqual([
      "w.yaml:6:5: dedline: expected one of name, ratio, service, deadline, slo, classified, found 'dedline' (did " +
        "you mean 'deadline'?)",
    ]);
    expect(await broken('name: good', 'name: good\nworkers: 4')).toEqual([
      "w.yaml:2:1: workers: expected one of name, title, description, types, arrivals, phases, found 'workers'",
    ]);
    expect(await broken('mean:', 'maen:')).toEqual([
      'w.yaml:8:29: mean: expected a duration with its unit, such as 1us or 0.5 ms, found nothing',
      "w.yaml:8:31: maen: expected mean, found 'maen' (did you mean 'mean'?)",
    ]);
  });

  it('an unknown distribution or arrival process', async () => {
    expect((await broken('exponential', 'exponentail'))[0]).toMatch(
      /^w\.yaml:8:16: exponentail: expected one of constant, .*, found 'exponentail' \(did you mean 'exponential'\?\)$/,
    );
    expect(await errors(`${GOOD}arrivals: uniform\n`)).toEqual([
      "w.yaml:9:11: arrivals: expected one of poisson, constant, renewal, mmpp2, trace, found 'uniform'",
    ]);
    expect(await errors(`${GOOD}arrivals: { posson: {} }\n`)).toEqual([
      "w.yaml:9:13: posson: expected one of poisson, constant, renewal, mmpp2, trace, found 'posson' (did you " +
        "mean 'poisson'?)",
    ]);
    expect(await errors(`${GOOD}arrivals: { poisson: {} }\n`)).toEqual([
      'w.yaml:9:22: poisson: expected no parameters: write arrivals: poisson',
    ]);
    expect(await errors(`${GOOD}arrivals:\n`)).toEqual([
      'w.yaml:9:1: arrivals: expected one of poisson, constant, renewal, mmpp2, trace, found nothing',
    ]);
  });

  it('two types of one name, and a negative ratio', async () => {
    expect(await broken('LONG', 'SHORT')).toEqual([
      "w.yaml:6:11: name: expected names that differ, found 'SHORT' twice",
    ]);
    expect(await broken('0.5', '-0.5')).toEqual(['w.yaml:4:12: ratio: expected a number from 0 to 1, found -0.5']);
    expect(await broken('0.5', 'half')).toEqual(["w.yaml:4:12: ratio: expected a number from 0 to 1, found 'half'"]);
  });

  it('names are data: any text that can be shown', async () => {
    const named = (name: string) => GOOD.replace('SHORT', () => JSON.stringify(name));
    for (const name of ['TOO SHORT', 'a, b', `it's #1 "x"`, 'é'.repeat(70), 'constructor', '__proto__', '=1+1']) {
      expect(await parseWorkload(named(name), 'w.yaml').types[0]!.name).toBe(name);
    }
    const expected = 'expected a name of 1 to 255 characters, without control characters or spaces around it';
    expect(await broken('SHORT', '"a\\e[31m"')).toEqual([`w.yaml:3:11: name: ${expected}, found 'a\\u{1b}[31m'`]);
    expect(await errors(named('x'.repeat(256)))).toEqual([expect.stringContaining(expected)]);
    expect(await errors(named(' a'))).toEqual([`w.yaml:3:11: name: ${expected}, found ' a'`]);
    expect(await broken('SHORT', '404')).toEqual([
      `w.yaml:3:11: name: ${expected}, found 404 without quotes: write '404'`,
    ]);
    expect(await broken('name: good', 'name: good\ntitle: "a\\nb"')).toEqual([
      "w.yaml:2:8: title: expected a text without control characters, found 'a\\u{a}b'",
    ]);
    expect(await parseWorkload(GOOD.replace('name: good', 'name: good\ndescription: "a\\nb"'), 'w').description).toBe(
      'a\nb',
    );
  });

  it('a service of zero, negative or missing', async () => {
    expect(await broken('1us', '0us')).toEqual(["w.yaml:5:14: service: expected a duration above 0, found '0us'"]);
    expect(await broken('1us', '-1us')).toEqual([
      "w.yaml:5:14: service: expected a duration that is not negative, found '-1us'",
    ]);
    expect((await broken('    service: 1us\n', ''))[0]).toMatch(
      /^w\.yaml:3:5: service: expected a duration such as 1us, or one of .*, found nothing$/,
    );
    expect((await broken('service: 1us', 'service: { constant: 1us, uniform: 2us }'))[0]).toMatch(
      /found constant and uniform$/,
    );
  });

  it('no types', async () => {
    expect(await errors('name: x\ntypes: []\n')).toEqual([
      'w.yaml:2:8: types: expected a list of request types, found an empty list',
    ]);
    expect(await errors('name: x\n')).toEqual(['w.yaml:1:1: types: expected a list of request types, found nothing']);
    expect(await errors('name: x\ntypes:\n  SHORT: 1us\n')).toEqual([
      'w.yaml:3:3: types: expected a list of request types, found a map',
    ]);
  });

  it('text that is no YAML, or no map', async () => {
    const [first] = await errors('name: x\ntypes: [\n  { name: A, ratio: 1\n');
    expect(first).toMatch(/^w\.yaml:\d+:\d+: expected YAML, found: /);
    expect(await errors('name: x\nname: y\n')).toEqual(["w.yaml:2:1: expected keys that differ, found 'name' twice"]);
    expect(await errors('just text')).toEqual([
      "w.yaml:1:1: expected a map with one of name, title, description, types, arrivals, phases, found 'just text'",
    ]);
    expect((await errors(''))[0]).toMatch(/^w\.yaml:1:1: expected a map .*, found nothing$/);
  });

  it('phases', async () => {
    expect(await errors(`${GOOD}phases:\n  - duration: 5\n`)).toEqual([
      'w.yaml:10:15: duration: expected a duration with its unit (ns, us, ms, s, min, h), found the bare number 5',
    ]);
    expect(await errors(`${GOOD}phases:\n  - types: [{ name: SHRT, ratio: 1 }]\n`)).toEqual([
      'w.yaml:10:5: duration: expected a duration with its unit, such as 1us or 0.5 ms, found nothing',
      "w.yaml:10:21: name: expected one of SHORT, LONG (a type of the workload), found 'SHRT' (did you mean 'SHORT'?)",
    ]);
    expect(await errors(`${GOOD}phases:\n  - { duration: 1s, types: [{ name: LONG, ratio: 0.3 }] }\n`)).toEqual([
      'w.yaml:10:50: ratio: expected numbers that sum to 1, found 0.3',
    ]);
    expect(await errors(`${GOOD}phases: []\n`)).toEqual([
      'w.yaml:9:9: phases: expected a list of phases, found an empty list',
    ]);
    for (const short of ['0s', '1ns', '1e-300s']) {
      expect(await errors(`${GOOD}phases: [{ duration: ${short} }]\n`)).toEqual([
        `w.yaml:9:22: duration: expected a duration of at least 1us, found '${short}'`,
      ]);
    }
  });

  it('parameters of distributions and arrival processes', async () => {
    // § marks the place in the value of `service` (line 5, from column 14 on) that the message must point to.
    const refused = async (marked: string, message: string, files?: Record<string, string>) => {
      const column = 14 + marked.indexOf('§');
      expect(await broken('1us', marked.replace('§', ''), files)).toEqual([`w.yaml:5:${column}: ${message}`]);
    };
    await refused(
      '{ uniform: { min: 3us, max: §1us } }',
      'max: expected a duration of at least min (3000ns), found 1000ns',
    );
    await refused('{ lognormal: §{ sigma: 1 } }', 'lognormal: expected either mean or median, found neither');
    await refused(
      '{ gamma: §{ shape: 1, mean: 1us, scale: 1us } }',
      'gamma: expected either mean or scale, found both',
    );
    await refused('{ weibull: { shape: §0, mean: 1us } }', 'shape: expected a number from 0.1 to 1000, found 0');
    await refused(
      '{ bounded-pareto: { alpha: 1, min: 1us, max: §1us } }',
      'max: expected a duration above min (1000ns), found 1000ns',
    );
    await refused(
      '{ hyperexponential: { mean: 1us, scv: §1 } }',
      'scv: expected a number above 1 (1 is exponential), found 1',
    );
    await refused(
      '{ mixture: [{ probability: 0.5, value: 1us }, { probability: §0.4, value: 2us }] }',
      'probability: expected numbers that sum to 1, found 0.9',
    );
    await refused(
      '{ mixture: [{ probability: 1, value: §7 }] }',
      'value: expected a duration with its unit (ns, us, ms, s, min, h), found the bare number 7',
    );
    await refused(
      '{ mixture: §[] }',
      'mixture: expected a list of maps with probability and value, found an empty list',
    );
    await refused(
      '{ empirical: { quantiles: [§[0.1, 1us], [1, 2us]] } }',
      'quantiles: expected the probability 0 (the minimum) first, found 0.1',
    );
    await refused(
      '{ empirical: { quantiles: [[0, 1us], §[0, 2us], [1, 2us]] } }',
      'quantiles: expected a probability above the one before (0), found 0',
    );
    await refused('{ empirical: { quantiles: [§7] } }', 'quantiles: expected a pair [probability, duration], found 7');
    await refused('{ empirical: { file: §q.csv } }', 'file: q.csv: no such file');
    await refused(
      '{ empirical: { file: §q.csv } }',
      'file: q.csv:3: expected a duration of at least the one before (1000ns), found 900ns',
      { 'q.csv': 'probability,duration\n0,1us\n0.5,900ns\n1,2us\n' },
    );
    await refused(
      '{ empirical: { file: §q.csv } }',
      'file: q.csv:2: expected the probability 1 (the maximum) last, found 0.5',
      {
        'q.csv': '0,1us\n0.5,2us\n',
      },
    );
    await refused('{ empirical: { file: §q.csv } }', "file: q.csv:2: expected probability,duration, found '1;2us'", {
      'q.csv': '0,1us\n1;2us\n',
    });
    expect(await errors(`${GOOD}arrivals: { mmpp2: { burstFactor: 1, meanCalm: 1ms, meanBurst: 1ms } }\n`)).toEqual([
      'w.yaml:9:35: burstFactor: expected a number above 1: the rate in a burst over the calm rate (.inf: ' +
        'silence between bursts), found 1',
    ]);
    expect(
      await broken('name: good', 'name: good\narrivals: { trace: { file: t.csv } }', { 't.csv': '5,A,1\nx,A,1\n' }),
    ).toEqual([
      "w.yaml:2:28: file: t.csv:2: arrival_ns: expected a whole number of ns, at most 104 days (2^53 ns), found 'x'",
    ]);
  });

  it('all mistakes at once, in the order of the file, as data too', () => {
    const yaml =
      'name: x\ntypes:\n  - { name: A, ratio: 2, service: 1 }\n  - { nam: B, ratio: 0.5, service: 1us ' +
      '}\narrivals: none\n';
    try {
      parseWorkload(yaml, 'w.yaml');
      expect.fail('nothing was refused');
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
      const { issues } = error as InputError;
      expect(issues.map(({ file, line, column, path }) => `${file}:${line}:${column} ${path}`)).toEqual([
        'w.yaml:3:23 types[0].ratio',
        'w.yaml:3:35 types[0].service',
        'w.yaml:4:5 types[1].name',
        'w.yaml:4:7 types[1].nam',
        'w.yaml:5:11 arrivals',
      ]);
    }
  });
});
