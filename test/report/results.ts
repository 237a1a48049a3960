import {
  type DistributionSummary,
  PERCENTILES,
  type Percentile,
  type Result,
  type Statistic,
  type TypeResult,
} from '../../src/results/result.js';

/**
 * A distribution with a value at every percentile, and `count` values behind it. Intervals are 1 % to both sides where
 * ten values or more lie beyond the percentile, else without an upper bound.
 */
export function distribution(count: number, values: Partial<Record<Statistic, number>> = {}): DistributionSummary {
  const all: Record<Statistic, number> = { p50: 1, p90: 1, p95: 1, p99: 1, p99_9: 1, p99_99: 1, mean: 1, ...values };
  const none = { p50: null, p90: null, p95: null, p99: null, p99_9: null, p99_99: null, mean: null };
  const intervals = Object.entries(all).map(([name, value]) => {
    const beyond = name === 'mean' ? count : count * (1 - PERCENTILES[name as Percentile]);
    return [name, [value * 0.99, beyond >= 10 - 1e-6 ? value * 1.01 : null]];
  });
  return {
    ...(count > 0 ? all : none),
    min: count > 0 ? Math.min(...Object.values(all)) : null,
    max: count > 0 ? Math.max(...Object.values(all)) : null,
    count,
    ci95: count > 0 ? Object.fromEntries(intervals) : none,
    replications: 1,
  };
}

export interface TypeNumbers {
  readonly count?: number;
  readonly serviceNs: number;
  readonly p50?: number;
  readonly p99: number;
  readonly p99_9: number;
}

/** The result of a made-up run, from the few numbers a report shows. */
export function resultOf(
  policy: string,
  numbers: Readonly<Record<string, TypeNumbers>>,
  other: Partial<Result> = {},
): Result {
  const types = Object.entries(numbers).map(
    ([name, { count = 100_000, serviceNs, p50 = 1, p99, p99_9 }]): TypeResult => {
      const slowdown = { p50, p90: p50, p95: p50, p99, p99_9, p99_99: p99_9, mean: p50 };
      const sojourn = Object.fromEntries(Object.entries(slowdown).map(([key, value]) => [key, value * serviceNs]));
      return {
        name,
        arrived: count,
        completed: count,
        dropped: 0,
        droppedMeasured: 0,
        slowdown: distribution(count, slowdown),
        sojournNs: distribution(count, sojourn),
        serviceNs: distribution(count, { mean: serviceNs }),
      };
    },
  );
  const requests = types.reduce((sum, { arrived }) => sum + arrived, 0);
  const worst = types.reduce((a, b) => ((a.slowdown.p99_9 ?? 0) > (b.slowdown.p99_9 ?? 0) ? a : b));
  return {
    schema: 'psp.result/1',
    world: 'sim',
    policy,
    policyParameters: {},
    workload: 'bimodal',
    workers: 14,
    load: 0.8,
    offeredRps: 222_000,
    achievedRps: 222_000,
    seed: '1',
    warmup: 0.1,
    warmupRequests: 0,
    warmupRule: 'given',
    outcome: 'ok',
    unstable: false,
    replications: 1,
    requests,
    completed: requests,
    dropped: 0,
    droppedMeasured: 0,
    dropReasons: {},
    inFlight: 0,
    interrupted: false,
    durationNs: 1e9,
    digest: '0123456789abcdef',
    utilisation: 0.8,
    overhead: 0,
    preemptions: 0,
    steals: 0,
    reservations: [],
    reservationsLeftOut: 0,
    overall: {
      slowdown: { ...worst.slowdown, count: requests },
      sojournNs: { ...worst.sojournNs, count: requests },
    },
    types,
    manifest: {
      version: '0.1.0',
      commit: null,
      node: 'v20.0.0',
      cpu: 'any',
      configHash: '',
      startedAt: '2026-01-01T00:00:00.000Z',
      wallSeconds: 1,
    },
    ...other,
  };
}

/** What DARC reserves on High Bimodal with 14 workers, from the start. */
export const RESERVED: Result['reservations'] = [
  {
    atNs: 0,
    groups: [
      { types: ['SHORT'], workers: [0] },
      { types: ['LONG'], workers: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13] },
    ],
  },
];

export const C_FCFS = resultOf('c-fcfs', {
  SHORT: { serviceNs: 1000, p99: 61.9, p99_9: 95.4 },
  LONG: { serviceNs: 100_000, p99: 1.61, p99_9: 1.96 },
});
export const DARC = resultOf(
  'darc',
  {
    SHORT: { serviceNs: 1000, p99: 2.5, p99_9: 4.25 },
    LONG: { serviceNs: 100_000, p99: 1.94, p99_9: 2.4 },
  },
  { reservations: RESERVED },
);
