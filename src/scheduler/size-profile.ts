import { float64s, int32s, uint8s } from '../units/arrays.js';

/** Levels of attained service per type. Level 0 ends after one unit, each later one at four times the end before it. */
export const LEVELS = 10;

/** A request makes room only for a class of at most half its size, because similar requests gain nothing by turns. */
export const MUCH_SHORTER = 2;

/** Completions of a type after which its counts are halved, so that a change shows within a few hundred of them. */
const MEMORY = 256;

/** The low quantile of a type's demands, and how far one completion moves its estimate. */
const LOW = 0.01;
const STEP = 0.05;

const LEVEL_STARTS = Float64Array.from({ length: LEVELS + 1 }, (_, level) => (level === 0 ? 0 : 4 ** (level - 1)));

/** Attained service at which a level begins, in units: 0, 1, 4, 16, … */
export function levelStart(level: number): number {
  return LEVEL_STARTS[level]!;
}

/** The level of a request that has attained this many units of service. */
export function levelOf(units: number): number {
  if (units < 1) return 0;
  return Math.min(LEVELS - 1, 1 + ((31 - Math.clz32(Math.min(units, 2 ** 31 - 1))) >> 1));
}

/**
 * Learns how long requests are, by type and by the service they have attained. A *class* is a type and a level:
 * `type * LEVELS + level`.
 *
 * The size of a class is the demand of the constant request that is as urgent as a request of the class. Urgency is the
 * Gittins index (J. Gittins, Multi-armed Bandit Allocation Indices, 1989) for mean slowdown, where a request of demand
 * S weighs 1/S: the largest ratio, over all amounts of service D, of the weight that completes within D to the service
 * that this takes. A new constant request of demand m has index 1/m², therefore size = index^(-1/2).
 *
 * Sizes never fall with the level, so that a request that was preempted is not preferred to its own kind.
 */
export class SizeProfile {
  /** Size of each class, ns; 0 while no request of its type has completed. */
  readonly sizeNs: Float64Array;
  /** By class: service of a request until it completes or becomes less urgent, ns. Those behind it wait for that. */
  readonly stageNs: Float64Array;
  /** By type: a demand that about one request in a hundred falls short of, ns. Shorter ones suffer most from a wait. */
  readonly lowNs: Float64Array;
  /** By class: the share of its type's requests, lately, that got this far. */
  readonly share: Float64Array;
  /** Classes that have had a request, by ascending size: the first {@link known} entries. */
  readonly order: Int32Array;
  known = 0;
  /** By class that has had a request: its place in the order. */
  readonly rank: Int32Array;
  /** By class that has had a request: how many of the order are not longer, and are less than twice as long. */
  readonly noLonger: Int32Array;
  readonly similar: Int32Array;
  /** One cell: the service that a request has had, ns, for a call that is about this request. */
  readonly servedNs = float64s(1);
  private readonly isKnown: Uint8Array;
  /** By class: completions within this level, the sum of their demands in ns, and that of their inverses. */
  private readonly count: Float64Array;
  private readonly sumNs: Float64Array;
  private readonly sumInverse: Float64Array;
  /** By type: completions counted, and the number at which the sizes are computed next. */
  private readonly seen: Int32Array;
  private readonly lookAt: Int32Array;

  /** @param unitNs the length of level 0, ns */
  constructor(
    readonly types: number,
    private readonly unitNs: number,
  ) {
    const classes = types * LEVELS;
    this.sizeNs = float64s(classes);
    this.stageNs = float64s(classes);
    this.lowNs = float64s(types);
    this.share = float64s(classes);
    this.order = int32s(classes);
    this.rank = int32s(classes);
    this.noLonger = int32s(classes);
    this.similar = int32s(classes);
    this.isKnown = uint8s(classes);
    this.count = float64s(classes);
    this.sumNs = float64s(classes);
    this.sumInverse = float64s(classes);
    this.seen = int32s(types);
    this.lookAt = int32s(types).fill(1);
  }

  /** A request of the type completes after {@link servedNs}, above 0. Returns whether sizes and order have changed. */
  observe(type: number): boolean {
    const serviceNs = this.servedNs[0]!;
    // Most requests are short, and a division takes time.
    const level = serviceNs < this.unitNs ? 0 : levelOf(serviceNs / this.unitNs);
    const at = type * LEVELS + level;
    this.count[at]!++;
    this.sumNs[at]! += serviceNs;
    this.sumInverse[at]! += 1 / serviceNs;
    // Stochastic approximation: at the quantile, the steps up and down cancel.
    const low = this.lowNs[type]!;
    if (low === 0) this.lowNs[type] = serviceNs;
    else this.lowNs[type] = low * (serviceNs < low ? 1 - STEP * (1 - LOW) : 1 + STEP * LOW);
    if (++this.seen[type]! < this.lookAt[type]!) return false;
    this.learn(type);
    return true;
  }

  /** Begins as if one request of each type had completed, after these means, ns. */
  believe(meanNs: readonly number[]): void {
    meanNs.forEach((ns, type) => {
      this.servedNs[0] = Math.max(1, ns);
      this.meet(type * LEVELS);
      this.observe(type);
    });
  }

