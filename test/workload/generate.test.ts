import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRequestSource } from '../../src/workload/generate.js';
import { parseWorkload } from '../../src/workload/parse-workload.js';
import {
  cycleNs,
  offeredLoad,
  offeredRps,
  phaseRateRps,
  trueProfile,
  workloadNotes,
} from '../../src/workload/workload.js';
import { runs } from '../support/runs.js';
import { type Columns, drain, shipped, single } from './helpers.js';

const count = (values: number[], wanted: number) => values.filter((value) => value === wanted).length;

const TWO_TYPES = `
name: two
types:
  - { name: A, ratio: 0.25, service: { exponential: { mean: 4us } } }
  - { name: B, ratio: 0.75, service: { exponential: { mean: 2us } } }
`;

describe('the request source', () => {
  it('gives this trace for this seed, on every machine', async () => {
    const source = createRequestSource(shipped('extreme-bimodal'), {
      seed: 42,
      load: 0.8,
      workers: 16,
      requests: 6,
      flows: true,
    });
    expect(await drain(source)).toMatchInlineSnapshot(`
      {
        "arrivalNs": [
          311,
          431,
          444,
          492,
          1373,
          1423,
        ],
        "flow": [
          764404913,
          537644624,
          3246263650,
          1717980447,
          2881992023,
          3367357269,
        ],
        "serviceNs": [
          500,
          500,
          500,
          500,
          500,
          500,
        ],
        "type": [
          0,
          0,
          0,
          0,
          0,
          0,
        ],
      }
    `);
    for (const name of ['lognormal', 'heavy-tailed', 'bursty', 'exponential', 'tpcc']) {
      const { arrivalNs, type, serviceNs } = await drain(
        createRequestSource(shipped(name), { seed: 1, rateRps: 1e6, requests: 100_000 }),
      );
      // The sums and the last values stand for all of it.
      const sum = serviceNs.reduce((a, b) => a + b, 0);
      expect(
        [name, arrivalNs.at(-1), type.reduce((a, b) => a + b, 0), sum, serviceNs.at(-1)].join(' '),
      ).toMatchSnapshot();
    }
  });

  it('is the same however it is cut into batches', async () => {
    for (const name of ['changing', 'bursty', 'lognormal']) {
      const play = (capacity: number) =>
        drain(createRequestSource(shipped(name), { seed: 3, rateRps: 400, durationNs: 21e9, flows: true }), capacity);
      const whole = await play(100_000);
      expect(whole.arrivalNs.length).toBeGreaterThan(7000);
      expect(await play(1)).toEqual(whole);
      expect(await play(7)).toEqual(whole);
    }
  });

  it('keeps what it promises for any workload, load and end', async () => {
    const service = fc.constantFrom(
      '1ns',
      '1us',
      { exponential: { mean: '2ns' } },
      { lognormal: { mean: '5us', sigma: 2 } },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ weight: fc.integer({ min: 0, max: 5 }), service }), { minLength: 1, maxLength: 6 }),
        fc.constantFrom('poisson', 'constant', { mmpp2: { burstFactor: 5, meanCalm: '10us', meanBurst: '2us' } }),
        fc.double({ min: 0.01, max: 3, noNaN: true }),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 0, max: 2000 }),
        fc.integer(),
        async (drafts, arrivals, load, workers, requests, seed) => {
          const total = drafts.reduce((sum, { weight }) => sum + weight, 0);
          fc.pre(total > 0);
          const types = drafts.map(({ weight, service }, i) => ({ name: `T${i}`, ratio: weight / total, service }));
          const workload = parseWorkload(JSON.stringify({ name: 'any', types, arrivals }), 'any.yaml');
          const trace = await drain(createRequestSource(workload, { seed, load, workers, requests }));
          expect(trace.arrivalNs.length).toBe(requests);
          for (let i = 0; i < requests; i++) {
            expect(Number.isSafeInteger(trace.arrivalNs[i])).toBe(true);
            expect(trace.arrivalNs[i]! >= (trace.arrivalNs[i - 1] ?? 0)).toBe(true);
            expect(Number.isSafeInteger(trace.serviceNs[i]) && trace.serviceNs[i]! >= 1).toBe(true);
            expect(types[trace.type[i]!]!.ratio).toBeGreaterThan(0);
          }
        },
      ),
      { numRuns: runs(60) },
    );
  });

  it('offers the load: rate, ratios and work', async () => {
    const workload = shipped('tpcc');
    const offer = { load: 0.7, workers: 14 };
    // Perséphone's peak for TPC-C at 14 workers is 734 214 requests per second.
    expect(offeredRps(workload, { load: 1, workers: 14 })).toBeCloseTo(734_214, -0.5);
    const n = 400_000;
    const trace = await drain(createRequestSource(workload, { seed: 5, ...offer, requests: n }));
    expect(n / (trace.arrivalNs.at(-1)! / 1e9) / offeredRps(workload, offer)).toBeCloseTo(1, 2);
    workload.phases[0]!.ratio.forEach((ratio, k) => {
      expect(Math.abs(count(trace.type, k) / n - ratio)).toBeLessThan(4.5 * Math.sqrt((ratio * (1 - ratio)) / n));
    });
    const work = trace.serviceNs.reduce((a, b) => a + b, 0);
    expect(work / trace.arrivalNs.at(-1)! / 14).toBeCloseTo(0.7, 1.7);
  });

  it('does not repeat itself in replications, and repeats itself exactly otherwise', async () => {
    const play = (replication: number) =>
      drain(createRequestSource(shipped('exponential'), { seed: 1, replication, rateRps: 1e6, requests: 100 }));
    expect(await play(0)).toEqual(await play(0));
    const [a, b] = [await play(0), await play(1)];
    expect(a.arrivalNs).not.toEqual(b.arrivalNs);
    expect(a.serviceNs).not.toEqual(b.serviceNs);
  });

  it('ends at the duration, or after the requests, whichever comes first', async () => {
    const play = (end: { requests?: number; durationNs?: number }) =>
      drain(createRequestSource(single('1us', 'constant'), { seed: 1, rateRps: 1e6, ...end }));
    // An arrival every us, the first at 1 us; the one at the end is not in.
    expect((await play({ durationNs: 10_000 })).arrivalNs).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((us) => us * 1000));
    expect((await play({ durationNs: 10_000, requests: 3 })).arrivalNs).toEqual([1000, 2000, 3000]);
    expect((await play({ durationNs: 2500, requests: 30 })).arrivalNs).toEqual([1000, 2000]);
    expect((await play({ requests: 0 })).arrivalNs).toEqual([]);
    expect((await play({ requests: 1024 })).arrivalNs.length).toBe(1024);
  });

  it('labels flows only when asked, over all 32 bits', async () => {
    const play = (flows: boolean) =>
      drain(createRequestSource(single('1us'), { seed: 1, rateRps: 1e6, requests: 1000, flows }));
    expect(new Set((await play(false)).flow)).toEqual(new Set([0]));
    const { flow } = await play(true);
    expect(new Set(flow).size).toBe(1000);
    expect(Math.max(...flow)).toBeGreaterThan(4.2e9);
    expect((await play(true)).arrivalNs).toEqual((await play(false)).arrivalNs);
  });
});

