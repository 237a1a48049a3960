/** What a fit of arrivals needs, taken in one pass and constant memory: counts in windows of many lengths, and gaps. */

import { type ArrivalsFit, type CountMoments, fitArrivals } from './fit-arrivals.js';

/** Gaps that are kept: enough for the tail of their distribution. */
const GAPS_KEPT = 20_000;
/** Windows of arrivals: from two mean gaps on, each twice as long, as long as there are this many of a length. */
const LEAST_WINDOWS = 30;
const MOST_LENGTHS = 24;
/** Ticks of the clock in the shortest window, or mean gap, that says something. */
const TICKS = 4;
/** Gaps of 0 are a sign of a coarse clock from this share on; arrivals of constant distance have none. */
const BLURRED = 0.05;
/** The coarsest clock that is looked for, ns: a second. */
const COARSEST_NS = 1e9;
/** Arrivals that show how coarse the clock is. */
const FIRST = 1000;

export class ArrivalSample {
  private readonly gaps: number[] = [];
  private readonly windows: Windows[] = [];
  private readonly gapNs: number;
  /** The first arrivals, until they show how coarse the clock is. */
  private first: number[] | undefined = [];
  private originNs = 0;
  private lastNs = Number.NaN;
  private isBlurred = false;

  /**
   * @param spanNs from the first arrival to the last
   * @param requests how many will come
   * @param tickNs of the clock of the log, if it is known; otherwise the times show it
   */
  constructor(
    spanNs: number,
    private readonly requests: number,
    private readonly tickNs?: number,
  ) {
    this.gapNs = spanNs / Math.max(1, requests - 1);
  }

  /** @param atNs not before the one before */
  add(atNs: number): void {
    if (this.first) {
      this.first.push(atNs);
      if (this.first.length === FIRST) this.open(this.first);
      return;
    }
    if (this.gaps.length < GAPS_KEPT) this.gaps.push(atNs - this.lastNs);
    this.lastNs = atNs;
    if (this.windows.length > 0) count(this.windows, atNs - this.originNs);
  }

  fit(): ArrivalsFit {
    if (this.first) this.open(this.first);
    return fitArrivals(
      this.isBlurred ? undefined : this.gaps,
      this.windows.map((each) => each.moments()),
    );
  }

  /** Windows are whole ticks of a coarse clock, and end half a tick beside the times that it shows. */
  private open(first: readonly number[]): void {
    this.first = undefined;
    if (first.length === 0 || !(this.gapNs > 0)) return;
    const { gapNs, requests, tickNs = commonTick(first) } = this;
    const zeros = first.filter((ns, i) => ns === first[i - 1]).length;
    this.isBlurred = gapNs < TICKS * tickNs && zeros > BLURRED * first.length;
    let lengthNs = 2 * gapNs;
    if (this.isBlurred) lengthNs = Math.ceil(Math.max(lengthNs, TICKS * tickNs) / tickNs) * tickNs;
    this.originNs = first[0]! - (this.isBlurred ? tickNs / 2 : 0);
    while (this.windows.length < MOST_LENGTHS && (requests * gapNs) / lengthNs >= LEAST_WINDOWS) {
      this.windows.push(new Windows(lengthNs));
      lengthNs *= 2;
    }
    this.lastNs = first[0]!;
    if (this.windows.length > 0) count(this.windows, first[0]! - this.originNs);
    for (let i = 1; i < first.length; i++) this.add(first[i]!);
  }
}

/** The largest power of ten up to a second that divides all times, ns. */
function commonTick(times: readonly number[]): number {
  let tickNs = COARSEST_NS;
  for (const ns of times) while (tickNs > 1 && ns % tickNs !== 0) tickNs /= 10;
  return tickNs;
}

/** Counts in the windows of one length; those of the next are twice as long, so only the shortest look at the time. */
function count(all: readonly Windows[], atNs: number): void {
  const [shortest] = all as readonly [Windows];
  let index = Math.floor(atNs / shortest.windowNs);
  for (let k = 0; k < all.length && index > all[k]!.index; k++) {
    const ended = all[k]!.moveTo(index);
    const next = all[k + 1];
    if (next) next.count += ended;
    index = Math.floor(index / 2);
  }
  shortest.count++;
}

class Windows {
  index = 0;
  count = 0;
  private ended = 0;
  private readonly sums = [0, 0, 0];

  constructor(readonly windowNs: number) {}

  /** Ends the present window, and the empty ones up to this. Returns what was in it. */
  moveTo(index: number): number {
    const { count, sums } = this;
    sums[0]! += count;
    sums[1]! += count ** 2;
    sums[2]! += count ** 3;
    this.ended += index - this.index;
    this.count = 0;
    this.index = index;
    return count;
  }

  moments(): CountMoments {
    const { ended, windowNs } = this;
    const [one, two, three] = this.sums.map((sum) => sum / ended) as [number, number, number];
    return {
      windowNs,
      windows: ended,
      mean: one,
      variance: two - one ** 2,
      third: three - 3 * one * two + 2 * one ** 3,
    };
  }
}