  /** A request is of this class. Returns whether it is the first, which changes the order. */
  meet(at: number): boolean {
    if (this.isKnown[at] === 1) return false;
    this.isKnown[at] = 1;
    this.order[this.known++] = at;
    this.sortBySize();
    return true;
  }

  /**
   * By class: how long a new request may run before it is much longer than the smallest class, and can have to make
   * room, ns; 0 where that never happens.
   */
  chooseSlices(sliceNs: Int32Array): void {
    const { order, known, sizeNs, unitNs } = this;
    const longNs = MUCH_SHORTER * sizeNs[order[0]!]!;
    for (let i = 0; i < known; i++) {
      const at = order[i]!;
      if (at % LEVELS > 0) continue;
      let level = 0;
      while (level < LEVELS && sizeNs[at + level]! < longNs) level++;
      const untilNs = level === LEVELS ? Number.POSITIVE_INFINITY : levelStart(Math.max(1, level)) * unitNs;
      sliceNs[at] = untilNs < 2 ** 31 ? untilNs : 0;
    }
  }

  private learn(type: number): void {
    this.computeSizes(type * LEVELS);
    this.sortBySize();
    if (this.seen[type]! < MEMORY) {
      this.lookAt[type] = this.seen[type]! * 2;
      return;
    }
    this.seen[type] = MEMORY / 2;
    this.lookAt[type] = MEMORY;
    for (let at = type * LEVELS; at < (type + 1) * LEVELS; at++) {
      this.count[at]! /= 2;
      this.sumNs[at]! /= 2;
      this.sumInverse[at]! /= 2;
    }
  }

  private computeSizes(first: number): void {
    const { sizeNs, stageNs, share, count, sumNs, sumInverse, unitNs } = this;
    let reached = 0;
    for (let level = LEVELS - 1; level >= 0; level--) {
      reached += count[first + level]!;
      share[first + level] = reached;
      const beginNs = levelStart(level) * unitNs;
      let index = 0;
      let weight = 0;
      let serviceNs = 0;
      let beyond = reached;
      for (let to = level; to < LEVELS && beyond > 0; to++) {
        const completed = count[first + to]!;
        // Halved counts are sums of powers of two, so this is exactly 0 after the last level that has any.
        beyond -= completed;
        weight += sumInverse[first + to]!;
        serviceNs += sumNs[first + to]! - completed * beginNs;
        const totalNs = serviceNs + (beyond > 0 ? beyond * (levelStart(to + 1) * unitNs - beginNs) : 0);
        if (totalNs > 0 && weight / totalNs > index) {
          index = weight / totalNs;
          stageNs[first + level] = totalNs / reached;
        }
      }
      // Nobody has got this far: a request is expected to take as long again.
      if (index > 0) sizeNs[first + level] = 1 / Math.sqrt(index);
      else sizeNs[first + level] = stageNs[first + level] = 2 * beginNs;
    }
    for (let at = first; at < first + LEVELS; at++) share[at]! /= reached;
    for (let at = first + 1; at < first + LEVELS; at++) sizeNs[at] = Math.max(sizeNs[at]!, sizeNs[at - 1]!);
  }

  /** Insertion sort: the order changes little, and it allocates nothing. Equal sizes keep the order of the classes. */
  private sortBySize(): void {
    const { order, sizeNs, known } = this;
    for (let i = 1; i < known; i++) {
      const at = order[i]!;
      let to = i;
      while (to > 0 && comesAfter(order[to - 1]!, at, sizeNs)) {
        order[to] = order[to - 1]!;
        to--;
      }
      order[to] = at;
    }
    let noLonger = 0;
    let similar = 0;
    for (let i = 0; i < known; i++) {
      const at = order[i]!;
      while (noLonger < known && sizeNs[order[noLonger]!]! <= sizeNs[at]!) noLonger++;
      while (similar < known && sizeNs[order[similar]!]! < MUCH_SHORTER * sizeNs[at]!) similar++;
      this.rank[at] = i;
      this.noLonger[at] = noLonger;
      this.similar[at] = similar;
    }
  }
}

/** A set of classes as bits in the order of their sizes: bit r & 31 of word r >> 5 is the class `order[r]`. */
export class ClassSet {
  /** Read only. */
  readonly words: Int32Array;

  constructor(private readonly profile: SizeProfile) {
    this.words = int32s((profile.order.length + 31) >>> 5);
  }

  add(at: number): void {
    const rank = this.profile.rank[at]!;
    this.words[rank >>> 5]! |= 1 << (rank & 31);
  }

  delete(at: number): void {
    const rank = this.profile.rank[at]!;
    this.words[rank >>> 5]! &= ~(1 << (rank & 31));
  }

  any(): boolean {
    const { words } = this;
    for (let i = 0; i < words.length; i++) if (words[i] !== 0) return true;
    return false;
  }

  /** Once the order has changed: the classes with a member. */
  refill(members: Int32Array): void {
    const { order, known } = this.profile;
    this.words.fill(0);
    for (let i = 0; i < known; i++) if (members[order[i]!]! > 0) this.add(order[i]!);
  }
}

function comesAfter(one: number, other: number, sizeNs: Float64Array): boolean {
  return sizeNs[one]! > sizeNs[other]! || (sizeNs[one] === sizeNs[other] && one > other);
}
