/** Makes a psp.result/1 from what a world knows at the end of a run. */

import type { Manifest, Result } from '../results/result.js';
import { mergeAll } from './histogram.js';
import { judgeRun } from './outcome.js';
import type { RunIdentity, RunRecord } from './run-record.js';
import { NANOSECONDS, SLOWDOWN, summarize } from './summarize.js';

/**
 * Lays out a result. Rates and utilisation are those of the measuring window, from the end of the warm-up to the last
 * arrival.
 *
 * @param runs the results of the replications, when `record` holds several of them pooled
 */
export function createResult(
  identity: RunIdentity,
  record: RunRecord,
  manifest: Manifest,
  runs: readonly Result[] = [],
): Result {
  const { window, histograms } = record;
  const windowNs = window.toNs - window.fromNs;
  const load = finite(identity.load);
  const judged = judgeRun(identity, record, Math.max(1, runs.length));
  const perWorkerTime = (ns: number) => (windowNs > 0 ? ns / (windowNs * identity.workers) : 0);
  return {
    schema: 'psp.result/1',
    world: identity.world,
    policy: identity.policy,
    policyParameters: identity.policyParameters,
    ...(identity.policyDefaults && { policyDefaults: identity.policyDefaults }),
    ...(identity.system !== undefined && ofSystem(identity.system, identity.workers, window)),
    workload: identity.workload,
    workers: identity.workers,
    load,
    offeredRps: finite(identity.offeredRps),
    achievedRps: windowNs > 0 ? (window.completed * 1e9) / windowNs : 0,
    seed: identity.seed,
    warmup: identity.warmup,
    warmupRequests: record.skipped,
    warmupRule: identity.warmupRule,
    ...judged,
    unstable: judged.outcome === 'unstable',
    replications: Math.max(1, runs.length),
    ...(record.grew !== undefined && { grew: record.grew }),
    requests: total(record.arrived),
    completed: total(record.completed),
    dropped: total(record.dropped),
    droppedMeasured: total(record.droppedMeasured),
    dropReasons: record.dropReasons,
    inFlight: record.inFlight,
    interrupted: record.interrupted,
    durationNs: window.toNs,
    digest: record.digest,
    utilisation: perWorkerTime(window.busyNs),
    overhead: perWorkerTime(window.overheadNs),
    preemptions: record.preemptions,
    steals: record.steals,
    reservations: record.reservations,
    reservationsLeftOut: record.reservationsLeftOut,
    overall: {
      slowdown: summarize(
        mergeAll(histograms.map((type) => type.slowdown)),
        SLOWDOWN,
        runs.map((run) => run.overall.slowdown),
      ),
      sojournNs: summarize(
        mergeAll(histograms.map((type) => type.sojournNs)),
        NANOSECONDS,
        runs.map((run) => run.overall.sojournNs),
      ),
    },
    types: record.typeNames.map((name, type) => {
      const { slowdown, sojournNs, serviceNs } = histograms[type]!;
      const ofRuns = (key: 'slowdown' | 'sojournNs' | 'serviceNs') => runs.map((run) => run.types[type]![key]);
      return {
        name,
        arrived: record.arrived[type]!,
        completed: record.completed[type]!,
        dropped: record.dropped[type]!,
        droppedMeasured: record.droppedMeasured[type]!,
        slowdown: summarize(slowdown, SLOWDOWN, ofRuns('slowdown')),
        sojournNs: summarize(sojournNs, NANOSECONDS, ofRuns('sojournNs')),
        serviceNs: summarize(serviceNs, NANOSECONDS, ofRuns('serviceNs')),
      };
    }),
    ...(record.slices && { slices: record.slices }),
    manifest,
  };
}

/** As in JSON, where what is not a number is null. */
function finite(value: number | null): number | null {
  return Number.isFinite(value) ? value : null;
}

function total(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** What is only known of a simulated system. */
function ofSystem(
  system: string,
  workers: number,
  { fromNs, toNs, dispatcherNs, dispatcherServedNs, parkedNs }: RunRecord['window'],
) {
  const share = (ns: number) => (toNs > fromNs ? ns / (toNs - fromNs) : 0);
  return {
    system,
    dispatcherUtilisation: share(dispatcherNs),
    ...(dispatcherServedNs !== undefined && { dispatcherServed: share(dispatcherServedNs) }),
    ...(parkedNs !== undefined && { parked: share(parkedNs / workers) }),
  };
}
