/** Pools independent replications of a run into one result. */

import type { Tails } from '../results/point.js';
import type { Manifest, Result } from '../results/result.js';
import { createResult } from './create-result.js';
import { addDigests } from './digest.js';
import { Histogram } from './histogram.js';
import { UNSTABLE_SHARE } from './outcome.js';
import type { TypeHistograms } from './recorder.js';
import type { Room, RunIdentity, RunRecord } from './run-record.js';
import { tailsOf } from './tails.js';

/** A finished run before it becomes a result, with its histograms. Plain data that can go to another thread. */
export interface RawRun {
  readonly identity: RunIdentity;
  readonly record: RunRecord;
  readonly manifest: Manifest;
}

/** Replications of one run, as they are finished. Holds one set of histograms, however many runs there are. */
export interface ReplicationMerger {
  /** Adds the replication with this number, from 0. The order in which they are added does not matter. */
  add(replication: number, run: RawRun): void;
  /** The result of each replication added so far, by number. */
  runs(): Result[];
  /** The pooled result; undefined while there is none. */
  result(): Result | undefined;
  /** The pooled distributions; undefined while there are none. */
  tails(): Tails | undefined;
}

const QUANTITIES = ['slowdown', 'sojournNs', 'serviceNs'] as const;

type Sums = Readonly<Record<(typeof QUANTITIES)[number], number>>;

interface Member {
  readonly result: Result;
  readonly run: RawRun;
  /** Per type. */
  readonly sums: readonly Sums[];
}

/** @param hash of the whole configuration, from those of its runs */
export function mergeReplications(hash: (configHashes: readonly string[]) => string): ReplicationMerger {
  const members: Member[] = [];
  let merged: TypeHistograms[] = [];

  /** In the order of the replications, because sums of doubles depend on it. */
  const inOrder = (): Member[] => members.filter((member) => member !== undefined);

  return {
    add(replication, run) {
      const { identity, record, manifest } = run;
      const histograms = record.histograms.map(revived);
      members[replication] = {
        result: createResult(identity, { ...record, histograms }, manifest),
        // Only the merged histograms are kept.
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
    tails: () => (merged.length === 0 ? undefined : tailsOf(inOrder()[0]!.run.record.typeNames, merged)),
    result() {
      const all = inOrder();
      if (all.length <= 1) return all[0]?.result;
      merged.forEach((type, i) => {
        for (const key of QUANTITIES) type[key].sum = all.reduce((sum, member) => sum + member.sums[i]![key], 0);
      });
      const runs = all.map(({ run }) => run);
      return createResult(
        runs[0]!.identity,
        {
          ...pooledRecord(runs.map(({ record }) => record)),
          grew: all.filter(({ result }) => result.outcome === 'unstable').length,
          histograms: merged,
        },
        pooledManifest(
          runs.map(({ manifest }) => manifest),
          hash,
        ),
        all.map(({ result }) => result),
      );
    },
  };
}

/** Counts and times are sums over all runs; the reservations are those of the first. */
function pooledRecord(records: readonly RunRecord[]): RunRecord {
  const { growing: _, ...first } = records[0]!;
  const sum = (of: (record: RunRecord) => number) => records.reduce((all, record) => all + of(record), 0);
  const perType = (of: (record: RunRecord) => Float64Array) =>
    Float64Array.from(of(records[0]!), (_, type) => sum((record) => of(record)[type]!));
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
    lost: sum((record) => record.lost),
    growth: sum(({ growth }) => Number(growth !== 'none')) >= UNSTABLE_SHARE * records.length ? 'unclear' : 'none',
    ...(first.room && { room: meanRoom(records.flatMap(({ room }) => room ?? [])) }),
    digest: addDigests(records.map((record) => record.digest)),
    preemptions: sum((record) => record.preemptions),
    steals: sum((record) => record.steals),
    windows: records.map(({ window }) => window),
    window: {
      fromNs: sum((record) => record.window.fromNs),
      toNs: sum((record) => record.window.toNs),
      arrived: sum((record) => record.window.arrived),
      completed: sum((record) => record.window.completed),
      busyNs: sum((record) => record.window.busyNs),
      overheadNs: sum((record) => record.window.overheadNs),
      dispatcherNs: sum((record) => record.window.dispatcherNs),
      ...(first.window.dispatcherServedNs !== undefined && {
        dispatcherServedNs: sum(({ window }) => window.dispatcherServedNs ?? 0),
      }),
      ...(first.window.parkedNs !== undefined && { parkedNs: sum(({ window }) => window.parkedNs ?? 0) }),
    },
  };
}

/** The replications may differ in which types have the least room; those of the first are named. */
function meanRoom(rooms: readonly Room[]): Room {
  const mean = (of: (room: Room) => number) => rooms.reduce((sum, room) => sum + of(room), 0) / rooms.length;
  return { types: rooms[0]!.types, needed: mean(({ needed }) => needed), had: mean(({ had }) => had) };
}

function pooledManifest(manifests: readonly Manifest[], hash: (configHashes: readonly string[]) => string): Manifest {
  return {
    ...manifests[0]!,
    configHash: hash(manifests.map(({ configHash }) => configHash)),
    startedAt: manifests.map(({ startedAt }) => startedAt).sort()[0]!,
    wallSeconds: Math.round(manifests.reduce((sum, { wallSeconds }) => sum + wallSeconds, 0) * 1000) / 1000,
  };
}

/** Histograms from another thread are data without methods. */
function revived(type: TypeHistograms): TypeHistograms {
  return {
    slowdown: new Histogram(type.slowdown),
    sojournNs: new Histogram(type.sojournNs),
    serviceNs: new Histogram(type.serviceNs),
  };
}