describe('substreams of the request source', () => {
  const play = (yaml: string, options: object = {}) =>
    drain(createRequestSource(parseWorkload(yaml, 'x.yaml'), { seed: 9, rateRps: 1e6, requests: 2000, ...options }));
  const demandsOf = (trace: Columns, type: number) => trace.serviceNs.filter((_, i) => trace.type[i] === type);

  it('another service distribution changes nothing but the demands of its type', async () => {
    const before = await play(TWO_TYPES);
    const after = await play(TWO_TYPES.replace('exponential: { mean: 4us }', 'gamma: { shape: 0.5, mean: 9us }'));
    expect(after.arrivalNs).toEqual(before.arrivalNs);
    expect(after.type).toEqual(before.type);
    expect(demandsOf(after, 1)).toEqual(demandsOf(before, 1));
    expect(demandsOf(after, 0)).not.toEqual(demandsOf(before, 0));
  });

  it('another rate or arrival process leaves types and demands as they were', async () => {
    const before = await play(TWO_TYPES);
    for (const after of [await play(TWO_TYPES, { rateRps: 3e6 }), await play(`${TWO_TYPES}arrivals: constant\n`)]) {
      expect(after.type).toEqual(before.type);
      expect(after.serviceNs).toEqual(before.serviceNs);
      expect(after.arrivalNs).not.toEqual(before.arrivalNs);
    }
  });

  it('other ratios leave the n-th demand of a type as it was', async () => {
    const before = demandsOf(await play(TWO_TYPES), 0);
    const after = demandsOf(await play(TWO_TYPES.replace('0.25', '0.5').replace('0.75', '0.5')), 0);
    expect(after.length).toBeGreaterThan(before.length + 300);
    expect(after.slice(0, before.length)).toEqual(before);
  });
});

