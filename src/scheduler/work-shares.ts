import { float64s, int32s } from '../units/arrays.js';
import type { TrueProfile } from './scheduler.js';

/** Completions between two looks at the shares, and the part of the past that each look keeps. */
const WINDOW = 1024;
const KEPT = 0.5;

/**
 * Learns which share of the work each type brings, and how many workers a longer type must leave to the types that are
 * much shorter: as many as their work keeps busy, rounded, and at least one (DARC: Perséphone, SOSP'21, section 3).
 */
export class WorkShares {
  /** By type: workers that it must leave free of itself and of longer types. */
  readonly left: Int32Array;
  private readonly workNs: Float64Array;
  private completions = 0;

  /** @param muchLonger the factor from which on a type is much longer than another */
  constructor(
    types: number,
    private readonly workers: number,
    private readonly muchLonger: number,
  ) {
    this.left = int32s(types);
    this.workNs = float64s(types);
  }

  /**
   * @param servedNs one cell: the service of the request that has completed, ns
   * @param sizeNs the size of each type, at every `stride`-th place, ns
   */
  observe(type: number, servedNs: Float64Array, sizeNs: Float64Array, stride: number): void {
    this.workNs[type]! += servedNs[0]!;
    if (++this.completions < WINDOW) return;
    this.completions = 0;
    this.share(sizeNs, stride);
    for (let t = 0; t < this.workNs.length; t++) this.workNs[t]! *= KEPT;
  }

  /** Begins as if a window of requests like these had completed. See {@link observe}. */
  believe({ meanNs, ratio }: TrueProfile, sizeNs: Float64Array, stride: number): void {
    this.workNs.set(meanNs.map((ns, type) => WINDOW * ns * ratio[type]!));
    this.share(sizeNs, stride);
  }

  private share(sizeNs: Float64Array, stride: number): void {
    const { left, workNs, workers, muchLonger } = this;
    let totalNs = 0;
    for (let t = 0; t < workNs.length; t++) totalNs += workNs[t]!;
    for (let t = 0; t < workNs.length; t++) {
      let shorterNs = 0;
      for (let u = 0; u < workNs.length; u++) {
        if (muchLonger * sizeNs[u * stride]! <= sizeNs[t * stride]!) shorterNs += workNs[u]!;
      }
      const needed = Math.max(1, Math.round((workers * shorterNs) / totalNs));
      left[t] = shorterNs > 0 ? Math.min(needed, workers - 1) : 0;
    }
  }
}
