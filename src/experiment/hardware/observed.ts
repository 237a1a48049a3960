/**
 * What the stamps of a real run say of its requests: those that found their worker free and those that waited for it,
 * each with what it took beside its service.
 */

import type { HardwareRun } from '../../hw/run/run-pair.js';

/**
 * Of each run, from the beginning: memory is touched for the first time, code is compiled, and reservations are yet to
 * be made.
 */
const WARMUP = 0.1;

/** Of the requests of a run that must be left for those that were disturbed to be left out. */
const MOSTLY_QUIET = 0.7;

/** A request, and when the one before it on its worker ended. */
interface Followed {
  readonly i: number;
  readonly freeNs: number;
}

/** What is looked at of a run. */
export interface StampedRun extends Pick<HardwareRun, 'records' | 'gaps'> {
  readonly trace: Pick<HardwareRun['trace'], 'length' | 'arrivalNs' | 'serviceNs'>;
}

/** The requests of a run that were answered, with all of their stamps, and had the machine to themselves. */
export interface Observed {
  readonly run: StampedRun;
  /** They found their worker free. */
  readonly free: readonly Followed[];
  /** They waited for it. */
  readonly turns: readonly Followed[];
}

/**
 * Tells the requests of a run apart. Those in whose time a core was away are left out, unless then too few are left.
 */
export function observed(run: StampedRun): Observed {
  const { trace, records } = run;
  const { receivedNs, startedNs, endedNs, repliedNs, worker } = records;
  const whole: number[] = [];
  for (let i = 0; i < trace.length; i++) {
    if (!Number.isNaN(repliedNs[i]!) && !Number.isNaN(endedNs[i]!)) whole.push(i);
  }
  const undisturbed = ({ i }: Followed) =>
    !run.gaps?.some(({ fromNs, toNs }) => fromNs < repliedNs[i]! && trace.arrivalNs[i]! < toNs);
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
  // On a machine that is always busy, being disturbed is what it costs.
  return most(quiet.free, free) && most(quiet.turns, turns) ? quiet : { run, free, turns };
}

type Columns = StampedRun['records'] & StampedRun['trace'];

/** A value for each request of a kind, in all runs. */
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

/** What a request took that found its worker free, ns: beside its service as a whole, and the parts of it. */
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
 * From the end of a request to the end of the next on its worker, which was there by then, less its demand, ns; and the
 * parts of that.
 */
export function ofTurns(runs: readonly Observed[]) {
  const of = (value: (columns: Columns, request: Followed) => number) => columnOf(runs, 'turns', value);
  return {
    wholeNs: of(({ endedNs, serviceNs }, { i, freeNs }) => endedNs[i]! - freeNs - serviceNs[i]!),
    noticeNs: of(({ dispatchedNs }, { i, freeNs }) => dispatchedNs[i]! - freeNs),
    startNs: of(({ startedNs, dispatchedNs }, { i }) => startedNs[i]! - dispatchedNs[i]!),
  };
}
