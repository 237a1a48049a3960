/** The systems that `psp validate` simulates: queueing theory has solved them. */

import { gamma } from 'simple-statistics';
import type { Result } from '../../results/result.js';
import {
  type Moments,
  meanWaitMG1,
  meanWaitMMc,
  meanWaitsByPriority,
  mmck,
  moments,
  waitQuantileMMc,
} from './theory/closed-forms.js';
import { meanSojournMmppM1 } from './theory/mmpp.js';
import { density, meanSojournSrpt } from './theory/srpt-sojourn.js';

/** A simulated system, and the quantities that theory gives for it. */
export interface ValidationCase {
  readonly name: string;
  /** YAML of the types and arrivals; the rest of the workload is added. */
  readonly workload: string;
  readonly policy: string;
  readonly workers: number;
  /** Requests per ns. The simulator is given this rate instead of a load. */
  readonly rate: number;
  /** Requests of each replication, so that the intervals are narrow enough. */
  readonly requests: number;
  readonly quantities: readonly CaseQuantity[];
}

export interface CaseQuantity {
  readonly what: string;
  readonly theory: number;
  /**
   * How far the simulated system may differ from that of the theory, where it only approximates a limit;
   * default 0.
   */
  readonly slack?: number;
  /** The same in the result of a replication. */
  readonly of: (result: Result) => number;
  readonly unit: 'ns' | 'ratio';
}

/** Mean service time of most cases, ns: long enough that whole nanoseconds do not matter. */
const MEAN = 10_000;
const M = 1_000_000;

export function validationCases(): ValidationCase[] {
  return [
    ...exponentialServers(),
    ...generalService(),
    ...priorities(),
    ...sharing(),
    ...shortestRemaining(),
    ...lossy(),
    bursts(),
    ...dealt(),
  ];
}

const ONE = (service: string) => `types: [{ name: ALL, ratio: 1, service: ${service} }]`;
const EXPONENTIAL = ONE('{ exponential: { mean: 10us } }');

function meanWait(theory: number, type = 0, what = 'mean wait'): CaseQuantity {
  const of = ({ types }: Result) => types[type]!.sojournNs.mean! - types[type]!.serviceNs.mean!;
  return { what, theory, of, unit: 'ns' };
}

function meanSojourn(theory: number): CaseQuantity {
  return { what: 'mean sojourn', theory, of: (result) => result.overall.sojournNs.mean!, unit: 'ns' };
}

function exponentialServers(): ValidationCase[] {
  const of = (servers: number, load: number, requests: number): ValidationCase => {
    const rate = (servers * load) / MEAN;
    const tail = (q: number, name: 'p90' | 'p99'): CaseQuantity => ({
      what: `${name} of the wait`,
      theory: waitQuantileMMc(servers, rate, MEAN, q),
      // One in twenty is a probe, whose service takes no time: its sojourn is the wait of a request that arrives then.
      of: ({ types }) => types[1]!.sojournNs[name]! - 1,
      unit: 'ns',
    });
    return {
      name: `M/M/${servers}, load ${load}`,
      workload: `types:
  - { name: ALL, ratio: 0.95, service: { exponential: { mean: 10us } } }
  - { name: PROBE, ratio: 0.05, service: 1ns }`,
      policy: 'c-fcfs',
      workers: servers,
      rate: rate / 0.95,
      requests,
      quantities: [meanWait(meanWaitMMc(servers, rate, MEAN)), tail(0.9, 'p90'), tail(0.99, 'p99')],
    };
  };
  return [of(1, 0.8, 1.6 * M), of(4, 0.7, 1.2 * M), of(14, 0.8, 2 * M)];
}

/** M/D/1 and M/G/1 for every distribution of the library, by Pollaczek and Khinchine. */
function generalService(): ValidationCase[] {
  const distributions: readonly (readonly [string, string, Moments, number?])[] = [
    ['constant', '10us', moments.constant(MEAN)],
    ['exponential', '{ exponential: { mean: 10us } }', moments.exponential(MEAN)],
    ['uniform', '{ uniform: { min: 2us, max: 18us } }', moments.uniform(2000, 18_000)],
    ['lognormal', '{ lognormal: { mean: 10us, sigma: 0.8 } }', moments.varied(MEAN, Math.exp(0.64) - 1), 0.8],
    ['gamma', '{ gamma: { shape: 0.5, mean: 10us } }', moments.varied(MEAN, 2), 0.8],
    [
      'weibull',
      '{ weibull: { shape: 0.7, mean: 10us } }',
      moments.varied(MEAN, gamma(1 + 2 / 0.7) / gamma(1 + 1 / 0.7) ** 2 - 1),
      0.8,
    ],
    [
      'bounded-pareto',
      '{ bounded-pareto: { alpha: 2.5, min: 5us, max: 200us } }',
      moments.boundedPareto(2.5, 5000, 200_000),
      0.8,
    ],
    ['hyperexponential', '{ hyperexponential: { mean: 10us, scv: 3 } }', moments.varied(MEAN, 3), 1.2],
    [
      'mixture',
      '{ mixture: [{ probability: 0.8, value: 5us }, { probability: 0.2, value: { uniform: { min: 20us, max: ' +
        '40us } } }] }',
      moments.mixture([
        [0.8, moments.constant(5000)],
        [0.2, moments.uniform(20_000, 40_000)],
      ]),
    ],
    [
      'empirical',
      '{ empirical: { quantiles: [[0, 2us], [0.5, 6us], [0.9, 20us], [1, 60us]] } }',
      moments.mixture([
        [0.5, moments.uniform(2000, 6000)],
        [0.4, moments.uniform(6000, 20_000)],
        [0.1, moments.uniform(20_000, 60_000)],
      ]),
    ],
  ];
  return distributions.map(([name, service, of, factor = 0.6]) => {
    const rate = 0.6 / of.mean;
    return {
      name: name === 'constant' ? 'M/D/1, load 0.6' : `M/G/1, ${name}`,
      workload: ONE(service),
      policy: 'c-fcfs',
      workers: 1,
      rate,
      requests: factor * M,
      quantities: [meanWait(meanWaitMG1(rate, of))],
    };
  });
}

