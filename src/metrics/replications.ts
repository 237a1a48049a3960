/** Pools independent replications of a run into one result. */

import type { Manifest, Result } from '../results/result.js';
import { createResult, type RunIdentity, type RunRecord } from './create-result.js';
import { addDigests } from './digest.js';
import { Histogram } from './histogram.js';
import type { TypeHistograms } from './recorder.js';

/** What is known of a finished run before it becomes a result: the histograms are still there. Plain data that can go to another thread. */
export interface RawRun {
  readonly identity: RunIdentity;
  readonly record: RunRecord;
  readonly manifest: Manifest;
}

/** Replications of one run, as they are finished. Holds one set of histograms, however many runs there are. */
export interface Replications {
  /** Adds the replication with this number, from 0. The order in which they are added does not matter. */
  add(replication: number, run: RawRun): void;
  /** The result of each replication added so far, by number. */
  runs(): Result[];
  /** The pooled result; undefined while there is none. */
  result(): Result | undefined;
}

const QUANTITIES = ['slowdown', 'sojournNs', 'serviceNs'] as const;

/**
 * A pooled run is unstable when the queues grew in this share of its replications. Not in any: even at its very limit one stable run in fifty looks
 * as if it grew, and of 64 one would. Not in most: of a run that is only just overloaded many replications are too short to show it, and a latency must
 * not be printed for it: of ts at load 0.9 of extreme-bimodal (300 000 requests, no worker ever idle) 5 of 16 do. That two of eight look so by chance
 * happens once in a hundred times at the very limit, and a percent of load below it not at all (test/metrics/backlog.test.ts).
 */
const UNSTABLE_SHARE = 0.25;

type Sums = Readonly<Record<(typeof QUANTITIES)[number], number>>;

interface Member {
  readonly result: Result;
  readonly run: RawRun;
  /** Per type. */
  readonly sums: readonly Sums[];
}

/** @param hash of the whole configuration, from those of its runs */
export function createReplications(hash: (configHashes: readonly string[]) => string): Replications {
  const members: Member[] = [];
  let merged: TypeHistograms[] = [];

  /** Added up in the order of the replications, for the sums of doubles depend on it. */
  const inOrder = (): Member[] => members.filter((member) => member !== undefined);

  return {
    add(replication, run) {
      const { identity, record, manifest } = run;
      const histograms = record.histograms.map(revived);
      members[replication] = {
        result: createResult(identity, { ...record, histograms }, manifest),
        // The histograms live on only in the merged ones.
        run: { ...run, record: { ...record, histograms: [] } },
        sums: histograms.map((type) => ({
          slowdown: type.slowdown.sum,
          sojournNs: type.sojournNs.sum,
          serviceNs: type.serviceNs.sum,
        })),
      };
      if (merged.length === 0) merged = histograms;
      else {
        merged.forEach((type, i) => {
          for (const key of QUANTITIES) type[key].merge(histograms[i]![key]);
        });
      }
    },
    runs: () => inOrder().map(({ result }) => result),
    result() {
      const all = inOrder();
      if (all.length <= 1) return all[0]?.result;
      merged.forEach((type, i) => {
        for (const key of QUANTITIES) type[key].sum = all.reduce((sum, member) => sum + member.sums[i]![key], 0);
      });
      const runs = all.map(({ run }) => run);
      return createResult(
        runs[0]!.identity,
        { ...pooledRecord(runs.map(({ record }) => record)), histograms: merged },
        pooledManifest(
          runs.map(({ manifest }) => manifest),
          hash,
        ),
        all.map(({ result }) => result),
      );
    },
  };
}

/** Counts and times are those of all runs together; the reservations are those of the first. */
function pooledRecord(records: readonly RunRecord[]): RunRecord {
  const first = records[0]!;
  const grew = records.filter((record) => record.growing).length;
  const sum = (of: (record: RunRecord) => number) => records.reduce((all, record) => all + of(record), 0);
  const perType = (of: (record: RunRecord) => Float64Array) =>
    Float64Array.from(of(first), (_, type) => sum((record) => of(record)[type]!));
  return {
    ...first,
    arrived: perType((record) => record.arrived),
    completed: perType((record) => record.completed),
    dropped: perType((record) => record.dropped),
    droppedMeasured: perType((record) => record.droppedMeasured),
    dropReasons: Object.fromEntries(
      Object.keys(first.dropReasons).map((reason) => [reason, sum((record) => record.dropReasons[reason] ?? 0)]),
    ),
    inFlight: sum((record) => record.inFlight),
    interrupted: records.some((record) => record.interrupted),
    skipped: sum((record) => record.skipped),
    growing: grew >= UNSTABLE_SHARE * records.length,
    grew,
    digest: addDigests(records.map((record) => record.digest)),
    preemptions: sum((record) => record.preemptions),
    steals: sum((record) => record.steals),
    window: {
      fromNs: sum((record) => record.window.fromNs),
      toNs: sum((record) => record.window.toNs),
      completed: sum((record) => record.window.completed),
      busyNs: sum((record) => record.window.busyNs),
      overheadNs: sum((record) => record.window.overheadNs),
      dispatcherNs: sum((record) => record.window.dispatcherNs),
    },
  };
}

function pooledManifest(manifests: readonly Manifest[], hash: (configHashes: readonly string[]) => string): Manifest {
  return {
    ...manifests[0]!,
    configHash: hash(manifests.map(({ configHash }) => configHash)),
    startedAt: manifests.map(({ startedAt }) => startedAt).sort()[0]!,
    wallSeconds: Math.round(manifests.reduce((sum, { wallSeconds }) => sum + wallSeconds, 0) * 1000) / 1000,
  };
}

/** Histograms that came from another thread are data without methods. */
function revived(type: TypeHistograms): TypeHistograms {
  return {
    slowdown: new Histogram(type.slowdown),
    sojournNs: new Histogram(type.sojournNs),
    serviceNs: new Histogram(type.serviceNs),
  };
}
