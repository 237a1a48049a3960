/** The one rule that decides what the outcome of a run is. */

import type { Judged } from '../results/outcome-schema.js';
import { threeDigits } from '../units/duration.js';
import type { RunIdentity, RunRecord } from './run-record.js';
import { studentT } from './student.js';

/**
 * When more than this share of the requests is refused or lost, the load was not carried. The figures of Perséphone use
 * the same share.
 */
const MUCH = 0.001;
/** Workers that idle less than this share of the time are all busy. */
const ALL_BUSY = 0.001;
/** Workers that idle less than this share of the time never showed that they keep up. */
const NEVER_IDLE = 0.0001;
/** Standard deviations of a Poisson count that are not chance. */
const CHANCE = 3;
/**
 * When this share of several replications is unstable, all are. One is not enough: one in a hundred of a stable policy
 * looks unstable by chance. Most are too many: when a policy is only just overloaded, many replications are too short
 * to show it.
 */
export const UNSTABLE_SHARE = 0.25;
/** How sure it must be that less was done than came, in several replications together. */
const CERTAIN = 0.999;

const NOTHING_ELSE = 'so a sojourn would only say how long the run was';

type Identity = Pick<RunIdentity, 'world' | 'workers' | 'load'>;

/**
 * Judges a run, or several replications of one together. What a policy drops while it starts up, before it knows the
 * workload, says nothing of the load: only what was measured counts.
 *
 * @param replications how many are in the record
 */
export function judgeRun(identity: Identity, record: RunRecord, replications = 1): Judged {
  const measured = total(record.histograms.map(({ slowdown }) => slowdown.count));
  const dropped = total(record.droppedMeasured);
  const lost = lossOf(identity, record, measured);
  if (!record.interrupted) {
    if (measured === 0 && dropped === 0) return { outcome: 'failed', reason: whyNothing(record) };
    if (lost !== undefined) return { outcome: 'lost', reason: lost };
  }
  const tooMuch = overloadOf(identity, record);
  const isUnstable =
    roomOf(record) ??
    // A queue that drops does not grow.
    (dropped === 0 ? (tooMuch ?? lagOf(identity, record)) : undefined) ??
    growthOf(record, replications);
  if (isUnstable !== undefined) return { outcome: 'unstable', reason: `${isUnstable}, ${NOTHING_ELSE}.` };
  if (dropped > (tooMuch === undefined ? (measured + dropped) * MUCH : 0)) {
    const share = percent(dropped / (measured + dropped));
    return {
      outcome: 'saturated',
      reason: `A full queue dropped ${share} of the requests, so a sojourn would only say how long that queue is.`,
    };
  }
  const doubt = doubtOf(identity, record);
  return { outcome: 'ok', ...(doubt !== undefined && { reason: `It may be unstable, too short to tell: ${doubt}.` }) };
}

/** Was less done than came, in several replications together, by more than chance? Undefined for one replication. */
function lagOf({ load, workers }: Identity, { windows = [], isSteady }: RunRecord): string | undefined {
  if (windows.some(({ arrived }) => arrived === 0)) return undefined;
  // Requests that are on workers when the window ends are not late.
  const onWorkers = (arrived: number) => (workers + 1) / arrived;
  const requests = windows.map(({ arrived, completed }) => 1 - completed / arrived - onWorkers(arrived));
  if (isSurelyMuch(requests)) return `${percent(mean(requests))} of what came was not done`;
  // A few long requests that wait for ever are little in number, but much work.
  if (!isSteady || load === null) return undefined;
  const work = windows.map(
    (window) => 1 - shareOf(servedNs(window), window, workers) / load - onWorkers(window.arrived),
  );
  return isSurelyMuch(work) ? `${percent(mean(work))} of the work that came was not done` : undefined;
}

function isSurelyMuch(shares: readonly number[]): boolean {
  if (shares.length < 2) return false;
  const least = mean(shares) - studentT(shares.length - 1, CERTAIN) * Math.sqrt(variance(shares) / shares.length);
  return mean(shares) > MUCH && least > 0;
}

function growthOf({ grew, growth, growing }: RunRecord, replications: number): string | undefined {
  const isGrowing = grew === undefined ? growth === 'steady' : grew >= UNSTABLE_SHARE * replications;
  const queues = growing === undefined ? 'Its queues' : `Its queue of ${growing}`;
  return isGrowing ? `${queues} grew for as long as the run lasted` : undefined;
}

function whyNothing({ arrived, completed }: RunRecord): string {
  if (total(arrived) === 0) return 'No request arrived.';
  if (total(completed) > 0) return 'No request was finished after the warm-up.';
  return `The policy finished none of ${total(arrived)} requests.`;
}

