/**
 * What the stamps of a real run say about its requests: which found their worker free and which waited, and how long
 * each took beside its service.
 */

import type { HardwareRun } from '../../hw/run/run-pair.js';

/**
 * This first part of a run is left out: memory is touched for the first time, code is compiled, reservations are not
 * yet made.
 */
const WARMUP = 0.1;

/** Disturbed requests are left out only if at least this share remains. */
const MOSTLY_QUIET = 0.7;

/** A request, and when the request before it on its worker ended. */
interface Followed {
  readonly i: number;
  readonly freeNs: number;
}

/** The parts of a run that are used here. */
export interface StampedRun extends Pick<HardwareRun, 'records' | 'away'> {
  readonly trace: Pick<HardwareRun['trace'], 'length' | 'arrivalNs' | 'serviceNs'>;
}

/** The requests of a run that were answered with all stamps and were not disturbed. */
export interface Observed {
  readonly run: StampedRun;
  /** They found their worker free. */
  readonly free: readonly Followed[];
  /** They waited for it. */
  readonly turns: readonly Followed[];
}

/** Sorts the requests of a run. Leaves out those during which a core was away, unless too few would remain. */
export function observed(run: StampedRun): Observed {
  const { trace, records } = run;
  const { receivedNs, startedNs, endedNs, repliedNs, worker } = records;
  const whole: number[] = [];
  for (let i = 0; i < trace.length; i++) {
    if (!Number.isNaN(repliedNs[i]!) && !Number.isNaN(endedNs[i]!)) whole.push(i);
  }
  const undisturbed = ({ i }: Followed) =>
    !run.away?.gaps.some(({ fromNs, toNs }) => fromNs < repliedNs[i]! && trace.arrivalNs[i]! < toNs);
  const lastEndNs = new Map<number, number>();
  const free: Followed[] = [];
  const turns: Followed[] = [];
  for (const i of whole.sort((a, b) => startedNs[a]! - startedNs[b]!)) {
    const freeNs = lastEndNs.get(worker[i]!) ?? Number.NEGATIVE_INFINITY;
    lastEndNs.set(worker[i]!, endedNs[i]!);
    if (i >= WARMUP * trace.length) (receivedNs[i]! < freeNs ? turns : free).push({ i, freeNs });
  }
  const quiet = { run, free: free.filter(undisturbed), turns: turns.filter(undisturbed) };
  const most = (few: readonly Followed[], all: readonly Followed[]) => few.length >= MOSTLY_QUIET * all.length;
  // On a machine that is always busy, disturbances are part of the cost.
  return most(quiet.free, free) && most(quiet.turns, turns) ? quiet : { run, free, turns };
}

type Columns = StampedRun['records'] & StampedRun['trace'];

/** One value for each request of a kind, in all runs. */
function columnOf(
  runs: readonly Observed[],
  kind: 'free' | 'turns',
  value: (columns: Columns, request: Followed) => number,
): Float64Array {
  return Float64Array.from(
    runs.flatMap(({ run, [kind]: requests }) => {
      const columns = { ...run.records, ...run.trace };
      return requests.map((request) => value(columns, request));
    }),
  );
}

/** The time of requests that found their worker free, beside their service: as a whole and in parts, ns. */
export function ofFree(runs: readonly Observed[]) {
  const of = (value: (columns: Columns, request: Followed) => number) => columnOf(runs, 'free', value);
  return {
    wholeNs: of(({ repliedNs, arrivalNs, serviceNs }, { i }) => repliedNs[i]! - arrivalNs[i]! - serviceNs[i]!),
    handoffNs: of(({ startedNs, receivedNs }, { i }) => startedNs[i]! - receivedNs[i]!),
    overshootNs: of(({ endedNs, startedNs, serviceNs }, { i }) => endedNs[i]! - startedNs[i]! - serviceNs[i]!),
    latenessNs: of(({ sentNs, arrivalNs }, { i }) => sentNs[i]! - arrivalNs[i]!),
    requestNs: of(({ receivedNs, sentNs }, { i }) => receivedNs[i]! - sentNs[i]!),
    ringNs: of(({ dispatchedNs, receivedNs }, { i }) => dispatchedNs[i]! - receivedNs[i]!),
    startNs: of(({ startedNs, dispatchedNs }, { i }) => startedNs[i]! - dispatchedNs[i]!),
    replyNs: of(({ repliedNs, endedNs }, { i }) => repliedNs[i]! - endedNs[i]!),
  };
}

/**
 * From the end of a request to the end of the next, which waited, on the same worker, less its demand: as a whole and
 * in parts, ns.
 */
export function ofTurns(runs: readonly Observed[]) {
  const of = (value: (columns: Columns, request: Followed) => number) => columnOf(runs, 'turns', value);
  return {
    wholeNs: of(({ endedNs, serviceNs }, { i, freeNs }) => endedNs[i]! - freeNs - serviceNs[i]!),
    noticeNs: of(({ dispatchedNs }, { i, freeNs }) => dispatchedNs[i]! - freeNs),
    startNs: of(({ startedNs, dispatchedNs }, { i }) => startedNs[i]! - dispatchedNs[i]!),
  };
}
