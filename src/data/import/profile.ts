/** What a log says of its service: rates, shares, burstiness and how demands vary. In one pass over sorted rows. */

import { Histogram, KnownValues } from '../../metrics/histogram.js';
import type { Profile, TypeProfile } from '../../results/import-schema.js';

/** Parts of the time of a log, in which rates and means are reported. */
const PARTS = 120;
/** Mean gaps that a window of the index of dispersion is long. */
const WINDOWS = [10, 100, 1000, 10_000];
/** A window says something when there are so many of it. */
const LEAST_WINDOWS = 20;

interface Window {
  readonly lengthNs: number;
  index: number;
  count: number;
  windows: number;
  sum: number;
  squares: number;
}

export class Profiler {
  readonly demands: Histogram[];
  private readonly squares: number[];
  private readonly sums: number[];
  private readonly partCounts = new Float64Array(PARTS);
  private readonly partSums = new Float64Array(PARTS);
  private readonly windows: Window[];
  private requests = 0;
  private lastNs = 0;
  private lastGapNs = Number.NaN;
  private gaps = { count: 0, sum: 0, squares: 0, products: 0 };

  /**
   * @param names of the types
   * @param spanNs from the first arrival, which is at 0, to the last
   */
  constructor(
    private readonly names: readonly string[],
    private readonly spanNs: number,
    requests: number,
  ) {
    this.demands = names.map(() => new Histogram());
    this.sums = names.map(() => 0);
    this.squares = names.map(() => 0);
    const gapNs = spanNs / Math.max(1, requests - 1);
    this.windows = WINDOWS.map((gaps) => gaps * gapNs)
      .filter((lengthNs) => lengthNs > 0 && spanNs / lengthNs >= LEAST_WINDOWS)
      .map((lengthNs) => ({ lengthNs, index: 0, count: 0, windows: 0, sum: 0, squares: 0 }));
  }

  add(arrivalNs: number, demandNs: number, type: number): void {
    this.demands[type]!.record(demandNs);
    this.sums[type]! += demandNs;
    this.squares[type]! += demandNs * demandNs;
    const part = this.spanNs > 0 ? Math.min(PARTS - 1, Math.floor((arrivalNs / this.spanNs) * PARTS)) : 0;
    this.partCounts[part]!++;
    this.partSums[part]! += demandNs;
    for (const window of this.windows) countIn(window, arrivalNs);
    if (this.requests++ > 0) this.addGap(arrivalNs - this.lastNs);
    this.lastNs = arrivalNs;
  }

  private addGap(gapNs: number): void {
    const { gaps, lastGapNs } = this;
    gaps.count++;
    gaps.sum += gapNs;
    gaps.squares += gapNs * gapNs;
    if (!Number.isNaN(lastGapNs)) gaps.products += gapNs * lastGapNs;
    this.lastGapNs = gapNs;
  }

  finish(): Profile {
    const { requests, spanNs, gaps } = this;
    const work = this.sums.reduce((a, b) => a + b, 0);
    const gapMean = gaps.sum / gaps.count;
    const gapVariance = gaps.squares / gaps.count - gapMean ** 2;
    return {
      requests,
      spanNs,
      rateRps: spanNs > 0 ? ((requests - 1) * 1e9) / spanNs : Number.NaN,
      busyWorkers: spanNs > 0 ? work / spanNs : Number.NaN,
      types: this.names.map((name, type) => this.typeProfile(name, type, work)),
      meanNs: work / requests,
      gapScv: gapVariance / gapMean ** 2,
      gapCorrelation: gapVariance > 0 ? (gaps.products / (gaps.count - 1) - gapMean ** 2) / gapVariance : 0,
      dispersion: this.windows.map(({ lengthNs, windows, sum, squares }) => {
        const mean = sum / windows;
        return { windowNs: Math.round(lengthNs), index: (squares / windows - mean ** 2) / mean, windows };
      }),
      parts: Array.from(this.partCounts, (count, i) => ({
        fromNs: Math.round((i * spanNs) / PARTS),
        rateRps: spanNs > 0 ? (count * PARTS * 1e9) / spanNs : Number.NaN,
        meanNs: count > 0 ? this.partSums[i]! / count : null,
      })),
    };
  }

  private typeProfile(name: string, type: number, work: number): TypeProfile {
    const histogram = this.demands[type]!;
    const values = new KnownValues(histogram);
    const requests = values.count;
    const meanNs = this.sums[type]! / requests;
    const [p50, p99, p999] = values.quantiles([0.5, 0.99, 0.999]).map(({ value }) => Math.round(value));
    return {
      name,
      requests,
      share: requests / this.requests,
      work: this.sums[type]! / work,
      meanNs,
      scv: Math.max(0, this.squares[type]! / requests / meanNs ** 2 - 1),
      p50Ns: p50!,
      p99Ns: p99!,
      p999Ns: p999!,
      minNs: histogram.min,
      maxNs: histogram.max,
    };
  }
}

/** Windows that are over without an arrival count, too. */
function countIn(window: Window, arrivalNs: number): void {
  const index = Math.floor(arrivalNs / window.lengthNs);
  if (index > window.index) {
    window.sum += window.count;
    window.squares += window.count ** 2;
    window.windows += index - window.index;
    window.count = 0;
    window.index = index;
  }
  window.count++;
}