/** On a machine the network may lose a few; in the simulator no request may be lost. */
function lossOf({ world }: Identity, record: RunRecord, measured: number): string | undefined {
  const { lost, growth, arrived } = record;
  const { neverFinished = world === 'sim' ? lost : 0 } = record;
  if (neverFinished > 0) return `The policy never finished ${neverFinished} of ${total(arrived)} requests.`;
  if (world === 'sim') return undefined;
  // An overloaded server replies late or never; growing queues are then the better reason.
  if (growth === 'steady' || lost <= (measured + lost) * MUCH) return undefined;
  return `${percent(lost / (measured + lost))} of the requests were not sent or not answered.`;
}

// The next two are arithmetic: they hold however short the run was.

/** Does a reservation leave some types fewer workers than they keep busy? */
function roomOf({ room, isSteady, window }: RunRecord): string | undefined {
  // What arrived in the window is itself chance, unless the workload says how much it is.
  const chance = isSteady ? 0 : CHANCE / Math.sqrt(Math.max(1, window.arrived));
  if (!room || room.needed <= room.had * (1 + chance)) return undefined;
  const [needed, had] = apart(room.needed, room.had);
  return `${room.types.join(' and ')} would keep ${needed} workers busy and may use ${had}`;
}

/** Is there more work than all workers can do? */
function overloadOf(identity: Identity, { isSteady, ...record }: RunRecord): string | undefined {
  const { load, world } = identity;
  // A trace whose requests all come at once has no load.
  if (load === null) return undefined;
  const idle = idleShare(identity, record);
  if (load >= 1 + spareOf(identity, record) && (world === 'sim' || idle < ALL_BUSY)) {
    return `A load of ${threeDigits(load)} is ${load > 1 ? 'more than' : 'all'} the workers can do`;
  }
  const busy = busyShare(identity, record);
  if (world === 'sim' && isSteady && idle < ALL_BUSY && busy < load) {
    return `Overhead leaves ${percent(busy)} of the workers' time for a load of ${threeDigits(load)}`;
  }
  return undefined;
}

/** Undefined when the run shows that the policy keeps up. */
function doubtOf(identity: Identity, record: RunRecord): string | undefined {
  const { window, growth, growing, droppedMeasured } = record;
  if (window.toNs <= window.fromNs) return undefined;
  if (growth === 'unclear')
    return growing === undefined ? 'its queues seem to grow' : `its queue of ${growing} seems to grow`;
  // What was done in the window is held against what arrived in it, not against a mean over the whole trace.
  const missing = window.arrived - window.completed - total(droppedMeasured);
  if (missing > window.arrived * MUCH + CHANCE * Math.sqrt(window.arrived)) {
    return `${percent(missing / window.arrived)} of what arrived was not done by the end of the measuring window`;
  }
  return idleShare(identity, record) < NEVER_IDLE ? 'its workers never idled' : undefined;
}

/** What a dispatcher that runs requests itself can do at most besides its own work, in workers' time. */
function spareOf({ workers }: Identity, { window }: Pick<RunRecord, 'window'>): number {
  return window.dispatcherServedNs === undefined ? 0 : 1 / workers - shareOf(window.dispatcherNs, window, workers);
}

function busyShare({ workers }: Identity, { window }: Pick<RunRecord, 'window'>): number {
  return shareOf(servedNs(window), window, workers);
}

/** Time that workers, and a dispatcher that does, have run requests. */
function servedNs({ busyNs, dispatcherServedNs = 0 }: RunRecord['window']): number {
  return busyNs + dispatcherServedNs;
}

function idleShare({ workers }: Identity, { window }: Pick<RunRecord, 'window'>): number {
  return 1 - shareOf(window.busyNs + window.overheadNs, window, workers);
}

function shareOf(ns: number, { fromNs, toNs }: RunRecord['window'], workers: number): number {
  return toNs > fromNs ? ns / ((toNs - fromNs) * workers) : 0;
}

/** With as many digits as tell the two apart. */
function apart(a: number, b: number): [string, string] {
  for (let digits = 3; digits < 9; digits++) {
    if (a.toPrecision(digits) !== b.toPrecision(digits)) {
      return [String(Number(a.toPrecision(digits))), String(Number(b.toPrecision(digits)))];
    }
  }
  return [String(a), String(b)];
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

function mean(values: readonly number[]): number {
  return total(values) / values.length;
}

function variance(values: readonly number[]): number {
  const center = mean(values);
  return total(values.map((value) => (value - center) ** 2)) / (values.length - 1);
}

function total(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += counts[i]!;
  return sum;
}