/** Three classes on one worker at load 0.8, the first to be served first; Cobham. */
function priorities(): ValidationCase[] {
  const rate = 0.8 / 5000;
  const classes = [
    { rate: 0.5 * rate, service: moments.exponential(2000) },
    { rate: 0.3 * rate, service: moments.constant(5000) },
    { rate: 0.2 * rate, service: moments.exponential(12_500) },
  ];
  const names = ['A', 'B', 'C'];
  const workload = `types:
  - { name: A, ratio: 0.5, service: { exponential: { mean: 2us } } }
  - { name: B, ratio: 0.3, service: 5us }
  - { name: C, ratio: 0.2, service: { exponential: { mean: 12.5us } } }`;
  const waits = meanWaitsByPriority(classes);
  return ['fixed-priority', 'sjf'].map((policy) => ({
    name: `M/G/1, priorities, ${policy}`,
    workload,
    policy: `${policy}:queue=unbounded`,
    workers: 1,
    rate,
    requests: 0.8 * M,
    quantities: waits.map((wait, type) => meanWait(wait, type, `mean wait of ${names[type]}`)),
  }));
}

/** Processor sharing: the mean slowdown of every size is 1 / (1 - load). Kleinrock, volume 2, section 4.4. */
function sharing(): ValidationCase[] {
  const load = 0.6;
  const sizes = [4, 10, 40];
  const rate = load / (0.5 * 4000 + 0.4 * MEAN + 0.1 * 40_000);
  const workload = `types:
  - { name: S4, ratio: 0.5, service: 4us }
  - { name: S10, ratio: 0.4, service: 10us }
  - { name: S40, ratio: 0.1, service: 40us }`;
  /** A request waits for its turn instead of sharing: that makes less than one quantum of difference. */
  const bySize = (quantumUs: number) =>
    sizes.map(
      (us, type): CaseQuantity => ({
        what: `mean slowdown of ${us}us`,
        theory: 1 / (1 - load),
        slack: quantumUs / us,
        of: ({ types }) => types[type]!.slowdown.mean!,
        unit: 'ratio',
      }),
    );
  return [
    {
      name: 'M/M/1, processor sharing',
      workload: EXPONENTIAL,
      policy: 'ps',
      workers: 1,
      rate: load / MEAN,
      requests: 0.6 * M,
      quantities: [meanSojourn(MEAN / (1 - load))],
    },
    {
      name: 'M/G/1, processor sharing',
      workload,
      policy: 'ps',
      workers: 1,
      rate,
      requests: 0.6 * M,
      quantities: bySize(0),
    },
    ...[1, 0.2].map((quantumUs) => exponentialBySize(load, quantumUs)),
    {
      // Quanta of a twentieth of the smallest size: shorter ones would be nearer to sharing, but take too long to run.
      name: 'M/G/1, time sharing, quantum 0.2us',
      workload,
      policy: 'ts:quantum=0.2us:cost=0ns:queue=unbounded',
      workers: 1,
      rate,
      requests: 0.2 * M,
      quantities: bySize(0.2),
    },
  ];
}

/**
 * M/M/1 under time sharing, with requests in three types by size: the shorter 50 %, the next 40 %, the longest 10 %.
 * Each type has its part of the exponential distribution, by close quantiles. Each has the mean slowdown of all
 * requests, 1 / (1 - load); the error falls as the quantum gets shorter.
 */
