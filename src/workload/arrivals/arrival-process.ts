import type { Checker } from '../../input/checker.js';
import type { Random } from '../random.js';

/** A running arrival process: the times at which requests arrive. */
export interface ArrivalProcess {
  /** Begins again at `atNs`. The first arrival is one gap later. */
  restart(atNs: number): void;

  /**
   * Writes the next arrivals, whole ns and never decreasing, to `out[from … to-1]`, but none at or after `endNs`. The
   * process keeps the fractions of a nanosecond, so that the rate is exact.
   *
   * @returns the index after the last one written; below `to` when the next arrival would be at or after `endNs`, which
   *   is then lost: the process must be restarted before it is used again
   */
  fill(out: Float64Array, from: number, to: number, endNs: number): number;
}

/** An arrival process as a workload describes it: everything but its rate. Immutable. */
export interface Arrivals {
  /** Name of its kind in the registry. */
  readonly kind: string;
  /** Can an arrival come at any time after a (re)start, however early? */
  readonly immediate: boolean;
  /** Starts it at time 0, with a long-run rate of one request per `meanGapNs`. */
  start(meanGapNs: number, random: Random): ArrivalProcess;
}

/** A kind of arrival process: how to read it from a workload file. */
export interface ArrivalKind {
  readonly name: string;
  /** One line for people. */
  readonly title: string;
  /**
   * Examples of its parameters in a file; undefined: it has none, and its bare name is written. Tests check the rate of
   * each.
   */
  readonly examples: readonly unknown[];
  /** Reads the parameters. Reports what is wrong to the checker and then returns undefined. */
  read(value: unknown, checker: Checker): Arrivals | undefined;
}
