import { float64s } from '../units/arrays.js';

/** Most of the workers' time that preemptions may take. */
const MOST_SHARE = 0.03;
/** Preemptions may take this many times the workers' idle time: with 4, at most 4/5 of what the load leaves. */
const PER_IDLE = 4;
/** Quanta for whose time credit is kept: 100 ms with a quantum of 5 us, longer than most busy periods. */
const KEPT_QUANTA = 20_000;

/** Indices of the cells of a budget. */
const SHARE = 0;
const IDLE = 1;
const LAST = 2;

/**
 * Limits what preemptions cost: to 3 % of the workers' time, and to a multiple of the time that workers were idle. So a
 * policy that is work-conserving otherwise stays stable at every load below 1, as c-FCFS is.
 */
export class PreemptionBudget {
  private readonly mostNs: number;
  /** Credit from the workers' time, credit from their idle time, and when the first was last topped up, ns. */
  private readonly cells: Float64Array;
  /** Per worker: when it became idle, ns. */
  private readonly idleSinceNs: Float64Array;

  /** @param costNs worker time per preemption; 0 sets no limit */
  constructor(
    private readonly workers: number,
    private readonly costNs: number,
    quantumNs: number,
    private readonly now: Float64Array,
  ) {
    this.mostNs = MOST_SHARE * workers * KEPT_QUANTA * quantumNs;
    this.cells = float64s(3);
    this.cells[IDLE] = this.mostNs;
    this.idleSinceNs = float64s(workers);
  }

  /** How much of the credit from idle time is missing below one half: 0 from one half up, 1 when nothing is left. */
  scarcity(): number {
    const missing = 1 - (2 * this.cells[IDLE]!) / this.mostNs;
    return this.costNs > 0 && missing > 0 ? missing : 0;
  }

  /** A worker becomes idle, as all are at the beginning. */
  stops(worker: number): void {
    this.idleSinceNs[worker] = this.now[0]!;
  }

  /** A worker is idle no more. */
  starts(worker: number): void {
    const { cells, mostNs } = this;
    if (cells[IDLE] === mostNs) return;
    cells[IDLE] = Math.min(cells[IDLE]! + PER_IDLE * (this.now[0]! - this.idleSinceNs[worker]!), mostNs);
  }

  /** May one more request be preempted? */
  allows(): boolean {
    const { cells, costNs } = this;
    const nowNs = this.now[0]!;
    const share = cells[SHARE]! + MOST_SHARE * this.workers * (nowNs - cells[LAST]!);
    cells[SHARE] = Math.min(share, this.mostNs);
    cells[LAST] = nowNs;
    return cells[SHARE] >= costNs && cells[IDLE]! >= costNs;
  }

  spend(): void {
    this.cells[SHARE]! -= this.costNs;
    this.cells[IDLE]! -= this.costNs;
  }
}