describe('phases', () => {
  it('change types, demands and rates at their boundaries, and repeat', async () => {
    const workload = shipped('changing');
    expect(cycleNs(workload)).toBe(20e9);
    // 0.02 % load: few requests, but spread over the real 5 s.
    const offer = { load: 0.0002, workers: 14 };
    const trace = await drain(createRequestSource(workload, { seed: 1, ...offer, durationNs: 45e9 }));
    const inPhase = (i: number) => Math.floor(trace.arrivalNs[i]! / 5e9);
    const expected = [{ 0: 100_000, 1: 1000 }, { 0: 1000, 1: 100_000 }, { 0: 1000, 1: 100_000 }, { 0: 3500 }] as Record<
      number,
      number
    >[];
    const counts = Array.from({ length: 9 }, () => [0, 0]);
    trace.arrivalNs.forEach((_, i) => {
      const type = trace.type[i]!;
      counts[inPhase(i)]![type]!++;
      expect(trace.serviceNs[i]).toBe(expected[inPhase(i) % 4]![type]);
    });
    counts.forEach(([short, long], i) => {
      const phase = workload.phases[i % 4]!;
      const n = short! + long!;
      const mean = phaseRateRps(phase, offer) * 5;
      expect(Math.abs(n - mean)).toBeLessThan(4.5 * Math.sqrt(mean));
      expect(Math.abs(short! - n * phase.ratio[0]!)).toBeLessThan(4.5 * Math.sqrt(n / 4) + 1e-9);
    });
    expect(counts[3]![1]).toBe(0);
  });

  it('are offered the same load each, or the same rate each', () => {
    const workload = shipped('changing');
    const load = { load: 0.8, workers: 14 };
    const rates = workload.phases.map((phase) => phaseRateRps(phase, load));
    expect(rates.map(Math.round)).toEqual([221_782, 221_782, 1_882_353, 3_200_000]);
    expect(offeredRps(workload, load)).toBeCloseTo(rates.reduce((a, b) => a + b) / 4, 6);
    expect(offeredLoad(workload, load, 14)).toBeCloseTo(0.8, 12);
    expect(offeredLoad(workload, load, 28)).toBeCloseTo(0.4, 12);
    expect(offeredRps(workload, { rateRps: 5e5 })).toBe(5e5);
  });

  it('end the run after one cycle when nothing else is said', async () => {
    const trace = await drain(createRequestSource(shipped('changing'), { seed: 1, rateRps: 100 }));
    expect(trace.arrivalNs.length).toBeGreaterThan(1700);
    expect(trace.arrivalNs.at(-1)).toBeLessThan(20e9);
    expect(trace.arrivalNs.at(-1)).toBeGreaterThan(19.5e9);
  });

  it('can replace the arrival process', async () => {
    const yaml =
      'name: x\ntypes: [{ name: A, ratio: 1, service: 1us }]\nphases:\n  - duration: 10us\n  - { duration: ' +
      '10us, arrivals: constant }\n';
    const trace = await drain(createRequestSource(parseWorkload(yaml, 'x.yaml'), { seed: 1, rateRps: 1e6 }));
    // The metronome starts at the boundary.
    expect(trace.arrivalNs.filter((t) => t >= 10_000)).toEqual(
      [11, 12, 13, 14, 15, 16, 17, 18, 19].map((us) => us * 1000),
    );
  });
});

describe('what makes no sense', () => {
  it.each([
    [{ load: -0.5, workers: 14, requests: 1 }, 'expected a load above 0, found -0.5'],
    [{ load: Number.NaN, workers: 14, requests: 1 }, 'expected a load above 0, found NaN'],
    [{ load: 0.5, workers: 0, requests: 1 }, 'expected at least one worker, found 0'],
    [{ rateRps: 0, requests: 1 }, 'expected a rate above 0 requests per second, found 0'],
    [{ rateRps: 1, requests: -1 }, 'expected a whole number of requests, found -1'],
    [{ rateRps: 1, durationNs: -1 }, 'expected a duration from 0 to 104 days (2^53 ns), found -1 ns'],
    [{ rateRps: 1 }, 'workload single has no phases: say for how many requests or how long it should run'],
  ])('%j: %s', (options, message) => {
    expect(() => createRequestSource(single('1us'), { seed: 1, ...options })).toThrow(new RangeError(message));
  });

  it('a phase in which a metronome never ticks is refused instead of running for ever', () => {
    const yaml =
      'name: x\ntypes: [{ name: A, ratio: 1, service: 1us }]\narrivals: constant\nphases: [{ duration: 10us }]\n';
    expect(() => createRequestSource(parseWorkload(yaml, 'x.yaml'), { seed: 1, rateRps: 1e4, requests: 1 })).toThrow(
      'phase 1 of workload x is too short',
    );
  });
});

describe('trueProfile', () => {
  it('holds the classified types of the first phase', () => {
    const yaml = `${TWO_TYPES.replace('0.75', '0.7')}  - { name: UNKNOWN, ratio: 0.05, service: 1us }\n`;
    expect(trueProfile(parseWorkload(yaml, 'x.yaml'))).toEqual({ meanNs: [4000, 2000], ratio: [0.25, 0.7] });
  });
});

