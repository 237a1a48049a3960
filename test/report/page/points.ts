import type { SweptPoint } from '../../../src/report/html/report-data.js';
import type { Result } from '../../../src/results/result.js';
import { RESERVED, resultOf } from '../results.js';

/** What came of a made-up point. */
interface Made {
  readonly policy: string;
  readonly load: number;
  /** p99.9 slowdown of the shorts; that of the longs is a tenth of it. */
  readonly slowdown: number;
  readonly other?: Partial<Result>;
  readonly options?: string;
}

let made = 0;

export function point({ policy, load, slowdown, other = {}, options = '' }: Made): SweptPoint {
  const types = {
    SHORT: { serviceNs: 1000, p50: slowdown / 10, p99: slowdown / 2, p99_9: slowdown },
    LONG: { serviceNs: 100_000, p99: slowdown / 20, p99_9: slowdown / 10 },
  };
  const rates = { load, offeredRps: load * 277_000, achievedRps: load * 277_000 };
  const result = resultOf(policy, types, { ...rates, replications: 2, ...other });
  const workload = /[\s<]/.test(result.workload) ? `'${result.workload}'` : result.workload;
  return {
    key: `key${made++}`,
    command: `psp sim --workload ${workload} --policy ${policy} --load ${load}${options} --replications 2`,
    result,
  };
}

/**
 * Two policies at three loads, of which c-fcfs cannot carry the last, and a darc that changes its mind; one point of a
 * workload with a name that is markup.
 */
export function smallSweep(): SweptPoint[] {
  const [entry] = RESERVED;
  const all = { types: ['SHORT', 'LONG'], workers: [...Array(14).keys()] };
  const reservations = [
    { atNs: 0, groups: [all] },
    { ...entry!, atNs: 2e8 },
    { ...entry!, atNs: 3e8 },
  ];
  const markup = '<script>document.title = "broken"</script><img src=x onerror="document.title = 1">';
  return [
    ...[0.2, 0.5, 0.8].flatMap((load) => [
      point({ policy: 'darc', load, slowdown: 2 + load, other: { reservations, durationNs: 2e9 } }),
      point({
        policy: 'c-fcfs',
        load,
        slowdown: 100 * load,
        other: load === 0.8 ? { outcome: 'unstable', reason: 'its queues grew.' } : {},
      }),
    ]),
    point({ policy: 'darc', load: 0.5, slowdown: 7, other: { workload: markup } }),
  ];
}