function exponentialBySize(load: number, quantumUs: number): ValidationCase {
  const classes = (
    [
      ['shorter 50 %', 0, 0.5],
      ['next 40 %', 0.5, 0.9],
      ['longest 10 %', 0.9, 1 - 1e-6],
    ] as const
  ).map(([name, from, to]) => {
    // Equal steps of the logarithm of what is left above: those are equal steps of the size.
    const sizes = Array.from({ length: 201 }, (_, i) => {
      const above = (1 - from) * ((1 - to) / (1 - from)) ** (i / 200);
      return { probability: (1 - from - above) / (to - from), ns: Math.round(-MEAN * Math.log(above)) };
    });
    const last = sizes.length - 1;
    const parts = sizes.slice(1).map(({ probability, ns }, i) => ({
      share: (i + 1 === last ? 1 : probability) - sizes[i]!.probability,
      meanNs: (sizes[i]!.ns + ns) / 2,
    }));
    return {
      name,
      ratio: Number((to - from).toFixed(1)),
      meanNs: parts.reduce((sum, { share, meanNs }) => sum + share * meanNs, 0),
      quantiles: sizes.map(({ probability, ns }, i) => `[${i === last ? 1 : probability}, ${ns}ns]`).join(', '),
    };
  });
  const meanNs = classes.reduce((sum, each) => sum + each.ratio * each.meanNs, 0);
  const types = classes.map(
    ({ ratio, quantiles }, i) =>
      `  - { name: C${i}, ratio: ${ratio}, service: { empirical: { quantiles: [${quantiles}] } } }`,
  );
  return {
    name: `M/M/1, time sharing, quantum ${quantumUs}us`,
    workload: `types:\n${types.join('\n')}`,
    policy: `ts:quantum=${quantumUs}us:cost=0ns:queue=unbounded`,
    workers: 1,
    rate: load / meanNs,
    requests: 0.2 * M,
    quantities: classes.map((each, type) => ({
      what: `mean sojourn / service, ${each.name}`,
      theory: 1 / (1 - load),
      slack: (quantumUs * 1000) / each.meanNs,
      of: ({ types }) => types[type]!.sojournNs.mean! / types[type]!.serviceNs.mean!,
      unit: 'ratio',
    })),
  };
}

function shortestRemaining(): ValidationCase[] {
  const rate = 0.7 / MEAN;
  const of = (name: string, service: string, theory: number): ValidationCase => ({
    name: `${name}, SRPT`,
    workload: ONE(service),
    policy: 'srpt',
    workers: 1,
    rate,
    requests: 0.6 * M,
    quantities: [meanSojourn(theory)],
  });
  return [
    of('M/M/1', '{ exponential: { mean: 10us } }', meanSojournSrpt(rate, density.exponential(MEAN))),
    of('M/G/1, uniform', '{ uniform: { min: 2us, max: 18us } }', meanSojournSrpt(rate, density.uniform(2000, 18_000))),
  ];
}

/** Bounded queues: what finds them full is lost. */
function lossy(): ValidationCase[] {
  return [
    { servers: 1, places: 5, load: 0.9 },
    { servers: 4, places: 12, load: 1 },
  ].map(({ servers, places, load }) => {
    const rate = (servers * load) / MEAN;
    const { loss, sojournNs } = mmck(servers, places, rate, MEAN);
    return {
      name: `M/M/${servers}/${places}, load ${load}`,
      workload: EXPONENTIAL,
      policy: `c-fcfs:queue=${places - servers}`,
      workers: servers,
      rate,
      requests: 0.6 * M,
      quantities: [
        { what: 'loss probability', theory: loss, of: (result) => result.dropped / result.requests, unit: 'ratio' },
        meanSojourn(sojournNs),
      ],
    };
  });
}

/** Three times the rate during a third of the time: load 0.36 in calm times, 1.08 in bursts, 0.6 in all. */
function bursts(): ValidationCase {
  const calm = 0.36 / MEAN;
  return {
    name: 'MMPP/M/1, load 0.36 and 1.08',
    workload: `${EXPONENTIAL}\narrivals: { mmpp2: { burstFactor: 3, meanCalm: 400us, meanBurst: 200us } }`,
    policy: 'c-fcfs',
    workers: 1,
    rate: (calm * 2 + 3 * calm) / 3,
    requests: 1 * M,
    quantities: [meanSojourn(meanSojournMmppM1([calm, 3 * calm], [400_000, 200_000], MEAN))],
  };
}

/** d-FCFS with random steering is as many independent queues as there are workers. */
function dealt(): ValidationCase[] {
  const services = [
    ['M/M/1', '{ exponential: { mean: 10us } }', moments.exponential(MEAN)],
    ['M/G/1, uniform', '{ uniform: { min: 2us, max: 18us } }', moments.uniform(2000, 18_000)],
  ] as const;
  return services.map(([name, service, of]) => ({
    name: `4 x ${name}, d-FCFS dealt at random`,
    workload: ONE(service),
    policy: 'd-fcfs:steering=random:queue=unbounded',
    workers: 4,
    rate: (4 * 0.6) / MEAN,
    requests: 0.8 * M,
    quantities: [meanWait(meanWaitMG1(0.6 / MEAN, of))],
  }));
}