describe('what would not end, or not within exact times, is refused before it begins', () => {
  const twoPhases = (durations: readonly string[]) =>
    parseWorkload(
      JSON.stringify({
        name: 'p',
        types: [{ name: 'A', ratio: 1, service: '1us' }],
        phases: durations.map((duration) => ({ duration })),
      }),
      'p.yaml',
    );
  const seed = 1;

  it.each([
    [
      'short phases',
      () => createRequestSource(twoPhases(['1us', '1us']), { seed, rateRps: 1e3, requests: 10 }),
      'about 1000',
    ],
    [
      'a rate too low',
      () => createRequestSource(single('1us'), { seed, rateRps: 1e-9, requests: 10 }),
      'days at 1e-9/s',
    ],
    [
      'a duration too long',
      () => createRequestSource(single('1us'), { seed, rateRps: 1, durationNs: 1e17 }),
      'expected a duration from 0 to 104 days',
    ],
    [
      'a rate too high',
      () => createRequestSource(single('1us'), { seed, rateRps: 1e30, durationNs: 1e9 }),
      'expected fewer than 2^53 requests',
    ],
    [
      'bursts that last no time',
      () =>
        createRequestSource(single('1us', { mmpp2: { burstFactor: 2, meanCalm: '1e-300s', meanBurst: '1e-300s' } }), {
          seed,
          rateRps: 1e6,
          requests: 10,
        }),
      'at most 100 times per request',
    ],
  ])('%s', (_what, start, message) => {
    expect(start).toThrow(RangeError);
    expect(start).toThrow(message);
  });

  it('also where chance exceeds what was expected', async () => {
    const late = createRequestSource(single('1us'), { seed, rateRps: 1.0001e9 / Number.MAX_SAFE_INTEGER, requests: 1 });
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, replication) =>
        drain(
          createRequestSource(single('1us'), {
            seed,
            replication,
            rateRps: 1.0001e9 / Number.MAX_SAFE_INTEGER,
            requests: 1,
          }),
        ).then(
          ({ arrivalNs }) => arrivalNs[0]! <= Number.MAX_SAFE_INTEGER,
          (error: Error) => error.message.includes('found an arrival beyond') && 'refused',
        ),
      ),
    );
    expect(late).toBeDefined();
    expect(new Set(outcomes)).toEqual(new Set([true, 'refused']));
    const days = single({ lognormal: { mean: '2400h', sigma: 4 } });
    await expect(drain(createRequestSource(days, { seed, rateRps: 1, requests: 1000 }))).rejects.toThrow(
      'found a service demand beyond',
    );
  });
});

describe('load is that of what is played, in whole ns', () => {
  const SUB_NS = [
    ['1.4ns', 1],
    ['0.3ns', 1],
    ['2.6ns', 3],
    [{ exponential: { mean: '1.4ns' } }, 1 + Math.exp(-1.5 / 1.4) / (1 - Math.exp(-1 / 1.4))],
    [{ uniform: { min: '0ns', max: '3ns' } }, (1 * 1.5 + 2 * 1 + 3 * 0.5) / 3],
    [{ 'bounded-pareto': { alpha: 1.5, min: '1ns', max: '10us' } }, undefined],
    [{ lognormal: { mean: '5ns', sigma: 3 } }, undefined],
    [{ gamma: { shape: 0.3, mean: '2ns' } }, undefined],
    [{ weibull: { shape: 0.5, mean: '3ns' } }, undefined],
  ] as const;

  it.each(SUB_NS)('%j', async (service, expected) => {
    const workload = single(service);
    const { meanServiceNs } = workload.phases[0]!;
    if (expected !== undefined) expect(Math.abs(meanServiceNs / expected - 1)).toBeLessThan(1e-3);
    const [load, workers, requests] = [0.8, 2, 200_000];
    const { arrivalNs, serviceNs } = await drain(createRequestSource(workload, { seed: 3, load, workers, requests }));
    const busy = serviceNs.reduce((a, b) => a + b) / (workers * arrivalNs.at(-1)!);
    const spread = Math.sqrt(serviceNs.reduce((a, b) => a + b * b, 0)) / serviceNs.reduce((a, b) => a + b);
    expect(Math.abs(busy / load - 1)).toBeLessThan(5 * (spread + 1e-3));
    expect(trueProfile(workload).meanNs).toEqual([meanServiceNs]);
    expect(workloadNotes(workload)[0]).toMatch(/^A: services are played in whole ns: .*load counts what is played$/);
  });

  it.each(['1us', '1.4us', '500ns', { exponential: { mean: '100ns' } }, { lognormal: { mean: '10us', sigma: 4 } }])(
    'which is the stated mean of %j, exactly',
    (service) => {
      const workload = single(service);
      expect(workload.phases[0]!.meanServiceNs).toBe(workload.phases[0]!.service[0]!.meanNs);
      expect(workloadNotes(workload)).toEqual([]);
    },
  );
});
