import { planRuns } from '../experiment/plan/plan.js';
import { runSimulation } from '../experiment/run/run-simulation.js';
import type { Evidence, SelfCheck } from '../results/import-schema.js';

/** A larger difference has a reason that a person should know. */
const TOLERATED = 0.1;
const STATISTICS = [
  ['p50', 'p50'],
  ['p99', 'p99'],
  ['p99.9', 'p99_9'],
] as const;

/**
 * Simulates a reconstructed trace on the system as it was, and compares the responses with those of the log.
 *
 * @param loggedNs p50, p99 and p99.9 of the log
 */
export async function checkSelf(trace: string, evidence: Evidence, loggedNs: readonly number[]): Promise<SelfCheck> {
  const { workers } = evidence;
  const policy = 'c-fcfs';
  const { specs } = await planRuns({ workload: trace, policies: [policy], workers, warmup: 0 });
  const { overall } = await runSimulation(specs[0]!);
  const rows = STATISTICS.map(([statistic, key], i) => ({
    statistic,
    loggedNs: loggedNs[i]!,
    simulatedNs: overall.sojournNs[key],
  }));
  const warning = mismatch(rows, evidence);
  return { policy, workers, rows, ...(warning !== undefined && { warning }) };
}

function mismatch(rows: SelfCheck['rows'], { method }: Evidence): string | undefined {
  const worst = rows
    .map((row) => ({ ...row, ratio: row.simulatedNs === null ? Number.NaN : row.simulatedNs / row.loggedNs }))
    .filter(({ ratio }) => Math.abs(ratio - 1) > TOLERATED)
    .sort((a, b) => Math.abs(Math.log(b.ratio)) - Math.abs(Math.log(a.ratio)))[0];
  if (!worst) return undefined;
  const { statistic, ratio } = worst;
  const by = `${Math.round(Math.abs(ratio - 1) * 100)} %`;
  const likely =
    ratio > 1
      ? 'the service had more workers than --workers says, or did not serve first come, first served'
      : 'the log has time that is no work of these workers (network, a slow client, another service), or there were ' +
        'fewer workers';
  const drawn = method === 'quiet' ? ', and most demands are drawn from those of quiet requests' : '';
  const side = ratio > 1 ? 'above' : 'below';
  return `the simulated ${statistic} is ${by} ${side} the logged one: probably ${likely}${drawn}`;
}
