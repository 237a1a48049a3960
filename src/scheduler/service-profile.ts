import { float64s } from '../units/arrays.js';

/** Completions of a type after which its mean begins to forget old ones. */
const MEMORY = 1000;

/**
 * What a dispatcher can learn of service times: the mean time from dispatch to completion of each type, and the order
 * of the types by that mean. It is a plain average over the first 1000 completions of a type, then an exponentially
 * weighted one with weight 1/1000, so that it follows a workload that changes. A completion takes constant time and
 * allocates nothing.
 */
export class ServiceProfile {
  /** Mean observed service time per type, ns; 0 until one has been observed. */
  readonly meanNs: Float64Array;
  /** Type indices by ascending mean. Types without a completion come first, because they may be short. */
  readonly order: Int32Array;
  private readonly rank: Int32Array;
  private readonly seen: Float64Array;

  constructor(types: number) {
    this.meanNs = float64s(types);
    this.seen = float64s(types);
    this.order = Int32Array.from({ length: types }, (_, type) => type);
    this.rank = Int32Array.from(this.order);
  }

  observe(type: number, serviceNs: number): void {
    const { meanNs, seen } = this;
    const count = seen[type]! < MEMORY ? ++seen[type]! : MEMORY;
    meanNs[type] = meanNs[type]! + (serviceNs - meanNs[type]!) / count;
    this.restoreOrder(type);
  }

  /** Only `type` has moved, so a few swaps with its neighbours restore the order. */
  private restoreOrder(type: number): void {
    const { meanNs, order, rank } = this;
    const mean = meanNs[type]!;
    let at = rank[type]!;
    while (at > 0 && meanNs[order[at - 1]!]! > mean) {
      const other = order[at - 1]!;
      order[at] = other;
      rank[other] = at;
      at--;
    }
    while (at < order.length - 1 && meanNs[order[at + 1]!]! < mean) {
      const other = order[at + 1]!;
      order[at] = other;
      rank[other] = at;
      at++;
    }
    order[at] = type;
    rank[type] = at;
  }
}
