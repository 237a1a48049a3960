import { float64s } from '../units/arrays.js';

/** Completions after which the counts are halved: enough for the load within a percent, so that γ means something. */
const MEMORY = 2 ** 15;
/** Completions before the first look. */
const FIRST_LOOK = 64;
/** The load that counts as the highest. There is no γ from 1 on, and near 1 it would be chance. */
const MOST_LOAD = 0.98;
/** Bisections of γ: a relative error below 1e-9. */
const STEPS = 40;
/** Below this squared coefficient of variation a type counts as constant. */
const CONSTANT = 1e-6;

/**
 * Learns how much earlier than they did the requests of each type count as arrived, for γ-boost: G. Yu, Z. Scully:
 * Strongly Tail-Optimal Scheduling in the Light-Tailed M/G/1 (SIGMETRICS 2024). A request whose demand S is known by
 * its type only has the boost (1/γ) ln(M / (M - 1)) with M = E[exp(γS)], because that order is the best for the sum of
 * exp(γ x sojourn) over a batch. For a constant demand s it is (1/γ) ln(1 / (1 - exp(-γs))), the paper's form.
 *
 * γ is the decay rate of the work: P[work > t] falls as exp(-γt), where λ (E[exp(γS)] - 1) = γ. Several workers count
 * as one that is as many times as fast: with x = γ / workers, λ (E[exp(xS)] - 1) = workers x.
 *
 * E[exp(xS)] of a type is that of the gamma distribution with its mean and variance, which is exact for constant and
 * exponential demands. λ is taken from the completions.
 */
export class TailBoosts {
  /** By type, ns; 0 while none of the type has completed. */
  readonly boostNs: Float64Array;
  private readonly count: Float64Array;
  private readonly sumNs: Float64Array;
  private readonly sumSquares: Float64Array;
  private seen = 0;
  private lookAt = FIRST_LOOK;
  /** When the counts would have begun, had nothing been halved, ns. */
  private beganNs: number;

  /** @param now the cell of the scheduler's setup that holds the time, ns */
  constructor(
    types: number,
    private readonly workers: number,
    private readonly now: Float64Array,
  ) {
    this.boostNs = float64s(types);
    this.count = float64s(types);
    this.sumNs = float64s(types);
    this.sumSquares = float64s(types);
    this.beganNs = now[0]!;
  }

  /** A request of the type has completed after so much service, ns. */
  observe(type: number, serviceNs: number): void {
    this.count[type]!++;
    this.sumNs[type]! += serviceNs;
    this.sumSquares[type]! += serviceNs * serviceNs;
    if (++this.seen === this.lookAt) this.learn();
  }

  private learn(): void {
    const rate = this.decayRate();
    for (let type = 0; type < this.boostNs.length; type++) {
      if (this.sumNs[type]! === 0) continue;
      this.boostNs[type] = -Math.log1p(-1 / this.transform(type, rate)) / (rate * this.workers);
    }
    this.lookAt = Math.min(MEMORY, 2 * this.seen);
    if (this.seen < MEMORY) return;
    this.seen /= 2;
    for (let type = 0; type < this.boostNs.length; type++) {
      this.count[type]! /= 2;
      this.sumNs[type]! /= 2;
      this.sumSquares[type]! /= 2;
    }
    this.beganNs = (this.beganNs + this.now[0]!) / 2;
  }

  /** E[exp(rate x S)] of a type; Infinity where it has none. */
  private transform(type: number, rate: number): number {
    const mean = this.sumNs[type]! / this.count[type]!;
    const scv = this.sumSquares[type]! / this.count[type]! / (mean * mean) - 1;
    if (scv < CONSTANT) return Math.exp(rate * mean);
    const left = 1 - scv * rate * mean;
    return left > 0 ? left ** (-1 / scv) : Number.POSITIVE_INFINITY;
  }

  /** x, per ns: the positive root of λ (E[exp(xS)] - 1) = workers x. */
  private decayRate(): number {
    const capacityNs = this.workers * Math.max(1, this.now[0]! - this.beganNs);
    let workNs = 0;
    let longestNs = 0;
    for (let type = 0; type < this.boostNs.length; type++) {
      if (this.sumNs[type]! === 0) continue;
      workNs += this.sumNs[type]!;
      longestNs = Math.max(longestNs, this.sumNs[type]! / this.count[type]!);
    }
    const share = Math.min(1, (MOST_LOAD * capacityNs) / workNs);
    let low = 0;
    let high = 1 / longestNs;
    while (!this.exceeds(high, share, capacityNs)) high *= 2;
    for (let i = 0; i < STEPS; i++) {
      const middle = (low + high) / 2;
      if (this.exceeds(middle, share, capacityNs)) high = middle;
      else low = middle;
    }
    return high;
  }

  private exceeds(rate: number, share: number, capacityNs: number): boolean {
    let sum = 0;
    for (let type = 0; type < this.boostNs.length; type++) {
      if (this.sumNs[type]! > 0) sum += this.count[type]! * (this.transform(type, rate) - 1);
    }
    return share * sum > rate * capacityNs;
  }
}
