/**
 * Demands from response times. A response is waiting and service; a trace needs the service alone.
 *
 * Where N workers served first come, first served, it follows exactly: a request began when it had arrived and a worker
 * was free, and that is the N-th latest completion among the requests that came before it. (The same recursion as
 * Lindley's for one worker, and that of J. Kiefer and J. Wolfowitz, "On the theory of queues with many servers", 1955,
 * for many.) Where the log contradicts this, only the requests that came while a worker was free show their demand.
 */

import type { Evidence } from '../../results/import-schema.js';
import type { Rows } from './row-store.js';

/** Earlier completions of a log: the N latest, the earliest of them first. */
export class BusyWorkers {
  private readonly heap: Float64Array;
  private size = 0;

  constructor(private readonly workers: number) {
    this.heap = new Float64Array(workers);
  }

  /** When the first of the workers is free; -Infinity when one has not been needed yet. */
  get freeNs(): number {
    return this.size < this.workers ? Number.NEGATIVE_INFINITY : this.heap[0]!;
  }

  /** A request that came before the next one completes. */
  add(completionNs: number): void {
    const { heap } = this;
    if (this.size < this.workers) {
      let at = this.size++;
      for (let parent = (at - 1) >> 1; at > 0 && heap[parent]! > completionNs; parent = (at - 1) >> 1) {
        heap[at] = heap[parent]!;
        at = parent;
      }
      heap[at] = completionNs;
      return;
    }
    if (completionNs <= heap[0]!) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= completionNs) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = completionNs;
  }
}

/** More contradictions than this are not due to the clock of the log. */
export const MOST_CONTRADICTIONS = 0.001;
/** Of each type, requests that did not wait: with fewer, the demands of the others are not known. */
export const LEAST_QUIET = 100;
/** Durations of quiet requests that are kept per type. */
const KEPT = 4096;
/** Numbers of workers beside the given one that are tried. */
const TRIED = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128];

/** The quiet durations of each type: a sample of fixed size (algorithm R, J. Vitter 1985), the same on each run. */
export class QuietSample {
  readonly kept: number[][] = [];
  readonly seen: number[] = [];
  private state = 0x9e3779b9;

  add(type: number, durationNs: number): void {
    const kept = this.kept[type] ?? [];
    const seen = (this.seen[type] ?? 0) + 1;
    this.kept[type] = kept;
    this.seen[type] = seen;
    if (kept.length < KEPT) kept.push(durationNs);
    else {
      const at = Math.floor(this.random() * seen);
      if (at < KEPT) kept[at] = durationNs;
    }
  }

  /** One of the quiet durations of a type, but no longer than the response. */
  draw(type: number, mostNs: number): number {
    const kept = this.kept[type]!;
    const drawn = kept[Math.floor(this.random() * kept.length)]!;
    return Math.min(drawn, mostNs);
  }

  /** Xorshift (G. Marsaglia 2003), 32 bits. */
  private random(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) / 2 ** 32;
  }
}

export interface Examined {
  readonly evidence: Evidence;
  readonly quiet: QuietSample;
}

/** A number of workers, and how often the rows contradict it. */
class Candidate {
  contradictions = 0;
  private readonly busy: BusyWorkers;

  constructor(readonly workers: number) {
    this.busy = new BusyWorkers(workers);
  }

  look({ length, arrivalNs, durationNs }: Rows, toleranceNs: number): void {
    const { busy } = this;
    for (let i = 0; i < length; i++) {
      const completion = arrivalNs[i]! + durationNs[i]!;
      if (completion + toleranceNs <= busy.freeNs) this.contradictions++;
      busy.add(completion);
    }
  }
}

/**
 * Looks at all rows before any demand is decided.
 *
 * @param read begins to read the rows from the first; it is called again if they contradict the workers
 * @param total number of the rows
 * @param toleranceNs what the clock of the log hides: a contradiction must be larger
 */
export function examineRows(read: () => Iterable<Rows>, total: number, workers: number, toleranceNs: number): Examined {
  const most = MOST_CONTRADICTIONS * total;
  const busy = new BusyWorkers(workers);
  const quiet = new QuietSample();
  let [requests, contradictions, calm] = [0, 0, 0];
  const candidates = (tried: readonly number[]) => tried.map((each) => new Candidate(each));
  const still = (all: readonly Candidate[], piece: Rows) => {
    for (const each of all) each.look(piece, toleranceNs);
    return all.filter((each) => each.contradictions <= most);
  };
  let fitting = candidates(TRIED.filter((tried) => tried < workers));
  for (const piece of read()) {
    const { length, arrivalNs, durationNs, type } = piece;
    for (let i = 0; i < length; i++) {
      const arrival = arrivalNs[i]!;
      const completion = arrival + durationNs[i]!;
      const { freeNs } = busy;
      if (completion + toleranceNs <= freeNs) contradictions++;
      if (freeNs <= arrival) {
        calm++;
        quiet.add(type[i]!, durationNs[i]!);
      }
      busy.add(completion);
    }
    requests += length;
    fitting = still(fitting, piece);
  }
  const isFcfs = contradictions <= most;
  // Numbers above the one that was said matter only when that one does not fit: they take most of the time.
  if (fitting.length === 0 && !isFcfs) {
    fitting = candidates(TRIED.filter((tried) => tried > workers));
    for (const piece of read()) fitting = still(fitting, piece);
  }
  const fewest = fitting[0]?.workers ?? (isFcfs ? workers : undefined);
  return {
    evidence: {
      workers,
      method: isFcfs ? 'fcfs' : 'quiet',
      requests,
      contradictions,
      quiet: calm,
      ...(fewest !== undefined && { fittingWorkers: fewest }),
    },
    quiet,
  };
}

/** The demands of the rows, one after the other; they are at least 1 ns. */
export class Demands {
  private readonly busy: BusyWorkers;

  constructor(private readonly examined: Examined) {
    this.busy = new BusyWorkers(examined.evidence.workers);
  }

  next(arrivalNs: number, durationNs: number, type: number): number {
    const { busy, examined } = this;
    const completionNs = arrivalNs + durationNs;
    const startNs = Math.max(arrivalNs, busy.freeNs);
    busy.add(completionNs);
    if (examined.evidence.method === 'fcfs') return Math.max(1, completionNs - startNs);
    return Math.max(1, startNs === arrivalNs ? durationNs : examined.quiet.draw(type, durationNs));
  }
}
