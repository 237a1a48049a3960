/** Most of the workers' time that preemptions may take. */
const MOST_SHARE = 0.03;
/** Preemptions may take this many times the workers' idle time: with 4, at most 4/5 of what the load leaves. */
const PER_IDLE = 4;
/** Quanta for whose time credit is kept: 100 ms with a quantum of 5 us, longer than most busy periods. */
const KEPT_QUANTA = 20_000;

/**
 * Limits what preemptions cost: to 3 % of the workers' time, and to a multiple of the time that workers were idle. So a
 * policy that is work-conserving otherwise stays stable at every load below 1, as c-FCFS is.
 */
export class PreemptionBudget {
  private readonly mostNs: number;
  private shareNs = 0;
  private idleNs: number;
  private lastNs = 0;

  /** @param costNs worker time per preemption; 0 sets no limit */
  constructor(
    private readonly workers: number,
    private readonly costNs: number,
    quantumNs: number,
    private readonly now: Float64Array,
  ) {
    this.mostNs = MOST_SHARE * workers * KEPT_QUANTA * quantumNs;
    this.idleNs = this.mostNs;
  }

  /** How much of the credit from idle time is missing below one half: 0 from one half up, 1 when nothing is left. */
  scarcity(): number {
    return this.costNs > 0 ? Math.max(0, 1 - (2 * this.idleNs) / this.mostNs) : 0;
  }

  /** A worker has been idle for this long. */
  earn(idleNs: number): void {
    const idle = this.idleNs + PER_IDLE * idleNs;
    this.idleNs = Math.min(idle, this.mostNs);
  }

  /** May one more request be preempted? */
  allows(): boolean {
    const nowNs = this.now[0]!;
    const share = this.shareNs + MOST_SHARE * this.workers * (nowNs - this.lastNs);
    this.shareNs = Math.min(share, this.mostNs);
    this.lastNs = nowNs;
    return this.shareNs >= this.costNs && this.idleNs >= this.costNs;
  }

  spend(): void {
    this.shareNs -= this.costNs;
    this.idleNs -= this.costNs;
  }
}
